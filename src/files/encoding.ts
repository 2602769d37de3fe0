/*
 * Encodings by name, and the mark at the beginning of a file that tells which one it is in (U+FEFF).
 *
 * Strategy: Python's names, spelled in any way; what Python does not know by that name is looked for in WHATWG's list.
 * Python's rules for the mark: `utf-16` looks for it and writes it, the low byte first; `utf-8-sig` looks for it and
 * writes it; the others take it for a character.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { Codec } from "./codec.ts";
import { ASCII, LATIN1 } from "./latin1.ts";
import { LegacyCodec, legacyCodec } from "./legacyCodec.ts";
import { UTF16BE, UTF16LE } from "./utf16.ts";
import { UTF8 } from "./utf8.ts";

/** How the text of a file is encoded. @internal */
export interface Encoding {
  /** As Python calls it. */
  readonly name: string;
  /** What a file is in that does not say. */
  readonly codec: Codec;
  /** The marks that a file may begin with, and what it is in then. */
  readonly marks: readonly Mark[];
}

/** @internal */
export interface Mark {
  readonly bytes: Buffer;
  readonly codec: Codec;
}

const MARK = "\ufeff";

function plain(codec: Codec): Encoding {
  return { name: codec.name, codec, marks: [] };
}

function marked(name: string, codecs: readonly [Codec, ...Codec[]]): Encoding {
  const marks = codecs.map((codec) => ({ bytes: codec.encode(MARK, "strict"), codec }));
  return { name, codec: codecs[0], marks };
}

/** What a file begins with that is written in one of its codecs; null for nothing. @internal */
export function markOf({ marks }: Encoding, codec: Codec): Buffer | null {
  return marks.find((mark) => mark.codec === codec)?.bytes ?? null;
}

const ENCODINGS: readonly (readonly [Encoding, readonly string[]])[] = [
  [plain(UTF8), ["utf8", "u8", "utf", "cp65001"]],
  [marked("utf-8-sig", [UTF8]), ["utf8sig"]],
  [marked("utf-16", [UTF16LE, UTF16BE]), ["utf16", "u16"]],
  [plain(UTF16LE), ["utf16le", "ucs2"]],
  [plain(UTF16BE), ["utf16be"]],
  [plain(LATIN1), ["latin1", "latin", "l1", "iso88591", "88591", "cp819"]],
  [plain(ASCII), ["ascii", "usascii", "646"]],
];

const BY_NAME = new Map(
  ENCODINGS.flatMap(([encoding, names]) => names.map((name) => [name, encoding] as const)),
);

/** @internal */
export function encodingOf(name: string, toWrite: boolean): Encoding {
  if (typeof name !== "string")
    throw wrongType("options.encoding", "the name of an encoding", name);
  const own = BY_NAME.get(name.toLowerCase().replaceAll(/[-_ ]/g, ""));
  if (own !== undefined) return own;
  const codec = legacyCodec(name);
  if (codec === null) throw outOfRange("options.encoding", "an encoding that is known here", name);
  if (toWrite && codec instanceof LegacyCodec) {
    throw outOfRange("options.encoding", "one that can be written: utf-8, utf-16, latin-1", name);
  }
  return plain(codec);
}
