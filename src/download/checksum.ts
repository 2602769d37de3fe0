/*
 * Checksums: what a caller writes, and the hashing of what comes.
 *
 * Strategy: three spellings are read (`sha256:hex`, the digits alone, `sha256-base64`) into one:
 * algorithm and lower-case digits. A file is hashed while it comes, once for each algorithm that is
 * wanted.
 */
import { createHash, type Hash } from "node:crypto";
import { Failure } from "./failure.ts";

/** How many hexadecimal digits each has. */
const DIGITS = { md5: 32, sha1: 40, sha256: 64, sha384: 96, sha512: 128 } as const;

/** @internal */
export type Algorithm = keyof typeof DIGITS;

/** @internal */
export interface Checksum {
  readonly algorithm: Algorithm;
  /** Hexadecimal, in lower case. */
  readonly digest: string;
}

/**
 * Reads a checksum.
 *
 * @throws Failure of kind `checksum`, when it is none
 * @internal
 */
export function checksumOf(text: string): Checksum {
  const trimmed = text.trim();
  const [, name, digits] = /^(?:([a-z0-9-]+)[:=])?([0-9a-f]+)$/i.exec(trimmed) ?? [];
  if (digits !== undefined) {
    const algorithm = name === undefined ? byLength(digits.length) : named(name);
    if (algorithm !== null && DIGITS[algorithm] === digits.length)
      return { algorithm, digest: digits.toLowerCase() };
  }
  return integrityOf(trimmed) ?? refuse(text);
}

function named(name: string): Algorithm | null {
  const plain = name.toLowerCase().replaceAll("-", "");
  return plain in DIGITS ? (plain as Algorithm) : null;
}

function byLength(length: number): Algorithm | null {
  const found = Object.entries(DIGITS).find(([, digits]) => digits === length);
  return found === undefined ? null : (found[0] as Algorithm);
}

/** Subresource integrity: the algorithm, a dash and base64, perhaps an option. */
function integrityOf(text: string): Checksum | null {
  const [, name = "", base64 = ""] =
    /^(sha\d+)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/.exec(text) ?? [];
  const algorithm = named(name);
  if (algorithm === null) return null;
  const digest = Buffer.from(base64, "base64").toString("hex");
  return digest.length === DIGITS[algorithm] ? { algorithm, digest } : null;
}

function refuse(text: string): never {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
  const known = Object.keys(DIGITS).join(", ");
  throw new Failure("checksum", `${shown} is no checksum: it takes hexadecimal of ${known}`);
}

/** Hashes one file as it comes. @internal */
export class Hashing {
  readonly #expected: readonly Checksum[];
  readonly #hashes = new Map<Algorithm, Hash>();

  constructor(expected: readonly Checksum[], alsoSha256: boolean) {
    this.#expected = expected;
    for (const { algorithm } of expected) this.#hashes.set(algorithm, createHash(algorithm));
    if (alsoSha256) this.#hashes.set("sha256", createHash("sha256"));
  }

  /** Whether there is anything to hash for. */
  get wanted(): boolean {
    return this.#hashes.size > 0;
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk);
  }

  /**
   * The end of the file; gives its SHA-256 if that was wanted.
   *
   * @throws Failure of kind `checksum`, when one does not hold
   */
  finish(): string | undefined {
    const digests = new Map<Algorithm, string>();
    for (const [algorithm, hash] of this.#hashes) digests.set(algorithm, hash.digest("hex"));
    for (const { algorithm, digest } of this.#expected) {
      const got = digests.get(algorithm);
      if (got === digest) continue;
      throw new Failure("checksum", `its ${algorithm} is ${got}, not ${digest}`, "afresh");
    }
    return digests.get("sha256");
  }
}
