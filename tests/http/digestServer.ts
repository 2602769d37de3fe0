/*
 * A server that takes nothing but right Digest answers, checked by arithmetic of its own; curl is
 * asked to agree with it in digestAuth.test.ts.
 */
import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Origin } from "./origin.ts";

const HASHES: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-256": "sha256",
  "SHA-512-256": "sha512-256",
  "SHA-512": "sha512",
};

export interface DigestRules {
  readonly algorithm?: string;
  readonly qop?: string;
  readonly userhash?: boolean;
  readonly domain?: string;
  readonly charset?: string;
  /** How often a nonce may be used. */
  readonly uses?: number;
  /** Sends a nextnonce with each answer. */
  readonly nextnonce?: boolean;
  /** Sends this as rspauth; true for the right one. */
  readonly rspauth?: boolean | string;
  readonly login?: string;
  readonly password?: string;
}

/** What came of one request: `ok`, or why it was refused. */
export class DigestServer implements AsyncDisposable {
  readonly #rules: DigestRules;
  readonly #nonces = new Map<string, { count: number; stale: boolean }>();
  #origin!: Origin;
  readonly verdicts: string[] = [];
  readonly headers: string[] = [];
  readonly opaque = 'o"p\\q';
  readonly realm = 'the "realm"';

  private constructor(rules: DigestRules) {
    this.#rules = rules;
  }

  static async start(rules: DigestRules): Promise<DigestServer> {
    const server = new DigestServer(rules);
    server.#origin = await Origin.start((request, answer) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => server.#answer(request, answer, Buffer.concat(chunks)));
    });
    return server;
  }

  get url(): string {
    return this.#origin.url;
  }

  get connections(): number {
    return this.#origin.connections;
  }

  #hash(text: string | Buffer): string {
    const { algorithm = "MD5" } = this.#rules;
    const name = HASHES[algorithm.replace(/-sess$/, "")] ?? "md5";
    return createHash(name).update(text).digest("hex");
  }

  #answer(request: IncomingMessage, answer: ServerResponse, body: Buffer): void {
    const { authorization } = request.headers;
    this.headers.push(authorization ?? "");
    const refusal = this.#refusal(request, body);
    this.verdicts.push(refusal ?? "ok");
    if (refusal === null) {
      const params = paramsOf(authorization ?? "");
      const info = this.#info(params);
      if (info !== "") answer.setHeader("authentication-info", info);
      answer.end(`${request.method} ${request.url} ${body.toString()}`);
      return;
    }
    answer.statusCode = 401;
    answer.setHeader("www-authenticate", this.#challenge(refusal === "stale"));
    answer.end("who are you?");
  }

  #challenge(stale: boolean): string {
    const { algorithm, qop, userhash, domain, charset } = this.#rules;
    const params = [`realm="${escaped(this.realm)}"`, `nonce="${this.#nonce()}"`];
    params.push(`opaque="${escaped(this.opaque)}"`);
    if (algorithm !== undefined) params.push(`algorithm=${algorithm}`);
    if (qop !== undefined) params.push(`qop="${qop}"`);
    if (userhash === true) params.push("userhash=true");
    if (domain !== undefined) params.push(`domain="${domain}"`);
    if (charset !== undefined) params.push(`charset=${charset}`);
    if (stale) params.push("stale=TRUE");
    return `Digest ${params.join(", ")}`;
  }

  #nonce(): string {
    const nonce = randomBytes(9).toString("base64");
    this.#nonces.set(nonce, { count: 0, stale: false });
    return nonce;
  }

  #refusal(request: IncomingMessage, body: Buffer): string | null {
    const { qop, uses = Infinity } = this.#rules;
    const header = request.headers.authorization;
    if (header === undefined) return "bare";
    const params = paramsOf(header);
    const known = this.#nonces.get(params["nonce"] ?? "");
    if (known === undefined) return "unknown nonce";
    if (params["realm"] !== this.realm || params["opaque"] !== this.opaque) return "wrong echo";
    if (params["uri"] !== request.url) return "wrong uri";
    if (params["algorithm"] !== this.#rules.algorithm) return "wrong algorithm";
    if (params["username"] !== this.#expectedName(header)) return "wrong username";
    if (qop !== undefined && !qop.split(",").includes(params["qop"] ?? "")) return "wrong qop";
    if (qop === undefined && (params["qop"] ?? params["nc"]) !== undefined) return "uncalled qop";
    const expected = this.#response(params, request.method ?? "", body);
    if (params["response"] !== expected) return "wrong response";
    if (known.count >= uses) return "stale";
    if (qop !== undefined && params["nc"] !== hex8(known.count + 1)) return "wrong nc";
    known.count++;
    return null;
  }

  #expectedName(header: string): string | undefined {
    const { login = "ada", userhash } = this.#rules;
    if (userhash === true) return this.#hash(`${login}:${this.realm}`);
    return /username\*=/.test(header) ? undefined : Buffer.from(login).toString("latin1");
  }

  #response(params: Params, method: string, body: Buffer): string {
    const { login = "ada", password = "lovelace", algorithm = "MD5" } = this.#rules;
    const { nonce = "", cnonce = "", nc, qop, uri = "" } = params;
    let key = this.#hash(`${login}:${this.realm}:${password}`);
    if (algorithm.endsWith("-sess")) key = this.#hash(`${key}:${nonce}:${cnonce}`);
    const whole = qop === "auth-int" ? `:${this.#hash(body)}` : "";
    const subject = this.#hash(`${method}:${uri}${whole}`);
    const between = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`;
    return this.#hash(`${key}:${between}:${subject}`);
  }

  #info(params: Params): string {
    const { nextnonce, rspauth } = this.#rules;
    const info: string[] = [];
    if (nextnonce === true) info.push(`nextnonce="${this.#nonce()}"`);
    if (rspauth === true) info.push(`rspauth="${this.#response(params, "", Buffer.alloc(0))}"`);
    else if (typeof rspauth === "string") info.push(`rspauth="${rspauth}"`);
    return info.join(", ");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#origin[Symbol.asyncDispose]();
  }
}

export type Params = Readonly<Record<string, string | undefined>>;

/** The parameters of a header of which every quote is closed. */
export function paramsOf(header: string): Params {
  const params: Record<string, string> = {};
  for (const [, name = "", quoted, bare] of header.matchAll(
    /([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g,
  ))
    params[name] = quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
  return params;
}

function escaped(text: string): string {
  return text.replace(/[\\"]/g, "\\$&");
}

function hex8(count: number): string {
  return count.toString(16).padStart(8, "0");
}
