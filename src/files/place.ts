/*
 * Where a path leads when something is to be written there: a link stays a link, and what it leads to is written.
 */
import { lstat, readlink, realpath, type Stats } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { FileError } from "./errors.ts";
import { systemCall } from "./systemCall.ts";

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/** What something is to be written to. @internal */
export interface Place {
  /** Its last part is no link. */
  readonly path: string;
  /** What is there; null for nothing. */
  readonly status: Stats | null;
}

/**
 * Follows the links that stand at a path, also to where there is nothing yet.
 *
 * @param operation that errors name
 * @throws {@link FileError} `ENOENT` when the folder of a link's target is missing, `ELOOP` when links go round in a circle
 * @internal
 */
export async function placeOf(operation: string, path: string): Promise<Place> {
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const status = await statusAt(operation, at);
    if (status?.isSymbolicLink() !== true) return { path: at, status };
    const link = await systemCall<string>(operation, at, (done) => readlink(at, "utf8", done));
    at = isAbsolute(link) ? link : join(await realFolder(operation, at), link);
  }
  throw new FileError("its links go round in a circle", { operation, path, code: "ELOOP" });
}

/** The folder that something is in: `..` in a link counts from there. */
function realFolder(operation: string, path: string): Promise<string> {
  return systemCall<string>(operation, path, (done) =>
    realpath.native(dirname(path), "utf8", done),
  );
}

/** The status of what is at a path, a link included; null when there is nothing. @internal */
export function statusAt(operation: string, path: string): Promise<Stats | null> {
  return systemCall<Stats | null>(operation, path, (done) =>
    lstat(path, (error, status) => {
      if (error?.code === "ENOENT") done(null, null);
      else done(error, status);
    }),
  );
}
