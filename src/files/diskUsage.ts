/*
 * diskUsage: how full a file system is.
 */
import { statfs, type StatsFs } from "node:fs";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";

/** Of a file system, in bytes. */
export interface DiskUsage {
  readonly total: number;
  readonly used: number;
  /** What this user may still fill; less than `total - used` where some is kept for the administrator. */
  readonly free: number;
}

/**
 * How full the file system is that a path lies on (`shutil.disk_usage`).
 *
 * **Cancellation:** waits for the system's answer, which is then given; nothing is changed.
 *
 * @throws {@link FileError} `ENOENT` when there is nothing at the path
 *
 * @example
 * ```ts
 * import { diskUsage } from "ambit/files";
 *
 * const { total, used, free } = await diskUsage(".");
 * total >= used + free; // => true
 * ```
 */
export async function diskUsage(path: FilePath): Promise<DiskUsage> {
  expectPath("path", path);
  const name = pathOf(path);
  const { blocks, bfree, bavail, bsize } = await systemCall<StatsFs>("statfs", name, (done) =>
    statfs(name, done),
  );
  return { total: blocks * bsize, used: (blocks - bfree) * bsize, free: bavail * bsize };
}
