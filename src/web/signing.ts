/*
 * Signer: text that a client may keep and read, but not change (HMAC-SHA-256).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { wrongType } from "../core/arguments.ts";
import { derivedKeys, type SecretKeys } from "./secretKeys.ts";

/** How a signer is made. */
export interface SignerOptions {
  /** What it signs for: what was signed for another purpose does not pass. Default `""`. */
  readonly purpose?: string;
}

/** 32 bytes in base64url. */
const SIGNATURE_LENGTH = 43;

/**
 * Signs text and tells whether a signature is its own. The first key signs; each of them is good to verify, so that keys
 * can be changed without a break. It says nothing of when a text was signed: put that into the text.
 *
 * @example
 * ```ts
 * import { Signer } from "ambit/web";
 *
 * const signer = new Signer("a secret of at least thirty-two bytes", { purpose: "download" });
 * const signed = signer.sign("report.pdf");
 * signer.verify(signed); // => "report.pdf"
 * signer.verify(signed.replace("report", "salary")); // => null
 * ```
 */
export class Signer {
  readonly #keys: readonly Buffer[];

  /** @throws RangeError when a key is shorter than 32 bytes */
  constructor(keys: SecretKeys, options: SignerOptions = {}) {
    this.#keys = derivedKeys("keys", keys, `sign:${options.purpose ?? ""}`);
  }

  /** The text, a dot, and its signature. */
  sign(text: string): string {
    if (typeof text !== "string") throw wrongType("text", "text", text);
    return `${text}.${signature(this.#keys[0] as Buffer, text).toString("base64url")}`;
  }

  /** The text, if the signature was made with one of the keys for this purpose; else null. */
  verify(signed: string): string | null {
    const dot = signed.length - SIGNATURE_LENGTH - 1;
    if (dot < 0 || signed[dot] !== ".") return null;
    const text = signed.slice(0, dot);
    const given = Buffer.from(signed.slice(dot + 1), "base64url");
    // All of them, so that the time tells not which one it was.
    const good = this.#keys.filter((key) => isSame(signature(key, text), given));
    return good.length === 0 ? null : text;
  }
}

function signature(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function isSame(expected: Buffer, given: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(expected, given);
}
