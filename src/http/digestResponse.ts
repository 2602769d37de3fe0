/*
 * The arithmetic of Digest authentication (RFC 7616, 3.4), and of it alone.
 *
 * Texts are strings of bytes, one per character: what came in a header is so already, what the caller
 * gave is encoded as UTF-8 first. SHA-512-256 is what its name says, as erratum 4897 has it; SHA-512
 * is not in the RFC, but in aiohttp and some servers.
 */
import { createHash, getHashes } from "node:crypto";
import type { RequestBody } from "./requestBody.ts";
import { eachChunk } from "./sentBody.ts";

/** By strength, the strongest first. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  "SHA-512": "sha512",
  "SHA-512-256": "sha512-256",
  "SHA-256": "sha256",
  MD5: "md5",
};

/** Which hash, and whether it is keyed once per session. @internal */
export interface DigestAlgorithm {
  /** As the server wrote it. */
  readonly name: string;
  /** What node:crypto calls it. */
  readonly hash: string;
  readonly session: boolean;
  /** Higher is better. */
  readonly strength: number;
}

/** The algorithm of a challenge; null for one that is not known here. @internal */
export function digestAlgorithm(name: string): DigestAlgorithm | null {
  const upper = name.toUpperCase();
  const session = upper.endsWith("-SESS");
  const base = session ? upper.slice(0, -"-SESS".length) : upper;
  const hash = ALGORITHMS[base];
  // In a build of Node for FIPS there is no MD5.
  if (hash === undefined || !getHashes().includes(hash)) return null;
  return { name, hash, session, strength: -Object.keys(ALGORITHMS).indexOf(base) };
}

/** The hash of the strings, joined by colons. @internal */
export function digestOf(hash: string, ...parts: readonly string[]): string {
  return createHash(hash).update(parts.join(":"), "latin1").digest("hex");
}

/** Bytes as a string of one character each. @internal */
export function byteString(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** The secret that a response is keyed with: H(A1). @internal */
export function digestKey(
  { hash, session }: DigestAlgorithm,
  login: string,
  realm: string,
  password: string,
  nonce: string,
  cnonce: string,
): string {
  const key = digestOf(hash, byteString(login), realm, byteString(password));
  return session ? digestOf(hash, key, nonce, cnonce) : key;
}

/** What a response covers. @internal */
export interface DigestInput {
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  readonly nc: string;
  readonly cnonce: string;
  /** Null for none, as in RFC 2069. */
  readonly qop: "auth" | "auth-int" | null;
  /** The hash of the body; for `auth-int` only. */
  readonly bodyHash: string;
}

/** `response`; `rspauth` with an empty method. @internal */
export function digestResponse(hash: string, key: string, input: DigestInput): string {
  const { method, uri, nonce, nc, cnonce, qop, bodyHash } = input;
  const subject =
    qop === "auth-int" ? digestOf(hash, method, uri, bodyHash) : digestOf(hash, method, uri);
  return qop === null
    ? digestOf(hash, key, nonce, subject)
    : digestOf(hash, key, nonce, nc, cnonce, qop, subject);
}

/** The hash of a body as it is sent. @internal */
export async function digestOfBody(
  hash: string,
  body: ReturnType<RequestBody["open"]>,
): Promise<string> {
  const sum = createHash(hash);
  await eachChunk(body, (chunk) => void sum.update(chunk));
  return sum.digest("hex");
}
