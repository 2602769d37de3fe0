/*
 * UTF-16, the low byte first or the high one. Which of them, a file says itself by its first character (`bom.ts`).
 */
import type { Codec, Decoded, Malformed, UnicodeErrors } from "./codec.ts";
import { decoded } from "./codec.ts";
import { isWellFormed, wellFormed } from "./utf8.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;
const TRUNCATED = "truncated data";

class Utf16 implements Codec {
  readonly name: string;
  readonly unit = 2;
  readonly newline: Buffer;
  readonly return: Buffer;
  readonly #swapped: boolean;

  constructor(name: string, swapped: boolean) {
    this.name = name;
    this.#swapped = swapped;
    this.newline = this.#bytesOf("\n");
    this.return = this.#bytesOf("\r");
  }

  decode(bytes: Buffer, errors: UnicodeErrors, final: boolean): Decoded {
    const whole = bytes.length & ~1;
    let text = this.#textOf(bytes, whole);
    let used = whole;
    if (endsInHalf(text) && !(final && whole === bytes.length)) {
      text = text.slice(0, -1);
      used -= 2;
    }
    const malformed = firstLone(text, final && used < bytes.length, bytes.length);
    if (malformed === null) return decoded(text, used);
    if (errors === "strict") {
      return { text: text.slice(0, malformed.at / 2), used: malformed.at, malformed };
    }
    const mark = errors === "replace" ? "\ufffd" : "";
    const rest = final && used < bytes.length ? mark : "";
    return decoded(text.replaceAll(/\p{Surrogate}/gu, mark) + rest, final ? bytes.length : used);
  }

  encodedLength(_text: string, end: number): number {
    return 2 * end;
  }

  encode(text: string, errors: UnicodeErrors): Buffer {
    return this.#bytesOf(wellFormed(text, errors, this.name));
  }

  #textOf(bytes: Buffer, length: number): string {
    if (!this.#swapped) return bytes.toString("utf16le", 0, length);
    return Buffer.from(bytes.subarray(0, length)).swap16().toString("utf16le");
  }

  #bytesOf(text: string): Buffer {
    const bytes = Buffer.from(text, "utf16le");
    return this.#swapped ? bytes.swap16() : bytes;
  }
}

/** Whether the last character begins and does not end. */
function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00;
}

/** The first surrogate that stands alone; else what is left over at the end of the file. */
function firstLone(text: string, leftOver: boolean, length: number): Malformed | null {
  const index = isWellFormed(text) ? -1 : text.search(LONE_SURROGATE);
  if (index !== -1)
    return { at: 2 * index, length: 2, reason: "a surrogate without its other half" };
  if (!leftOver) return null;
  const at = 2 * text.length;
  return { at, length: length - at, reason: TRUNCATED };
}

/** @internal */
export const UTF16LE: Codec = new Utf16("utf-16-le", false);
/** @internal */
export const UTF16BE: Codec = new Utf16("utf-16-be", true);
