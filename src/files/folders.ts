/*
 * Folders: making and removing them, one or several at once, and what is in one.
 *
 * Limits: what several calls do one after the other, others may come between; each call of the system is whole.
 */
import { mkdir as mkdirCall, readdir, rmdir as rmdirCall } from "node:fs";
import { dirname, resolve } from "node:path";
import { rethrowIfCancelled } from "../core/errors.ts";
import { expectMode } from "./attributes.ts";
import { inTurn } from "./descriptorLine.ts";
import { FileError } from "./errors.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";
import { isDir } from "./status.ts";

/** How a folder is made. */
export interface MkdirOptions {
  /** Its permission bits, less the process's umask. Default 0o777. */
  readonly mode?: number;
}

/**
 * Makes a folder (`os.mkdir`).
 *
 * **Cancellation:** waits until it has happened or failed.
 *
 * @throws {@link FileError} `EEXIST` when there is something of that name, `ENOENT` when the folder above is missing
 *
 * @example
 * ```ts
 * import { mkdir, stat, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await mkdir(`${folder.path}/private`, { mode: 0o700 });
 * ((await stat(`${folder.path}/private`)).mode & 0o777).toString(8); // => "700"
 * ```
 */
export function mkdir(path: FilePath, options: MkdirOptions = {}): Promise<void> {
  expectPath("path", path);
  const { mode = 0o777 } = options;
  expectMode("options.mode", mode);
  return make(pathOf(path), mode, "mkdir");
}

function make(path: string, mode: number, operation: string): Promise<void> {
  return systemCall<void>(operation, path, (done) => mkdirCall(path, mode, done));
}

/** How folders are made. */
export interface MakedirsOptions extends MkdirOptions {
  /** Whether it is fine when the folder is there already. Default false. */
  readonly existOk?: boolean;
}

/**
 * Makes a folder and those above it that are missing (`os.makedirs`). `mode` is for the last one; those above it get the
 * default, so that this process can go on in them.
 *
 * **Cancellation:** folders above it may have been made.
 *
 * @throws {@link FileError} `EEXIST` when it is there, unless it is a folder and `existOk`
 *
 * @example
 * ```ts
 * import { isDir, makedirs, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await makedirs(`${folder.path}/a/b/c`);
 * await makedirs(`${folder.path}/a/b/c`, { existOk: true });
 * await isDir(`${folder.path}/a/b/c`); // => true
 * ```
 */
export async function makedirs(path: FilePath, options: MakedirsOptions = {}): Promise<void> {
  expectPath("path", path);
  const { mode = 0o777, existOk = false } = options;
  expectMode("options.mode", mode);
  const name = pathOf(path);
  try {
    await makeWithParents(name, mode);
  } catch (error) {
    if (!existOk || !(error instanceof FileError)) throw error;
    // Whatever the system said first: it may be EACCES or EROFS, too.
    if (!(await isDir(name))) throw error;
  }
}

async function makeWithParents(path: string, mode: number): Promise<void> {
  try {
    return await make(path, mode, "makedirs");
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "ENOENT") throw error;
  }
  await makeParents(dirname(resolve(path)));
  await make(path, mode, "makedirs");
}

/** Folder by folder: of some errors Node's recursive call tells another one. */
async function makeParents(path: string): Promise<void> {
  try {
    await makeWithParents(path, 0o777);
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "EEXIST") throw error;
  }
}

/**
 * Removes an empty folder (`os.rmdir`).
 *
 * **Cancellation:** waits until it has happened or failed.
 *
 * @throws {@link FileError} `ENOTEMPTY`, `ENOTDIR`, `ENOENT`
 *
 * @example
 * ```ts
 * import { rmdir } from "ambit/files";
 *
 * await rmdir("src").catch(({ code }) => code); // => "ENOTEMPTY"
 * ```
 */
export function rmdir(path: FilePath): Promise<void> {
  expectPath("path", path);
  const name = pathOf(path);
  return systemCall<void>("rmdir", name, (done) => rmdirCall(name, done));
}

/**
 * Removes an empty folder, then the folders above it as far as they are empty (`os.removedirs`).
 *
 * **Cancellation:** stops between two folders.
 *
 * @throws {@link FileError} as of {@link rmdir}, for the first one only
 *
 * @example
 * ```ts
 * import { listdir, makedirs, mkdir, removedirs, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await mkdir(`${folder.path}/kept`);
 * await makedirs(`${folder.path}/a/b/c`);
 * await removedirs(`${folder.path}/a/b/c`);
 * await listdir(folder.path); // => ["kept"]
 * ```
 */
export async function removedirs(path: FilePath): Promise<void> {
  await rmdir(path);
  let above = dirname(resolve(pathOf(path)));
  try {
    for (; above !== dirname(above); above = dirname(above)) await rmdir(above);
  } catch (error) {
    // Not empty, or not ours: that is where it ends.
    rethrowIfCancelled(error);
  }
}

/**
 * The names of what is in a folder, in the order in which the system gives them (`os.listdir`). For large folders there
 * is {@link scandir}, which need not hold all names.
 *
 * **Cancellation:** waits for the system's answer, which is then given; nothing is changed.
 *
 * @param path default: the working directory
 * @throws {@link FileError} `ENOENT`, `ENOTDIR`, `EACCES`
 *
 * @example
 * ```ts
 * import { listdir } from "ambit/files";
 *
 * (await listdir()).includes("package.json"); // => true
 * ```
 */
export function listdir(path: FilePath = "."): Promise<string[]> {
  expectPath("path", path);
  const name = pathOf(path);
  return inTurn(() => systemCall<string[]>("listdir", name, (done) => readdir(name, done)));
}
