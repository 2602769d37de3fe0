/*
 * Locks of files that are being downloaded, where several processes write into one folder: who comes second waits, and finds
 * the file there.
 *
 * Strategy: a lock of `ambit/files` beside the part, `name.part.lock`. It is taken before anything is looked at, and held until
 * the file has its name or was given up, also while it waits to be tried again. What is found under the part's name
 * then was left by a holder that died, and is removed: so no two processes ever write to one file, even when one of them was
 * taken for dead and comes back. That one must look once more before it touches a part or gives it its name.
 * Limits: where no symbolic links can be made (FAT; Windows without the right to) there are no locks.
 */
import { createHash } from "node:crypto";
import { unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FileError } from "../files/errors.ts";
import { type FileLock, fileLock } from "../files/fileLock.ts";
import { FileLockLostError } from "../files/lockErrors.ts";
import { diskFailure } from "./diskFailure.ts";
import type { OutputFolder } from "./outputFolder.ts";
import { PART } from "./reservations.ts";

/** What is appended to the name of a part. */
const LOCK = ".lock";
/** As many bytes as a name may have on the usual file systems. */
const LONGEST = 255;
/** What systems say that do not make symbolic links, or not for everybody. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** @internal */
export class PartLocks {
  readonly #folder: OutputFolder;
  /** By the file's path below the folder; null where there can be none. */
  readonly #held = new Map<string, FileLock | null>();

  constructor(folder: OutputFolder) {
    this.#folder = folder;
  }

  /**
   * Waits until no other process has to do with the file.
   *
   * **Cancellation:** it is not locked.
   *
   * @param path below the folder, which nobody in this run has locked
   * @throws Failure when something is in the way, or the disk takes no lock
   */
  async take(path: string): Promise<void> {
    const whole = this.#folder.prepare(path);
    try {
      this.#held.set(path, await fileLock(lockOf(whole)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (!NO_LINKS.has(error.code)) throw diskFailure(error, path);
      this.#held.set(path, null);
    }
    removeLeft(whole + PART);
  }

  /** Whether the file is locked by this run still; looks at the disk. */
  holds(path: string): boolean {
    const lock = this.#held.get(path);
    return lock === null || lock?.confirm() === true;
  }

  /** The file is done with. */
  async giveBack(path: string): Promise<void> {
    const lock = this.#held.get(path);
    this.#held.delete(path);
    try {
      await lock?.release();
    } catch (error) {
      // Whoever has it now has seen to the file.
      if (!(error instanceof FileLockLostError)) throw error;
    }
  }
}

/** A name that is too long is told by its hash. */
function lockOf(whole: string): string {
  const name = basename(whole) + PART + LOCK;
  if (Buffer.byteLength(name) <= LONGEST) return whole + PART + LOCK;
  const hash = createHash("sha1").update(basename(whole)).digest("hex");
  return join(dirname(whole), hash + PART + LOCK);
}

function removeLeft(part: string): void {
  try {
    unlinkSync(part);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
