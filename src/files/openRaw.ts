/*
 * Opening: from a path to a descriptor.
 */
import { closeSync, fstatSync, open, type Stats } from "node:fs";
import { Descriptor } from "./descriptor.ts";
import { inTurn } from "./descriptorLine.ts";
import { FileError, fileError } from "./errors.ts";
import { systemCall } from "./systemCall.ts";

/** A file that was opened, and what it was then. @internal */
export interface OpenedRaw {
  readonly raw: Descriptor;
  readonly stats: Stats;
}

/** How it is opened. @internal */
export interface RawOptions {
  readonly flags: number;
  readonly permissions: number;
  readonly patience: number;
}

/**
 * **Cancellation:** when the system has opened it, it is given to the caller, who has to close it.
 * @internal
 */
export async function openRaw(name: string, options: RawOptions): Promise<OpenedRaw> {
  const fd = await inTurn(
    () =>
      systemCall<number>("open", name, (done) =>
        open(name, options.flags, options.permissions, done),
      ),
    options.patience,
  );
  let raw: Descriptor | null = null;
  try {
    const stats = statsOf(fd, name);
    raw = new Descriptor(name, fd, stats.isFile() || stats.isBlockDevice());
    return { raw, stats };
  } finally {
    if (raw === null) closeSync(fd);
  }
}

function statsOf(fd: number, path: string): Stats {
  let stats: Stats;
  try {
    stats = fstatSync(fd);
  } catch (error) {
    throw fileError("open", path, error);
  }
  if (stats.isDirectory()) {
    throw new FileError("it is a directory", { operation: "open", path, code: "EISDIR" });
  }
  return stats;
}
