/*
 * What a file is, apart from its content: permissions, times, length.
 */
import { chmod as chmodCall, lutimes, truncate as truncateCall, utimes } from "node:fs";
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";

/** The bits that `chmod` sets. */
const ALL_BITS = 0o7777;

/** @internal */
export function expectMode(name: string, mode: unknown): void {
  expectInteger(name, mode, 0);
  if ((mode as number) > ALL_BITS) throw outOfRange(name, "permission bits, such as 0o644", mode);
}

/**
 * Sets the permissions of the file that a path leads to (`os.chmod`).
 *
 * **Cancellation:** waits until the system has done it.
 *
 * @param mode permission bits, from 0 to 0o7777
 * @throws {@link FileError} `ENOENT`, or `EPERM` when the file belongs to another user
 *
 * @example
 * ```ts
 * import { chmod, namedTemporaryFile, stat } from "ambit/files";
 *
 * await using file = await namedTemporaryFile();
 * await chmod(file.name, 0o640);
 * ((await stat(file.name)).mode & 0o777).toString(8); // => "640"
 * ```
 */
export function chmod(path: FilePath, mode: number): Promise<void> {
  expectPath("path", path);
  expectMode("mode", mode);
  const name = pathOf(path);
  return systemCall<void>("chmod", name, (done) => chmodCall(name, mode, done));
}

/** The times of a file, as dates or in milliseconds since 1970. */
export interface FileTimes {
  /** Of the last access. */
  readonly atime: number | Date;
  /** Of the last change of the content. */
  readonly mtime: number | Date;
}

/** How times are set. */
export interface UtimeOptions {
  /** Whether a link is followed (default), or gets the times itself. */
  readonly followSymlinks?: boolean;
}

/**
 * Sets the times of a file (`os.utime`); without `times`, to now.
 *
 * **Cancellation:** waits until the system has done it.
 *
 * @throws {@link FileError} `ENOENT`, or `EPERM` when the file belongs to another user
 * @throws TypeError when a time is neither a number nor a date
 *
 * @example
 * ```ts
 * import { namedTemporaryFile, stat, utime } from "ambit/files";
 *
 * await using file = await namedTemporaryFile();
 * await utime(file.name, { atime: 0, mtime: new Date("2026-01-02T03:04:05Z") });
 * (await stat(file.name)).mtime.toISOString(); // => "2026-01-02T03:04:05.000Z"
 * ```
 */
export function utime(
  path: FilePath,
  times?: FileTimes,
  options: UtimeOptions = {},
): Promise<void> {
  expectPath("path", path);
  const now = getRunningLoop().wallTime();
  const { atime, mtime } = times ?? { atime: now, mtime: now };
  const [accessed, modified] = [seconds("times.atime", atime), seconds("times.mtime", mtime)];
  const set = (options.followSymlinks ?? true) ? utimes : lutimes;
  const name = pathOf(path);
  return systemCall<void>("utime", name, (done) => set(name, accessed, modified, done));
}

/** Seconds since 1970, as text: a negative number Node takes for the present moment. @internal */
export function systemTime(ms: number): string {
  return String(ms / 1000);
}

function seconds(name: string, time: unknown): string {
  const ms = time instanceof Date ? time.getTime() : time;
  if (typeof ms !== "number" || !Number.isFinite(ms))
    throw wrongType(name, "a date or milliseconds since 1970", time);
  return systemTime(ms);
}

/**
 * Cuts a file to a length, or fills it up with zeros (`os.truncate`).
 *
 * **Cancellation:** waits until the system has done it.
 *
 * @param length in bytes; default 0
 * @throws {@link FileError} `ENOENT`, `EISDIR`
 *
 * @example
 * ```ts
 * import { atomicWrite, getSize, temporaryDirectory, truncate } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await atomicWrite(`${folder.path}/log`, "many lines");
 * await truncate(`${folder.path}/log`, 4);
 * await getSize(`${folder.path}/log`); // => 4
 * ```
 */
export function truncate(path: FilePath, length = 0): Promise<void> {
  expectPath("path", path);
  expectInteger("length", length, 0);
  const name = pathOf(path);
  return systemCall<void>("truncate", name, (done) => truncateCall(name, length, done));
}
