/*
 * The encodings that only Node's TextDecoder knows: shift_jis, gb18030, koi8-r and their like. Those with characters of
 * several bytes can be read, not written.
 *
 * Strategy: a TextDecoder keeps to itself what it holds back of a character that is not complete. So bytes are decoded
 * twice where that may be, as all there is and as the beginning of more; where the outcome differs, the last bytes are
 * held back here.
 * Limits: iso-2022-jp is refused, for what its bytes mean depends on bytes far before them. With `"ignore"`, a U+FFFD that
 * is really in the file (gb18030 can express it) is left out too.
 */
import type { Codec, Decoded, UnicodeErrors } from "./codec.ts";
import { decoded } from "./codec.ts";
import { UnsupportedOperationError } from "./errors.ts";
import { singleByte } from "./singleByte.ts";

/** Bytes of the longest character, less one. */
const HELD_BACK = 3;
const MARK = "\ufffd";

/** @internal */
export class LegacyCodec implements Codec {
  readonly name: string;
  readonly unit = 1;
  readonly newline = Buffer.from("\n");
  readonly return = Buffer.from("\r");

  constructor(name: string) {
    this.name = name;
  }

  decode(bytes: Buffer, errors: UnicodeErrors, final: boolean): Decoded {
    const used = final ? bytes.length : this.#completeEnd(bytes);
    const complete = bytes.subarray(0, used);
    if (errors === "strict") return this.#strictly(complete);
    const text = this.#decode(complete, false);
    return decoded(errors === "ignore" ? text.replaceAll(MARK, "") : text, used);
  }

  #decode(bytes: Buffer, stream: boolean): string {
    return new TextDecoder(this.name, { ignoreBOM: true }).decode(bytes, { stream });
  }

  #completeEnd(bytes: Buffer): number {
    const { length } = bytes;
    if (length === 0 || (bytes[length - 1] as number) < 0x30) return length;
    const text = this.#decode(bytes, true);
    if (text === this.#decode(bytes, false)) return length;
    for (let end = length - 1; end >= 0 && end >= length - HELD_BACK; end--) {
      if (this.#decode(bytes.subarray(0, end), false) === text) return end;
    }
    return length;
  }

  #strictly(bytes: Buffer): Decoded {
    const text = this.#tryDecode(bytes);
    if (text !== null) return decoded(text, bytes.length);
    // The longest beginning without an error ends where the error begins, or in a character before it.
    let [good, bad] = [0, bytes.length];
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (this.#beginsWell(bytes.subarray(0, middle))) good = middle;
      else bad = middle;
    }
    const at = this.#completeEnd(bytes.subarray(0, good));
    const malformed = { at, length: bad - at, reason: "invalid bytes" };
    return { text: this.#decode(bytes.subarray(0, at), false), used: at, malformed };
  }

  #tryDecode(bytes: Buffer): string | null {
    try {
      return new TextDecoder(this.name, { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return null;
    }
  }

  #beginsWell(bytes: Buffer): boolean {
    try {
      const decoder = new TextDecoder(this.name, { fatal: true, ignoreBOM: true });
      decoder.decode(bytes, { stream: true });
      return true;
    } catch {
      return false;
    }
  }

  encodedLength(): null {
    return null;
  }

  encode(): never {
    throw new UnsupportedOperationError(`text can't be written in ${this.name}`);
  }
}

const known = new Map<string, Codec>();

/** The codec of a name that TextDecoder knows; null for one that it does not. @internal */
export function legacyCodec(label: string): Codec | null {
  const name = nameOf(label) ?? nameOf(label.replaceAll("_", "-"));
  if (name === null || name === "iso-2022-jp") return null;
  const codec = known.get(name) ?? singleByte(name) ?? new LegacyCodec(name);
  known.set(name, codec);
  return codec;
}

function nameOf(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}
