/*
 * UTF-8. What is malformed is replaced as Python and WHATWG do it: one U+FFFD for the longest beginning of a character
 * (Unicode Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts").
 */
import { isAscii, isUtf8 } from "node:buffer";
import type { Codec, Decoded, Malformed, UnicodeErrors } from "./codec.ts";
import { decoded } from "./codec.ts";
import { UnicodeEncodeError } from "./errors.ts";

/** What stands for something malformed. */
const REPLACEMENT = "\ufffd";

/** @internal */
export const UTF8: Codec = {
  name: "utf-8",
  unit: 1,
  newline: Buffer.from("\n"),
  return: Buffer.from("\r"),

  decode(bytes: Buffer, errors: UnicodeErrors, final: boolean): Decoded {
    // Most text is, and a copy is quicker than decoding.
    if (isAscii(bytes)) return decoded(bytes.toString("latin1"), bytes.length);
    const end = final ? bytes.length : completeEnd(bytes);
    const complete = end === bytes.length ? bytes : bytes.subarray(0, end);
    const text = complete.toString();
    if (errors === "replace" || !text.includes(REPLACEMENT)) return decoded(text, end);
    // Something malformed left it behind, or it stands there: only then it is worth a look at the bytes.
    if (isUtf8(complete)) return decoded(text, end);
    return errors === "ignore" ? decoded(withoutMalformed(complete), end) : validPart(complete);
  },

  encodedLength(text: string, end: number): number {
    return Buffer.byteLength(text.slice(0, end));
  },

  encode(text: string, errors: UnicodeErrors): Buffer {
    return Buffer.from(wellFormed(text, errors, "utf-8"));
  },
};

/** Where the beginning of a character begins that may be completed; the end when there is none. */
function completeEnd(bytes: Buffer): number {
  const { length } = bytes;
  for (let at = length - 1; at >= 0 && at >= length - 3; at--) {
    const byte = bytes[at] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return firstMalformed(bytes, at)?.reason === UNFINISHED ? at : length;
  }
  return length;
}

const UNFINISHED = "unexpected end of data";

/** How long a character is that begins so. */
function lengthFrom(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

function validPart(bytes: Buffer): Decoded {
  const malformed = firstMalformed(bytes, 0) as Malformed;
  const used = malformed.at;
  return { text: bytes.toString("utf8", 0, used), used, malformed };
}

function withoutMalformed(bytes: Buffer): string {
  let text = "";
  for (let from = 0; ;) {
    const malformed = firstMalformed(bytes, from);
    if (malformed === null) return text + bytes.toString("utf8", from);
    text += bytes.toString("utf8", from, malformed.at);
    from = malformed.at + malformed.length;
  }
}

/** The first bytes at or after `from` that are no character, and no complete beginning of one. */
function firstMalformed(bytes: Buffer, from: number): Malformed | null {
  for (let at = from; at < bytes.length;) {
    const lead = bytes[at] as number;
    if (lead < 0x80) {
      at++;
      continue;
    }
    if (lead < 0xc2 || lead > 0xf4) return { at, length: 1, reason: "invalid start byte" };
    const length = lengthFrom(lead);
    let valid = 1;
    while (valid < length && continues(bytes, at, valid, lead)) valid++;
    if (valid < length) {
      const ended = at + valid === bytes.length;
      const reason = ended ? UNFINISHED : "invalid continuation byte";
      return { at, length: valid, reason };
    }
    at += length;
  }
  return null;
}

/** Whether the byte at `at + index` continues a character; the second byte has bounds of its own (Unicode, table 3-7). */
function continues(bytes: Buffer, at: number, index: number, lead: number): boolean {
  const byte = bytes[at + index];
  if (byte === undefined || (byte & 0xc0) !== 0x80) return false;
  if (index > 1) return true;
  switch (lead) {
    case 0xe0:
      return byte >= 0xa0;
    case 0xed:
      return byte < 0xa0;
    case 0xf0:
      return byte >= 0x90;
    case 0xf4:
      return byte < 0x90;
    default:
      return true;
  }
}

// ES2024, which Node 20 has.
interface WellFormed {
  isWellFormed(): boolean;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether every surrogate in it has its other half. @internal */
export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormed).isWellFormed();
}

/** The text without surrogates that stand alone, which no encoding of Unicode can express. @internal */
export function wellFormed(text: string, errors: UnicodeErrors, encoding: string): string {
  if (isWellFormed(text)) return text;
  if (errors === "strict") {
    const index = text.search(LONE_SURROGATE);
    throw new UnicodeEncodeError({ encoding, index, character: text.charAt(index) });
  }
  return text.replaceAll(/\p{Surrogate}/gu, errors === "replace" ? "?" : "");
}
