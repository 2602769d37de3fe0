/*
 * copyFile: one file, copied as a whole or not at all.
 *
 * Strategy: the copy is made beside its place and put there in one step (`draft.ts`), so that a half copy is never seen
 * under the file's name.
 */
import { type Stats, stat as statCall } from "node:fs";
import { expectFunction, wrongType } from "../core/arguments.ts";
import type { CopyProgress, Reflink } from "./contents.ts";
import { Draft } from "./draft.ts";
import { FileError } from "./errors.ts";
import { fillDraft } from "./fillDraft.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";

/** How files are copied. */
export interface CopyOptions {
  /** Whether the copy keeps the times of the file, too. Default false. */
  readonly preserve?: boolean;
  /**
   * Whether the copy shares its blocks with the file until one of them is written: where the file system can (true, the
   * default), never (false), or else fail (`"always"`).
   */
  readonly reflink?: Reflink;
}

/** How a file is copied. */
export interface CopyFileOptions extends CopyOptions {
  /** Whether a file that is there is replaced (default), or is an error. */
  readonly overwrite?: boolean;
  /** Whether to wait until the copy is on the disk, before it takes its place. Default false. */
  readonly fsync?: boolean;
  /** Told after each MiB, and at the end. What it throws ends the copy. */
  readonly progress?: CopyProgress;
}

/**
 * Copies a file: its contents and its permissions (`shutil.copy`; with `preserve`, `copy2`). Links are followed, at both
 * ends.
 *
 * Whoever looks finds what was there before, or the whole copy. A large file is read while it is written, piece by piece:
 * what others change in it meanwhile may be in the copy or not.
 *
 * **Cancellation:** stops within a MiB; there is no copy then, and what was there stays.
 *
 * @param target the path of the copy, not of a folder for it
 * @throws {@link FileError} `ENOENT`, `EISDIR`, `EACCES`, `ENOSPC`; `EEXIST` without `overwrite`; `EINVAL` when both are the
 * same file, or one is no regular file; `ENOTSUP` or `EXDEV` where `reflink: "always"` cannot be
 *
 * @example
 * ```ts
 * import { copyFile, getSize, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * let last = "";
 * await copyFile("package.json", `${folder.path}/copy.json`, {
 *   progress: (copied, total) => (last = `${Math.round((100 * copied) / total)} %`),
 * });
 * last; // => "100 %"
 * (await getSize(`${folder.path}/copy.json`)) === (await getSize("package.json")); // => true
 * ```
 */
export async function copyFile(
  source: FilePath,
  target: FilePath,
  options: CopyFileOptions = {},
): Promise<void> {
  expectPath("source", source);
  expectPath("target", target);
  expectCopyOptions(options);
  const from = pathOf(source);
  const status = await sourceStatus("copyFile", from);
  const draft = await Draft.for("copyFile", pathOf(target));
  expectOther(status, draft, options);
  try {
    await fillDraft(draft, { operation: "copyFile", source: from, status, ...options });
    const { fsync = false, overwrite = true } = options;
    await draft.commit({ fsync, replace: overwrite });
  } finally {
    await draft.discard();
  }
}

/** @internal */
export function expectCopyOptions({ reflink = true, progress }: CopyFileOptions): void {
  if (progress !== undefined) expectFunction("options.progress", progress);
  if (typeof reflink !== "boolean" && reflink !== "always")
    throw wrongType("options.reflink", 'true, false or "always"', reflink);
}

/** The status of a file that can be copied. @internal */
export async function sourceStatus(operation: string, path: string): Promise<Stats> {
  const status = await systemCall<Stats>(operation, path, (done) => statCall(path, done));
  if (status.isFile()) return status;
  const [words, code] = status.isDirectory()
    ? ["it is a folder: copyTree() copies it", "EISDIR"]
    : ["it is no regular file", "EINVAL"];
  throw new FileError(words, { operation, path, code });
}

function expectOther(
  status: Stats,
  { existing, target: path }: Draft,
  { overwrite = true }: CopyFileOptions,
): void {
  if (existing === null) return;
  const fail = (words: string, code: string): never => {
    throw new FileError(words, { operation: "copyFile", path, code });
  };
  if (existing.dev === status.dev && existing.ino === status.ino)
    fail("it is the file itself that is to be copied", "EINVAL");
  if (!overwrite) fail("there is a file of that name", "EEXIST");
}
