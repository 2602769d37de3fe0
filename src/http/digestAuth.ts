/*
 * Digest authentication (RFC 7616) as a middleware: answers a challenge and sends the request again;
 * later requests are signed at once.
 *
 * Strategy: a request that has an `authorization` already is left alone. Otherwise it is sent signed
 * where a protection space is known, bare where none is; after a 401 with a challenge that can be met
 * it is sent once more, and a second time only if the server says that just the nonce was stale. The
 * caller gets the 401 of a wrong password, of a body that can be sent only once, and of an origin
 * that the caller did not address: a redirect must not have credentials sent elsewhere.
 * Limits: proxies (407) are the connector's. Remembers 1000 protection spaces and origins, the oldest
 * go first.
 */
import { wrongType } from "../core/arguments.ts";
import { expectCredentials } from "./basicAuth.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { type DigestAnswer, type DigestCredentials, DigestSpace } from "./digestSpace.ts";
import { ClientError } from "./errors.ts";
import type { Middleware, Next } from "./middleware.ts";
import type { ClientResponse } from "./response.ts";

/** How Digest authentication is done. */
export interface DigestOptions {
  /**
   * Whether requests are signed before they are asked to be, once the server has done so. Default
   * true; false costs a second round for each.
   */
  readonly preemptive?: boolean;
  /** The only origins that may have answers. Default: those that requests are made to by the caller. */
  readonly origins?: readonly (string | URL)[];
  /**
   * Whether a server has to prove with each answer that it knows the password, too (`rspauth`).
   * Default false: hardly any server does. For `auth` only, not `auth-int`.
   */
  readonly mutual?: boolean;
}

/** Of how many spaces and origins it knows at most. */
const MOST = 1000;

/**
 * Digest authentication, as a middleware of a session or a request
 * (`aiohttp.DigestAuthMiddleware`): MD5, SHA-256, SHA-512-256 and SHA-512, each with `-sess`, `auth`
 * and `auth-int`. Login and password are sent as UTF-8.
 *
 * The body of a request may be sent twice, so it should be replayable: text, bytes, a file.
 *
 * **Cancellation:** of the request ends it in whichever round it is.
 *
 * @throws TypeError when an argument is of the wrong type
 * @throws {@link ClientError} from the request, when a server fails to prove itself, with `mutual`
 *
 * @example
 * ```ts
 * import { ClientSession, digestAuth, MockTransport } from "ambit/http";
 *
 * const transport = new MockTransport();
 * const challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256';
 * transport.get("/").reply(401, "", { "www-authenticate": challenge });
 * transport.get("/", { headers: { authorization: /^Digest / } }).reply(200, "secret");
 * const middlewares = [digestAuth("ada", "lovelace")];
 * await using session = new ClientSession({ transport, middlewares });
 * await (await session.get("http://example.com/")).text(); // => "secret"
 * ```
 */
export function digestAuth(
  login: string,
  password: string,
  options: DigestOptions = {},
): Middleware {
  expectCredentials(login, password);
  const client = new DigestClient({ login, password }, options);
  return (request, next) => client.send(request, next);
}

class DigestClient {
  readonly #credentials: DigestCredentials;
  readonly #preemptive: boolean;
  readonly #mutual: boolean;
  /** The only origins allowed; null for those in `#addressed`. */
  readonly #origins: ReadonlySet<string> | null;
  readonly #addressed = new Set<string>();
  readonly #spaces = new Map<string, DigestSpace>();

  constructor(credentials: DigestCredentials, options: DigestOptions) {
    const { preemptive = true, mutual = false, origins } = options;
    this.#credentials = credentials;
    this.#preemptive = flag("preemptive", preemptive);
    this.#mutual = flag("mutual", mutual);
    this.#origins = origins === undefined ? null : new Set(origins.map(originOf));
  }

  async send(request: ClientRequest, next: Next): Promise<ClientResponse> {
    if (request.headers.has("authorization") || !this.#mayAnswer(request)) return next(request);
    let space = this.#preemptive ? this.#spaceOf(request) : null;
    for (let answered = 0; ;) {
      const answer = space === null ? null : await space.answer(request, this.#credentials);
      const response = await next(answer === null ? request : signed(request, answer));
      if (response.status !== 401) return this.#checked(request, response, space, answer);
      const challenged = this.#challenged(request, response);
      const again = answered === 0 || (answered === 1 && challenged?.stale === true);
      if (challenged !== null) this.#keep(challenged, again);
      if (challenged === null || !again) return response;
      await dismissed(response);
      space = challenged;
      answered++;
    }
  }

  #mayAnswer({ hop, url: { origin } }: ClientRequest): boolean {
    if (this.#origins !== null) return this.#origins.has(origin);
    if (hop === 0) remember(this.#addressed, origin);
    return this.#addressed.has(origin);
  }

  /** The protection space that names most of the URL. */
  #spaceOf({ url, body }: ClientRequest): DigestSpace | null {
    let [best, most] = [null as DigestSpace | null, -1];
    for (const space of this.#spaces.values()) {
      const covered = space.covers(url);
      if (covered > most) [best, most] = [space, covered];
    }
    return best?.signsBody === true && body?.replayable === false ? null : best;
  }

  /** The space of a challenge that can be met, by sending the request again. */
  #challenged({ url, body }: ClientRequest, { headers }: ClientResponse): DigestSpace | null {
    const challenge = headers.get("www-authenticate");
    if (challenge === null || body?.replayable === false) return null;
    return DigestSpace.from(url, [challenge]);
  }

  /** Remembers a space, unless the server has just refused what was sent for it. */
  #keep(space: DigestSpace, hopeful: boolean): void {
    const key = `${space.origin} ${space.realm}`;
    this.#spaces.delete(key);
    if (hopeful) this.#spaces.set(key, space);
    if (this.#spaces.size > MOST) this.#spaces.delete(this.#spaces.keys().next().value as string);
  }

  #checked(
    { method, url, attempt }: ClientRequest,
    response: ClientResponse,
    space: DigestSpace | null,
    answer: DigestAnswer | null,
  ): ClientResponse {
    if (space === null || answer === null) return response;
    const info = response.headers.get("authentication-info");
    const proof = info === null ? null : space.learn(info);
    if (!this.#mutual || (proof !== null && proof === answer.rspauth)) return response;
    response.release();
    const words = "the server did not prove that it knows the password (`rspauth`)";
    throw new ClientError({ method, url: url.href, attempt }, words);
  }
}

function signed(request: ClientRequest, { header }: DigestAnswer): ClientRequest {
  const copy = request.clone();
  copy.headers.set("authorization", header);
  return copy;
}

/** A body of at most this many bytes is read, which keeps the connection. */
const SMALL = 64 * 1024;

async function dismissed(response: ClientResponse): Promise<void> {
  const length = Number(response.headers.get("content-length") ?? NaN);
  try {
    if (length <= SMALL) await response.bytes();
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  } finally {
    response.release();
  }
}

function remember(set: Set<string>, origin: string): void {
  if (set.has(origin)) return;
  set.add(origin);
  if (set.size > MOST) set.delete(set.values().next().value as string);
}

function flag(name: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(`options.${name}`, "true or false", value);
}

function originOf(input: string | URL): string {
  if (URL.canParse(String(input))) return new URL(input).origin;
  throw wrongType("options.origins", "origins, such as `https://example.com`", input);
}
