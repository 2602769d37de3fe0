// What the threads of hasher.ts run.
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

const PIECE = Buffer.allocUnsafe(1024 * 1024);

/**
 * The SHA-256 of a file. A thread may wait for the disk.
 * @param {string} path
 */
export function hashFile(path) {
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  try {
    for (let count = readSync(file, PIECE); count > 0; count = readSync(file, PIECE))
      hash.update(PIECE.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
