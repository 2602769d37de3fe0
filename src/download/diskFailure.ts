/*
 * From what the file system throws to what a downloader can act on.
 *
 * Strategy: a full, broken or closed disk stops the run, because every other file would meet it too.
 * What is wrong with one name alone (a folder where the file should go, a file where a folder
 * should) is that item's failure.
 */
import { Failure } from "./failure.ts";

/** Wrong with this one path, not with the disk. */
const OF_THE_NAME: Readonly<Record<string, string>> = {
  EISDIR: "a folder is in its place",
  ENOTDIR: "a file stands where its folder should be",
  ENOTEMPTY: "a folder is in its place",
  EEXIST: "something else is in its place",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "a symbolic link is in its place",
};

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  EIO: "the disk has failed",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open in the system",
  EFBIG: "the file is too large for the disk",
};

/** @internal */
export function diskFailure(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  const shown = JSON.stringify(path);
  const words = OF_THE_NAME[code];
  if (words !== undefined)
    return new Failure("name", `cannot write ${shown}: ${words}`, "none", null, error);
  const why = WORDS[code] ?? message;
  return new Failure("disk", `cannot write ${shown}: ${why} (${code})`, "none", null, error);
}
