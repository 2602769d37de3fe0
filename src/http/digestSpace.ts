/*
 * A protection space: the URLs that one Digest challenge is for, and what it takes to answer there.
 *
 * Strategy: of several challenges the strongest that is known is answered, `auth` rather than
 * `auth-int`, which has to read the body first. Each answer counts one up (`nc`), with one client
 * nonce per server nonce, so that the key of the `-sess` algorithms is the same whether a server takes
 * the first client nonce or the last for it.
 * Limits: `domain` may name URLs of the same origin only; others are left out, so that no server can
 * have answers sent to another.
 */
import { randomBytes } from "node:crypto";
import { parseAuthParams, parseChallenges, quotedString } from "./authChallenge.ts";
import type { ClientRequest } from "./clientRequest.ts";
import {
  byteString,
  digestAlgorithm,
  type DigestAlgorithm,
  digestKey,
  digestOf,
  digestOfBody,
  digestResponse,
} from "./digestResponse.ts";

/** Who answers. @internal */
export interface DigestCredentials {
  readonly login: string;
  readonly password: string;
}

/** What was sent, to check what comes back against it. @internal */
export interface DigestAnswer {
  readonly header: string;
  readonly nonce: string;
  /** What a server that knows the password sends as `rspauth`; null where that cannot be told. */
  readonly rspauth: string | null;
}

type Qop = "auth" | "auth-int" | null;

/** @internal */
export class DigestSpace {
  readonly origin: string;
  readonly realm: string;
  /** The last challenge said that only the nonce was too old. */
  readonly stale: boolean;
  readonly #paths: readonly string[];
  readonly #algorithm: DigestAlgorithm;
  readonly #qop: Qop;
  readonly #opaque: string | null;
  readonly #userhash: boolean;
  readonly #utf8: boolean;
  /** Whether the challenge named an algorithm: it is given back as it came. */
  readonly #named: boolean;
  #nonce: string;
  #cnonce: string;
  #count = 0;
  #key: string | null = null;

  private constructor(url: URL, params: ReadonlyMap<string, string>, offer: Offer) {
    this.origin = url.origin;
    this.realm = params.get("realm") ?? "";
    this.stale = params.get("stale")?.toLowerCase() === "true";
    this.#paths = pathsOf(params.get("domain") ?? "", url);
    this.#algorithm = offer.algorithm;
    this.#qop = offer.qop;
    this.#opaque = params.get("opaque") ?? null;
    this.#userhash = params.get("userhash")?.toLowerCase() === "true";
    this.#utf8 = params.get("charset")?.toLowerCase() === "utf-8";
    this.#named = params.has("algorithm");
    this.#nonce = params.get("nonce") ?? "";
    this.#cnonce = newNonce();
  }

  /** What the challenges of an answer ask for; null when there is none that can be met. */
  static from(url: URL, challenges: readonly string[]): DigestSpace | null {
    let best: { params: ReadonlyMap<string, string>; offer: Offer } | null = null;
    for (const { scheme, params } of parseChallenges(challenges)) {
      const offer = scheme === "digest" ? offerOf(params) : null;
      if (offer === null) continue;
      if (best === null || offer.algorithm.strength > best.offer.algorithm.strength)
        best = { params, offer };
    }
    return best === null ? null : new DigestSpace(url, best.params, best.offer);
  }

  /** Whether an answer covers the body, which is then read twice. */
  get signsBody(): boolean {
    return this.#qop === "auth-int";
  }

  /** How much of the URL's path it names; -1 when the URL is outside. */
  covers(url: URL): number {
    if (url.origin !== this.origin) return -1;
    const lengths = this.#paths.filter((path) => url.pathname.startsWith(path));
    return Math.max(-1, ...lengths.map((path) => path.length));
  }

