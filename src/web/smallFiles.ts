/*
 * SmallFiles: the contents of small files that were sent lately.
 *
 * Reading a file of 100 KB into a new buffer for each request costs more than all the rest of the answer, most of it in
 * garbage collection: measured, 0.95 of the CPU of a stream, against 0.4 with this. A file is opened and looked at for
 * each request all the same: what is remembered counts only for the very same inode with the same size and times. The
 * time of its last change of state (`ctime`) is among them, which no program can set.
 * A file that was changed a moment ago might be changed again within one tick of the file system's clock, and look the
 * same: it is not remembered (git knows the same race).
 * Limits: 16 MiB in all, those that were not asked for longest go first. The bytes are shared: nobody may write to them.
 */
import type { Stats } from "node:fs";
import { getRunningLoop } from "../core/scope.ts";

const MOST = 16 * 1024 * 1024;
/** Milliseconds: the ticks of FAT's clock. */
const SETTLED = 2000;

interface Remembered {
  readonly stats: Stats;
  readonly bytes: Uint8Array;
}

const byPath = new Map<string, Remembered>();
let total = 0;

/** What is remembered of that version of a file; null for nothing. @internal */
export function recalled(path: string, stats: Stats): Uint8Array | null {
  const found = byPath.get(path);
  if (found === undefined) return null;
  if (!isSame(found.stats, stats)) {
    forget(path, found);
    return null;
  }
  // To the end of those that may go.
  byPath.delete(path);
  byPath.set(path, found);
  return found.bytes;
}

/** Remembers a version of a file. @internal */
export function remember(path: string, stats: Stats, bytes: Uint8Array): void {
  const now = getRunningLoop().wallTime();
  if (now - stats.mtimeMs < SETTLED || now - stats.ctimeMs < SETTLED) return;
  const known = byPath.get(path);
  if (known !== undefined) forget(path, known);
  byPath.set(path, { stats, bytes });
  total += bytes.length;
  for (const [oldest, remembered] of byPath) {
    if (total <= MOST) return;
    forget(oldest, remembered);
  }
}

function forget(path: string, { bytes }: Remembered): void {
  byPath.delete(path);
  total -= bytes.length;
}

function isSame(one: Stats, other: Stats): boolean {
  return (
    one.mtimeMs === other.mtimeMs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.ctimeMs === other.ctimeMs &&
    one.dev === other.dev
  );
}
