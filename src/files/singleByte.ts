/*
 * The encodings of one byte a character: windows-1252, koi8-r, iso-8859-15 and their like.
 *
 * Strategy: TextDecoder is asked once for each byte; the table serves reading and, turned round, writing. (Node 20's
 * takes windows-1252 for Latin-1, so that one has its table here.)
 */
import type { Codec, Decoded, UnicodeErrors } from "./codec.ts";
import { decoded } from "./codec.ts";
import { UnicodeEncodeError } from "./errors.ts";
import { LATIN1 } from "./latin1.ts";

/** The characters of the bytes from 0x80 to 0x9f (WHATWG, index-windows-1252). */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const HIGH = /[\u0080-\u00ff]/g;

class SingleByte implements Codec {
  readonly name: string;
  readonly unit = 1;
  readonly newline = LATIN1.newline;
  readonly return = LATIN1.return;
  /** For each byte from 0x80 on its character; null for one that means nothing. */
  readonly #characters: readonly (string | null)[];
  readonly #bytes = new Map<string, number>();

  constructor(name: string, characters: readonly (string | null)[]) {
    this.name = name;
    this.#characters = characters;
    for (const [index, character] of characters.entries()) {
      if (character !== null) this.#bytes.set(character, 0x80 + index);
    }
  }

  decode(bytes: Buffer, errors: UnicodeErrors): Decoded {
    const at = errors === "strict" ? bytes.findIndex((byte) => this.#of(byte) === null) : -1;
    const used = at === -1 ? bytes.length : at;
    const mark = errors === "replace" ? "\ufffd" : "";
    const text = bytes
      .toString("latin1", 0, used)
      .replaceAll(HIGH, (byte) => this.#of(byte.charCodeAt(0)) ?? mark);
    if (at === -1) return decoded(text, used);
    return { text, used, malformed: { at, length: 1, reason: "invalid byte" } };
  }

  #of(byte: number): string | null | undefined {
    return byte < 0x80 ? "" : this.#characters[byte - 0x80];
  }

  encodedLength(_text: string, end: number): number {
    return end;
  }

  encode(text: string, errors: UnicodeErrors): Buffer {
    let index = 0;
    let bytes = "";
    for (const character of text) {
      bytes += this.#encoded(character, errors, index);
      index += character.length;
    }
    return Buffer.from(bytes, "latin1");
  }

  #encoded(character: string, errors: UnicodeErrors, index: number): string {
    if (character < "\x80") return character;
    const byte = this.#bytes.get(character);
    if (byte !== undefined) return String.fromCharCode(byte);
    if (errors === "strict")
      throw new UnicodeEncodeError({ encoding: this.name, index, character });
    return errors === "replace" ? "?" : "";
  }
}

/** Null when its characters are not of one byte each. @param name as TextDecoder calls it @internal */
export function singleByte(name: string): Codec | null {
  const characters = Array.from({ length: 0x80 }, (_, index) => characterOf(name, 0x80 + index));
  if (characters.includes(undefined)) return null;
  return new SingleByte(name, characters as (string | null)[]);
}

/** Undefined when the byte is only the beginning of one. */
function characterOf(name: string, byte: number): string | null | undefined {
  const bytes = Buffer.from([byte]);
  if (name === "windows-1252") return WINDOWS_1252[byte - 0x80] ?? bytes.toString("latin1");
  const text = new TextDecoder(name).decode(bytes, { stream: true });
  if (text === "") return undefined;
  return text === "\ufffd" ? null : text;
}
