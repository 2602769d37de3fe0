/*
 * The index as a file: a head that says what it is, a checksum, then the tables one after the other.
 *
 * It is read in one go, and the tables are views of what was read. A file of another schema, another version of the
 * data, another byte order, or one that is damaged in any place, is none.
 */
import { createHash } from "node:crypto";

import type { IndexDetails, IndexTables } from "./indexTables.ts";

/** Counts up when the tables change, or what is in them. */
export const SCHEMA = 1;

const MAGIC = "charfind";
const MAGIC_SIZE = 8;
/** Read as it was written, it says that the byte order is the same. */
const BYTE_ORDER = 0x01020304;
const CHECKSUM_SIZE = 32;
/** The byte order, the schema, and the sizes of seven parts. */
const NUMBERS = 9;
const HEAD_SIZE = MAGIC_SIZE + CHECKSUM_SIZE + NUMBERS * 4;

/** The file's bytes. */
export function encodeIndex(tables: IndexTables, dataVersion: string): Buffer {
  const { codePoints, nameStarts, postingStarts, postings, names, words, details } = tables;
  const parts = [codePoints, nameStarts, postingStarts, postings].map(bytesOf);
  parts.push(names, words, Buffer.from(JSON.stringify({ dataVersion, details })));
  const numbers = Uint32Array.from([BYTE_ORDER, SCHEMA, ...parts.map((part) => part.length)]);
  const body = Buffer.concat([bytesOf(numbers), ...parts]);
  return Buffer.concat([Buffer.from(MAGIC), checksum(body), body]);
}

/** The tables in a file; null when it holds none that will do. */
export function decodeIndex(file: Buffer, dataVersion: string): IndexTables | null {
  if (file.length < HEAD_SIZE || file.toString("latin1", 0, MAGIC_SIZE) !== MAGIC) return null;
  const body = file.subarray(MAGIC_SIZE + CHECKSUM_SIZE);
  if (!checksum(body).equals(file.subarray(MAGIC_SIZE, MAGIC_SIZE + CHECKSUM_SIZE))) return null;
  const [byteOrder, schema, ...sizes] = numbersOf(body.subarray(0, NUMBERS * 4));
  if (byteOrder !== BYTE_ORDER || schema !== SCHEMA) return null;
  let at = NUMBERS * 4;
  const parts = sizes.map((size) => body.subarray(at, (at += size)));
  const [codePoints, nameStarts, postingStarts, postings, names, words, json] = parts as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const rest = JSON.parse(json.toString()) as { dataVersion: string; details: IndexDetails };
  if (rest.dataVersion !== dataVersion) return null;
  return {
    codePoints: numbersOf(codePoints),
    nameStarts: numbersOf(nameStarts),
    postingStarts: numbersOf(postingStarts),
    postings: numbersOf(postings),
    names,
    words,
    details: rest.details,
  };
}

function checksum(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function bytesOf(numbers: Uint32Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** A view where the bytes lie at a multiple of four, as those of a file read as a whole do; else a copy. */
function numbersOf(bytes: Buffer): Uint32Array {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % 4 === 0) return new Uint32Array(buffer, byteOffset, length / 4);
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
