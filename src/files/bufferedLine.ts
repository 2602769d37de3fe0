/*
 * One line out of a `ReadBuffer`, which reads on until it is there in whole.
 */
import type { LineLimit } from "./lineLimit.ts";
import type { ReadBuffer } from "./readBuffer.ts";

const NEWLINE = 10;

/** The next line; empty at the end of the file. @internal */
export async function lineOf(buffer: ReadBuffer, limit: LineLimit): Promise<Buffer> {
  // No line ends before this place.
  for (let from = 0; ;) {
    const found = buffer.look().indexOf(NEWLINE, from);
    const length = found === -1 ? buffer.available : found;
    if (length > limit.most) throw limit.overrun(buffer.position);
    if (found !== -1) return buffer.take(found + 1);
    from = length;
    if (!(await buffer.fill(from + 1))) return buffer.take(buffer.available);
  }
}

/** A line, or its first `count` bytes. @internal */
export async function linePartOf(buffer: ReadBuffer, count: number): Promise<Buffer> {
  for (let from = 0; ;) {
    const found = buffer.look().subarray(0, count).indexOf(NEWLINE, from);
    if (found !== -1) return buffer.take(found + 1);
    from = Math.min(count, buffer.available);
    if (from === count || !(await buffer.fill(from + 1))) return buffer.take(from);
  }
}