  /** Signs a request. */
  async answer(request: ClientRequest, by: DigestCredentials): Promise<DigestAnswer> {
    const { hash } = this.#algorithm;
    const body = this.#qop === "auth-int" ? (request.body?.open() ?? "") : "";
    const bodyHash = this.#qop === "auth-int" ? await digestOfBody(hash, body) : "";
    // From here on in one go: each answer has a count of its own.
    const [nonce, cnonce, qop] = [this.#nonce, this.#cnonce, this.#qop];
    const nc = (++this.#count).toString(16).padStart(8, "0");
    const uri = request.url.pathname + request.url.search;
    this.#key ??= digestKey(this.#algorithm, by.login, this.realm, by.password, nonce, cnonce);
    const input = { method: request.method, uri, nonce, nc, cnonce, qop, bodyHash };
    const response = digestResponse(hash, this.#key, input);
    const proof = { ...input, method: "" };
    // For `auth-int` it covers the body of the response, which has not come yet.
    const rspauth = qop === "auth" ? digestResponse(hash, this.#key, proof) : null;
    return { header: this.#header(by.login, uri, nonce, nc, cnonce, response), nonce, rspauth };
  }

  #header(
    login: string,
    uri: string,
    nonce: string,
    nc: string,
    cnonce: string,
    response: string,
  ): string {
    const params = [
      this.#username(login),
      `realm=${quotedString(this.realm)}`,
      `nonce=${quotedString(nonce)}`,
      `uri=${quotedString(uri)}`,
    ];
    if (this.#named) params.push(`algorithm=${this.#algorithm.name}`);
    // A session's key is made with the client nonce, even where there is no qop.
    if (this.#qop !== null) params.push(`qop=${this.#qop}`, `nc=${nc}`);
    if (this.#qop !== null || this.#algorithm.session)
      params.push(`cnonce=${quotedString(cnonce)}`);
    params.push(`response="${response}"`);
    if (this.#opaque !== null) params.push(`opaque=${quotedString(this.#opaque)}`);
    if (this.#userhash) params.push("userhash=true");
    return `Digest ${params.join(", ")}`;
  }

  #username(login: string): string {
    const bytes = byteString(login);
    if (this.#userhash) return `username="${digestOf(this.#algorithm.hash, bytes, this.realm)}"`;
    // Only a server that says UTF-8 knows this form; others get the bytes as they are.
    if (this.#utf8 && bytes !== login)
      return `username*=UTF-8''${encodeURIComponent(login).replace(/['()*]/g, percent)}`;
    return `username=${quotedString(bytes)}`;
  }

  /** Takes the next nonce of an `authentication-info`, if it has one; gives its `rspauth`. */
  learn(info: string): string | null {
    const params = parseAuthParams(info);
    const next = params.get("nextnonce");
    if (next !== undefined && next !== this.#nonce) {
      this.#nonce = next;
      this.#count = 0;
      // A session's key stays until the next challenge (RFC 7616, 3.4.2), and the nonce it is made with.
      if (!this.#algorithm.session) this.#cnonce = newNonce();
    }
    return params.get("rspauth")?.toLowerCase() ?? null;
  }
}

interface Offer {
  readonly algorithm: DigestAlgorithm;
  readonly qop: Qop;
}

function offerOf(params: ReadonlyMap<string, string>): Offer | null {
  const algorithm = digestAlgorithm(params.get("algorithm") ?? "MD5");
  const qop = qopOf(params.get("qop"));
  if (algorithm === null || qop === undefined || !params.has("nonce")) return null;
  return { algorithm, qop };
}

/** The quality of protection to use; undefined when none of those offered is known. */
function qopOf(offered: string | undefined): Qop | undefined {
  if (offered === undefined || offered.trim() === "") return null;
  const words = offered.toLowerCase().split(/[\s,]+/);
  if (words.includes("auth")) return "auth";
  return words.includes("auth-int") ? "auth-int" : undefined;
}

/** The paths of a `domain`; the whole origin without one. */
function pathsOf(domain: string, base: URL): string[] {
  const urls = domain.split(/\s+/).filter((each) => each !== "" && URL.canParse(each, base.href));
  if (urls.length === 0) return ["/"];
  return urls
    .map((each) => new URL(each, base))
    .filter(({ origin }) => origin === base.origin)
    .map(({ pathname }) => pathname);
}

function newNonce(): string {
  return randomBytes(18).toString("base64url");
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
