/*
 * access: what this process may do with a file.
 *
 * Limits: an answer is old as soon as it is there. To act on a path, act, and handle the error.
 */
import { access as accessCall, constants } from "node:fs";
import { outOfRange } from "../core/arguments.ts";
import { rethrowIfCancelled } from "../core/errors.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { systemCall } from "./systemCall.ts";

/** Letters of what is asked for: reading, writing, executing (of a folder: entering it). */
export type AccessRights = "r" | "w" | "x" | "rw" | "rx" | "wx" | "rwx";

const RIGHTS: Readonly<Record<string, number>> = {
  r: constants.R_OK,
  w: constants.W_OK,
  x: constants.X_OK,
};

/**
 * Whether this process may do that with what a path leads to (`os.access`); without `rights`, whether it can be seen.
 *
 * The system answers for the real user of the process, and on Windows it only looks at the read-only flag.
 *
 * **Cancellation:** waits for the system's answer, which is then given; nothing is changed.
 *
 * @throws RangeError when `rights` has other letters than `r`, `w` and `x`
 *
 * @example
 * ```ts
 * import { access } from "ambit/files";
 *
 * await access("package.json", "rw"); // => true
 * await access("no such file"); // => false
 * ```
 */
export async function access(path: FilePath, rights?: AccessRights): Promise<boolean> {
  expectPath("path", path);
  const mode = rights === undefined ? constants.F_OK : modeOf(rights);
  const name = pathOf(path);
  try {
    await systemCall<void>("access", name, (done) => accessCall(name, mode, done));
    return true;
  } catch (error) {
    rethrowIfCancelled(error);
    return false;
  }
}

function modeOf(rights: string): number {
  let mode = 0;
  for (const letter of rights) mode |= RIGHTS[letter] ?? 0;
  if (mode !== 0 && /^[rwx]+$/.test(rights)) return mode;
  throw outOfRange("rights", 'letters out of "rwx"', rights);
}
