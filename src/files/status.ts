/*
 * What there is at a path: `os.stat` and the questions of `os.path`.
 *
 * Strategy: one system call for each question. The questions that answer yes or no never fail for what the system says:
 * where nothing can be seen, there is nothing (Python's rule).
 * Limits: an answer is old as soon as it is there. To act on a path, act, and handle the error.
 */
import { type BigIntStats, lstat as lstatCall, stat as statCall, type Stats } from "node:fs";
import { rethrowIfCancelled } from "../core/errors.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";

/** How a status is given. */
export interface StatOptions {
  /** Numbers as bigints, with times in nanoseconds: for inode numbers beyond 2^53. Default false. */
  readonly bigint?: boolean;
}

/**
 * The status of the file that a path leads to, links followed (`os.stat`). Times are milliseconds since 1970 (`mtimeMs`).
 *
 * **Cancellation:** waits for the system's answer, which is then given; nothing is changed.
 *
 * @throws {@link FileError} `ENOENT` when there is nothing, or a link that leads nowhere
 *
 * @example
 * ```ts
 * import { stat } from "ambit/files";
 *
 * const status = await stat("package.json");
 * status.isFile(); // => true
 * ```
 */
export function stat(path: FilePath, options: { readonly bigint: true }): Promise<BigIntStats>;
export function stat(path: FilePath, options?: StatOptions): Promise<Stats>;
export function stat(path: FilePath, options: StatOptions = {}): Promise<Stats | BigIntStats> {
  expectPath("path", path);
  const { bigint = false } = options;
  const name = pathOf(path);
  return systemCall<Stats | BigIntStats>("stat", name, (done) => statCall(name, { bigint }, done));
}

/**
 * The status of what stands at a path itself: of a link, not of what it leads to (`os.lstat`).
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @throws {@link FileError} `ENOENT` when there is nothing
 *
 * @example
 * ```ts
 * import { lstat, symlink, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await symlink("nowhere", `${folder.path}/link`);
 * (await lstat(`${folder.path}/link`)).isSymbolicLink(); // => true
 * ```
 */
export function lstat(path: FilePath, options: { readonly bigint: true }): Promise<BigIntStats>;
export function lstat(path: FilePath, options?: StatOptions): Promise<Stats>;
export function lstat(path: FilePath, options: StatOptions = {}): Promise<Stats | BigIntStats> {
  expectPath("path", path);
  const { bigint = false } = options;
  const name = pathOf(path);
  return systemCall<Stats | BigIntStats>("lstat", name, (done) =>
    lstatCall(name, { bigint }, done),
  );
}

/** What a question gets, or null when the system will not say. */
async function seen(status: Promise<Stats>): Promise<Stats | null> {
  try {
    return await status;
  } catch (error) {
    rethrowIfCancelled(error);
    return null;
  }
}

/**
 * Whether a path leads to something (`os.path.exists`): false for a link that leads nowhere, and where one may not look.
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @example
 * ```ts
 * import { exists } from "ambit/files";
 *
 * await exists("package.json"); // => true
 * await exists("package.json/scripts"); // => false
 * ```
 */
export async function exists(path: FilePath): Promise<boolean> {
  return (await seen(stat(path))) !== null;
}

/**
 * Whether a path leads to a regular file, links followed (`os.path.isfile`).
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @example
 * ```ts
 * import { isFile } from "ambit/files";
 *
 * await isFile("package.json"); // => true
 * ```
 */
export async function isFile(path: FilePath): Promise<boolean> {
  return (await seen(stat(path)))?.isFile() === true;
}

/**
 * Whether a path leads to a folder, links followed (`os.path.isdir`).
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @example
 * ```ts
 * import { isDir } from "ambit/files";
 *
 * await isDir("src"); // => true
 * ```
 */
export async function isDir(path: FilePath): Promise<boolean> {
  return (await seen(stat(path)))?.isDirectory() === true;
}

/**
 * Whether a symbolic link stands at a path (`os.path.islink`).
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @example
 * ```ts
 * import { isLink } from "ambit/files";
 *
 * await isLink("package.json"); // => false
 * ```
 */
export async function isLink(path: FilePath): Promise<boolean> {
  return (await seen(lstat(path)))?.isSymbolicLink() === true;
}

/**
 * The size of a file in bytes, links followed (`os.path.getsize`).
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @throws {@link FileError} `ENOENT` when there is nothing
 *
 * @example
 * ```ts
 * import { getSize, stat } from "ambit/files";
 *
 * (await getSize("package.json")) === (await stat("package.json")).size; // => true
 * ```
 */
export async function getSize(path: FilePath): Promise<number> {
  return (await stat(path)).size;
}

/**
 * Whether two paths lead to one file: by links, or because it has two names (`os.path.samefile`).
 *
 * **Cancellation:** as of {@link stat}.
 *
 * @throws {@link FileError} `ENOENT` when there is nothing at one of them
 *
 * @example
 * ```ts
 * import { sameFile } from "ambit/files";
 *
 * await sameFile("package.json", "./src/../package.json"); // => true
 * ```
 */
export async function sameFile(first: FilePath, second: FilePath): Promise<boolean> {
  const one = await stat(first, { bigint: true });
  const other = await stat(second, { bigint: true });
  return one.dev === other.dev && one.ino === other.ino;
}
