/*
 * Writing a small file as a whole: whoever reads it finds what was there before, or all of the new.
 *
 * Strategy: written beside it under a name of its own, flushed, renamed. Synchronous: a few
 * kilobytes cost less so than over the thread pool, and no cancel can come in between. A link is
 * followed, so that it stays one.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";

/** @internal */
export function replaceFile(path: string, content: string | Uint8Array, mode: number): void {
  const target = existsSync(path) ? realpathSync(path) : path;
  const beside = `${target}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    write(beside, content, mode);
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function write(path: string, content: string | Uint8Array, mode: number): void {
  const file = openSync(path, "wx", mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
