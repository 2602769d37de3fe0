/**
 * A file system of its own for a moment, which only the administrator of a Linux can have.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";

export const CANNOT_MOUNT = process.platform !== "linux" || process.getuid?.() !== 0;

/** Has `work` done while a file system in memory lies over a folder. @param options such as `size=2m` */
export async function withDisk(
  folder: string,
  options: string,
  work: () => Promise<void>,
): Promise<void> {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", folder]);
  try {
    await work();
  } finally {
    execFileSync("umount", [folder]);
  }
}

/** Writes to a file until its disk takes nothing more. */
export function fill(path: string): void {
  try {
    for (;;) appendFileSync(path, Buffer.alloc(4096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
