/*
 * Reading to the end of a file.
 *
 * Strategy: how much there is, is asked once; a call that brings all of that, and had room for more, has seen the end, so
 * that no other is made to find it.
 * Limits: what the system makes up when it is read (/proc) says that it is empty, and a pipe says nothing: there the end
 * is a call that brings nothing.
 */
import type { RawFile } from "./rawFile.ts";
import { BUFFER_SIZE, type ReadBuffer } from "./readBuffer.ts";

/** Where the file ends, behind what was read ahead; Infinity when nothing tells. @internal */
export async function endOf(raw: RawFile, ahead: ReadBuffer): Promise<number> {
  if (!raw.seekable) return Infinity;
  const size = await raw.size();
  return size > ahead.rawPosition ? size : Infinity;
}

/** Has all that is left in the buffer, in one piece. @internal */
export async function fillToEnd(raw: RawFile, ahead: ReadBuffer): Promise<void> {
  const end = await endOf(raw, ahead);
  // One byte more than there should be, to see the end in the call that fills it.
  let least = ahead.available + 1 + left(ahead, end);
  while (await ahead.readMore(least)) {
    if (reached(ahead, end)) return;
    if (ahead.available >= least) least = Math.max(2 * least, BUFFER_SIZE);
  }
}

/** Makes one call on the way to the end that `endOf` gave; false when that is behind what is there. @internal */
export async function readOn(ahead: ReadBuffer, end: number): Promise<boolean> {
  ahead.expect(1 + left(ahead, end));
  return (await ahead.readMore(ahead.available + 1)) && !reached(ahead, end);
}

function left(ahead: ReadBuffer, end: number): number {
  return end === Infinity ? 0 : Math.max(0, end - ahead.rawPosition);
}

function reached(ahead: ReadBuffer, end: number): boolean {
  return ahead.short && ahead.rawPosition >= end;
}
