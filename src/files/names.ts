/*
 * The names of files: giving another, taking one away, links.
 *
 * Limits: what two calls do one after the other, others may come between.
 */
import {
  link as linkCall,
  readlink as readlinkCall,
  realpath as realpathCall,
  rename as renameCall,
  symlink as symlinkCall,
  unlink as unlinkCall,
} from "node:fs";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";

/**
 * Gives a file or folder another name on the same file system, in one step (`os.rename`). A file of that name is
 * replaced, an empty folder too by a folder: Unix's rule, here on every system. {@link moveFile} also moves to another
 * file system.
 *
 * **Cancellation:** waits until it has happened or failed: never halfway, and never unknown.
 *
 * @throws {@link FileError} `ENOENT`, `EXDEV` (another file system), `ENOTEMPTY` or `EISDIR` (a folder is in the way)
 *
 * @example
 * ```ts
 * import { atomicWrite, listdir, rename, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await atomicWrite(`${folder.path}/draft`, "text");
 * await rename(`${folder.path}/draft`, `${folder.path}/letter`);
 * await listdir(folder.path); // => ["letter"]
 * ```
 */
export function rename(source: FilePath, target: FilePath): Promise<void> {
  return renamed("rename", source, target);
}

/** The same as {@link rename}, by the name that says so (`os.replace`). **Cancellation:** as of {@link rename}. */
export function replace(source: FilePath, target: FilePath): Promise<void> {
  return renamed("replace", source, target);
}

function renamed(operation: string, source: FilePath, target: FilePath): Promise<void> {
  expectPath("source", source);
  expectPath("target", target);
  const [from, to] = [pathOf(source), pathOf(target)];
  return systemCall<void>(operation, from, (done) => renameCall(from, to, done));
}

/** How a file is removed. */
export interface RemoveOptions {
  /** Whether it is fine when there is none. Default false. */
  readonly missingOk?: boolean;
}

/**
 * Removes a file, or a link and not what it leads to (`os.remove`). For folders there are `rmdir` and `rmtree`.
 *
 * **Cancellation:** waits until it has happened or failed.
 *
 * @throws {@link FileError} `ENOENT` unless `missingOk`; `EISDIR` or `EPERM` for a folder
 *
 * @example
 * ```ts
 * import { remove } from "ambit/files";
 *
 * await remove("no such file").catch(({ code }) => code); // => "ENOENT"
 * await remove("no such file", { missingOk: true });
 * ```
 */
export function remove(path: FilePath, options: RemoveOptions = {}): Promise<void> {
  return removed("remove", path, options);
}

/** The same as {@link remove}, by its older name (`os.unlink`). **Cancellation:** as of {@link remove}. */
export function unlink(path: FilePath, options: RemoveOptions = {}): Promise<void> {
  return removed("unlink", path, options);
}

function removed(operation: string, path: FilePath, options: RemoveOptions): Promise<void> {
  expectPath("path", path);
  const { missingOk = false } = options;
  const name = pathOf(path);
  return systemCall<void>(operation, name, (done) =>
    unlinkCall(name, (error) => done(missingOk && error?.code === "ENOENT" ? null : error)),
  );
}

/**
 * Gives a file a second name on the same file system (`os.link`).
 *
 * **Cancellation:** waits until it has happened or failed.
 *
 * @throws {@link FileError} `EEXIST` when there is something of that name; `EXDEV`; `EPERM` for a folder
 *
 * @example
 * ```ts
 * import { atomicWrite, link, sameFile, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await atomicWrite(`${folder.path}/a`, "text");
 * await link(`${folder.path}/a`, `${folder.path}/b`);
 * await sameFile(`${folder.path}/a`, `${folder.path}/b`); // => true
 * ```
 */
export function link(existing: FilePath, path: FilePath): Promise<void> {
  expectPath("existing", existing);
  expectPath("path", path);
  const [from, name] = [pathOf(existing), pathOf(path)];
  return systemCall<void>("link", name, (done) => linkCall(from, name, done));
}

/** How a link is made. */
export interface SymlinkOptions {
  /** What it leads to; only Windows wants to know, and guesses from what is there when it is left out. */
  readonly type?: "file" | "dir" | "junction";
}

/**
 * Makes a symbolic link at `path` that leads to `target` (`os.symlink`). The target need not be there; a relative one is
 * looked up from the link's own folder.
 *
 * **Cancellation:** waits until it has happened or failed.
 *
 * @throws {@link FileError} `EEXIST` when there is something at `path`
 *
 * @example
 * ```ts
 * import { readlink, symlink, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await symlink("release-7", `${folder.path}/current`);
 * await readlink(`${folder.path}/current`); // => "release-7"
 * ```
 */
export function symlink(
  target: FilePath,
  path: FilePath,
  options: SymlinkOptions = {},
): Promise<void> {
  expectPath("target", target);
  expectPath("path", path);
  const [to, name] = [pathOf(target), pathOf(path)];
  return systemCall<void>("symlink", name, (done) =>
    symlinkCall(to, name, options.type ?? null, done),
  );
}

/**
 * What a symbolic link says, as it stands there (`os.readlink`).
 *
 * **Cancellation:** waits for the system's answer, which is then given; nothing is changed.
 *
 * @throws {@link FileError} `EINVAL` when it is no link; `ENOENT`
 *
 * @example
 * ```ts
 * import { readlink } from "ambit/files";
 *
 * await readlink("package.json").catch(({ code }) => code); // => "EINVAL"
 * ```
 */
export function readlink(path: FilePath): Promise<string> {
  expectPath("path", path);
  const name = pathOf(path);
  return systemCall<string>("readlink", name, (done) => readlinkCall(name, "utf8", done));
}

/**
 * The path without links, `.` and `..`, from the root (`os.path.realpath` with `strict=True`).
 *
 * **Cancellation:** waits for the system's answer, which is then given; nothing is changed.
 *
 * @throws {@link FileError} `ENOENT` when it leads nowhere; `ELOOP` when links go round in a circle
 *
 * @example
 * ```ts
 * import { realpath } from "ambit/files";
 *
 * (await realpath("src/../package.json")) === (await realpath("package.json")); // => true
 * ```
 */
export function realpath(path: FilePath): Promise<string> {
  expectPath("path", path);
  const name = pathOf(path);
  return systemCall<string>("realpath", name, (done) => realpathCall.native(name, "utf8", done));
}
