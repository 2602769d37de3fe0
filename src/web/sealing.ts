/*
 * Sealer: text that a client may keep, but neither read nor change (AES-256-GCM).
 *
 * Strategy: a fresh nonce of 96 random bits for each text, in front of it. NIST SP 800-38D, section 8.3, allows 2^32 texts
 * with one key then: more than a hundred a second, for a year.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { wrongType } from "../core/arguments.ts";
import { derivedKeys, type SecretKeys } from "./secretKeys.ts";
import type { SignerOptions } from "./signing.ts";

const CIPHER = "aes-256-gcm";
const NONCE = 12;
const TAG = 16;

/**
 * Encrypts text so that it can be neither read nor changed. The first key seals; each of them opens.
 *
 * @example
 * ```ts
 * import { Sealer } from "ambit/web";
 *
 * const sealer = new Sealer("a secret of at least thirty-two bytes", { purpose: "invitation" });
 * const sealed = sealer.seal("for Ada");
 * sealed.includes("Ada"); // => false
 * sealer.open(sealed); // => "for Ada"
 * sealer.open(`x${sealed}`); // => null
 * ```
 */
export class Sealer {
  readonly #keys: readonly Buffer[];

  /** @throws RangeError when a key is shorter than 32 bytes */
  constructor(keys: SecretKeys, options: SignerOptions = {}) {
    this.#keys = derivedKeys("keys", keys, `seal:${options.purpose ?? ""}`);
  }

  /** The text, encrypted, in base64url. */
  seal(text: string): string {
    if (typeof text !== "string") throw wrongType("text", "text", text);
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv(CIPHER, this.#keys[0] as Buffer, nonce);
    const hidden = [nonce, cipher.update(text, "utf8"), cipher.final()];
    return Buffer.concat([...hidden, cipher.getAuthTag()]).toString("base64url");
  }

  /** The text, if it was sealed with one of the keys for this purpose; else null. */
  open(sealed: string): string | null {
    const bytes = Buffer.from(sealed, "base64url");
    if (bytes.length < NONCE + TAG) return null;
    for (const key of this.#keys) {
      const text = opened(key, bytes);
      if (text !== null) return text;
    }
    return null;
  }
}

function opened(key: Buffer, bytes: Buffer): string | null {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(bytes.subarray(-TAG));
  try {
    const text = decipher.update(bytes.subarray(NONCE, -TAG), undefined, "utf8");
    return text + decipher.final("utf8");
  } catch {
    return null;
  }
}
