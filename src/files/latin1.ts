/*
 * Latin-1 and ASCII: a byte is a character.
 *
 * Latin-1 is ISO 8859-1, as in Python: byte for byte the first 256 code points. (To WHATWG the name means windows-1252.)
 */
import { isAscii } from "node:buffer";
import type { Codec, Decoded, UnicodeErrors } from "./codec.ts";
import { decoded } from "./codec.ts";
import { UnicodeEncodeError } from "./errors.ts";

const MARKS = { newline: Buffer.from("\n"), return: Buffer.from("\r") } as const;

/** @internal */
export const LATIN1: Codec = {
  name: "latin-1",
  unit: 1,
  ...MARKS,

  decode(bytes: Buffer): Decoded {
    return decoded(bytes.toString("latin1"), bytes.length);
  },

  encodedLength(_text: string, end: number): number {
    return end;
  },

  encode(text: string, errors: UnicodeErrors): Buffer {
    return Buffer.from(within(text, /[\u{100}-\u{10ffff}]/u, errors, "latin-1"), "latin1");
  },
};

/** @internal */
export const ASCII: Codec = {
  name: "ascii",
  unit: 1,
  ...MARKS,

  decode(bytes: Buffer, errors: UnicodeErrors): Decoded {
    if (isAscii(bytes)) return decoded(bytes.toString("latin1"), bytes.length);
    if (errors === "strict") return validPart(bytes);
    const text = bytes.toString("latin1");
    const mark = errors === "replace" ? "\ufffd" : "";
    return decoded(text.replaceAll(/[\x80-\xff]/g, mark), bytes.length);
  },

  encodedLength(_text: string, end: number): number {
    return end;
  },

  encode(text: string, errors: UnicodeErrors): Buffer {
    return Buffer.from(within(text, /[\u{80}-\u{10ffff}]/u, errors, "ascii"), "latin1");
  },
};

function validPart(bytes: Buffer): Decoded {
  const at = bytes.findIndex((byte) => byte > 0x7f);
  const malformed = { at, length: 1, reason: "ordinal not in range(128)" };
  return { text: bytes.toString("latin1", 0, at), used: at, malformed };
}

/** The text without the characters that `outside` matches. */
function within(text: string, outside: RegExp, errors: UnicodeErrors, encoding: string): string {
  const index = text.search(outside);
  if (index === -1) return text;
  if (errors === "strict") {
    const character = String.fromCodePoint(text.codePointAt(index) as number);
    throw new UnicodeEncodeError({ encoding, index, character });
  }
  return text.replaceAll(new RegExp(outside.source, "gu"), errors === "replace" ? "?" : "");
}
