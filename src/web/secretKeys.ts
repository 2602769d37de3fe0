/*
 * SecretKeys: the keys of a program, newest first, and what is derived from them for each use.
 *
 * Strategy: every use gets keys of its own (HKDF, RFC 5869, with the use as its info), so that what was signed for one
 * purpose is worth nothing for another. The first key makes; all of them read, so that keys can be changed: put the new
 * one in front, and take the old one out when what it made has expired.
 */
import { hkdfSync } from "node:crypto";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** A secret, or several with the newest first: text or bytes, at least 32 of them each. */
export type SecretKeys = string | Uint8Array | readonly (string | Uint8Array)[];

const LEAST_BYTES = 32;

/** A key of 32 bytes for that use, from each secret. @internal */
export function derivedKeys(name: string, secrets: SecretKeys, use: string): Buffer[] {
  const list: readonly unknown[] = isSingle(secrets) ? [secrets] : secrets;
  if (!Array.isArray(list) || list.length === 0)
    throw wrongType(name, "a secret key, or a list of them", secrets === undefined ? secrets : "…");
  return list.map((secret) => derived(bytesOf(name, secret), use));
}

function isSingle(secrets: SecretKeys): secrets is string | Uint8Array {
  return typeof secrets === "string" || secrets instanceof Uint8Array;
}

/** The value itself never shows in a message. */
function bytesOf(name: string, secret: unknown): Uint8Array {
  if (typeof secret !== "string" && !(secret instanceof Uint8Array))
    throw wrongType(name, "a secret key: text or bytes", typeof secret);
  const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
  if (bytes.length < LEAST_BYTES)
    throw outOfRange(
      name,
      `a secret of at least ${LEAST_BYTES} bytes (crypto.randomBytes(32).toString("base64url") makes one)`,
      `${bytes.length} bytes`,
    );
  return bytes;
}

function derived(secret: Uint8Array, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "ambit/web", use, 32));
}
