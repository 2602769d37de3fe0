/*
 * Where the last lines of a file begin: found from its end, so that a large file costs no more than they do.
 */
import type { PlainFile } from "./plainFile.ts";

const PIECE = 64 * 1024;
const NEWLINE = 10;

/**
 * The position of the first of the last `count` lines; what comes after the last newline counts as one.
 * @internal
 */
export async function startOfLast(file: PlainFile, size: number, count: number): Promise<number> {
  if (count === 0) return size;
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let left = count;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - PIECE);
    const piece = buffer.subarray(0, end - start);
    if ((await readAll(file, piece, start)) < piece.length) return size; // It was emptied meanwhile.
    // The newline that ends the last line does not begin another.
    let at = end === size ? piece.length - 1 : piece.length;
    while ((at = at === 0 ? -1 : piece.lastIndexOf(NEWLINE, at - 1)) !== -1) {
      if (--left === 0) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

async function readAll(file: PlainFile, piece: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < piece.length) {
    const count = await file.read(piece.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
