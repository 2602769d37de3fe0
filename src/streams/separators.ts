/*
 * Separators: what ends a message, and where the first of several stands.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { asBuffer, type ChunkBuffer } from "./chunkBuffer.ts";

/** What ends a message: bytes, or text in UTF-8. */
export type Separator = string | Uint8Array;

/** What ends a line. @internal */
export const NEWLINE: readonly Buffer[] = [Buffer.from("\n")];

/** Where a separator stands. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** The one that ends first, among those that begin at or after `from`. @internal */
export function firstOf(
  separators: readonly Buffer[],
  buffer: ChunkBuffer,
  from: number,
): Place | null {
  let first: Place | null = null;
  for (const separator of separators) {
    const start = buffer.indexOf(separator, from);
    const end = start + separator.length;
    if (start !== -1 && (first === null || end < first.end)) first = { start, end };
  }
  return first;
}

/** As bytes, the shortest first. @internal */
export function separatorsOf(given: Separator | readonly Separator[]): readonly Buffer[] {
  if (given === "\n") return NEWLINE;
  const list = Array.isArray(given) ? (given as readonly Separator[]) : [given as Separator];
  if (list.length === 0) throw outOfRange("separator", "at least one separator", given);
  return list.map(separatorBytes).sort((a, b) => a.length - b.length);
}

function separatorBytes(given: Separator): Buffer {
  if (typeof given !== "string" && !(given instanceof Uint8Array)) {
    throw wrongType("separator", "bytes or text", given);
  }
  if (given.length === 0) throw outOfRange("separator", "at least one byte long", given);
  return typeof given === "string" ? Buffer.from(given) : asBuffer(given);
}
