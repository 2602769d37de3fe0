/*
 * fileLock: a lock that processes share, by a name in the file system.
 *
 * Why not flock(2): Node has no call for it. Why not a file with the holder's id: an id is given to other processes, and
 * what was left by a crash is then held for ever, or broken by two at once; `lockRecord.ts` and `lockFolder.ts` say how
 * that is answered here. Who waits asks again and again, a little later each time.
 * Limits: advisory: it binds only those who ask for it. No order among those who wait. Needs a file system that has
 * symbolic links (FAT has none; Windows lets only some users make them).
 */
import { resolve } from "node:path";
import { expectMilliseconds, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { onRunnerEnd } from "../core/run.ts";
import { getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { sleep } from "../core/sleep.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { LockClaim } from "./lockClaim.ts";
import { FileLockLostError, FileLockTimeoutError } from "./lockErrors.ts";
import { lifeOf, readRecord } from "./lockRecord.ts";

/** How a lock is taken. */
export interface FileLockOptions {
  /** Shared with others that say so too (readers); left out, held alone. */
  readonly shared?: boolean;
  /** Milliseconds to wait for it; 0 tries once. Default: Infinity. */
  readonly timeout?: number;
}

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 25;

/**
 * A lock that is held. Leaving its `await using` block gives it back.
 *
 * Invariant: held until it is released. A crash, or the end of the process, gives it back too.
 */
export class FileLock implements AsyncDisposable {
  /** The lock's name in the file system: an absolute path. */
  readonly path: string;
  readonly shared: boolean;
  readonly #claim: LockClaim;
  readonly #takeBack = onRunnerEnd(() => this.release());
  #released = false;

  /** @internal */
  constructor(claim: LockClaim) {
    this.#claim = claim;
    this.path = claim.path;
    this.shared = claim.shared;
  }

  /** Whether it is held, as far as is known here. */
  get held(): boolean {
    return !this.#released && this.#claim.stands;
  }

  /** Whether it is held, by a look at the file system: for those that may have stood still. @internal */
  confirm(): boolean {
    return !this.#released && this.#claim.confirm();
  }

  /**
   * Gives it back; once more does nothing.
   *
   * **Cancellation:** none reaches it; one that comes meanwhile is thrown by the next wait.
   *
   * @throws {@link FileLockLostError} when another machine or container has taken this process for dead meanwhile
   */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#takeBack();
    const wasHeld = await protect(() => this.#claim.withdraw());
    this.#claim.end();
    if (wasHeld) return;
    throw new FileLockLostError(
      `release of the lock ${this.path}: it was lost meanwhile: this process did not renew it for so long that it seemed dead to another machine or container`,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#released ? "released" : this.held ? "held" : "lost";
    return `<FileLock '${this.path}' ${this.shared ? "shared " : ""}${state}>`;
  }
}

/**
 * Takes a lock that other processes respect that ask for it likewise: alone, or shared with others that share it.
 *
 * The path is the lock's own name, not that of what it protects; its folder must be there. While somebody holds the lock
 * there is a folder of that name, and nothing afterwards. A holder that crashed, by SIGKILL too, is found out by those who
 * wait: at once on the same machine (by its process id and when it was started), after 30 seconds of silence from another
 * machine or container. Not reentrant; in no order; who wants it alone comes before those who come later and share it.
 *
 * **Cancellation:** gives the place up; nothing is held, and nothing left behind.
 *
 * @param path such as `data.json.lock`
 * @throws {@link FileLockTimeoutError} when it was not free in time; it names the holder
 * @throws {@link FileError} `ENOENT` when the folder is missing, `EACCES`, `EPERM` where no links can be made
 *
 * @example
 * ```ts
 * import { fileLock, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await using lock = await fileLock(`${folder.path}/lock`);
 * const second = fileLock(`${folder.path}/lock`, { timeout: 0 });
 * await second.catch((error: Error) => error.name); // => "FileLockTimeoutError"
 * lock.held; // => true
 * ```
 */
export async function fileLock(path: FilePath, options: FileLockOptions = {}): Promise<FileLock> {
  expectPath("path", path);
  const { shared = false, timeout = Infinity } = options;
  if (typeof shared !== "boolean") throw wrongType("options.shared", "true or false", shared);
  expectMilliseconds("options.timeout", timeout);
  const claim = new LockClaim(resolve(pathOf(path)), shared);
  try {
    await obtain(claim, timeout);
    return new FileLock(claim);
  } catch (error) {
    await protect(() => claim.withdraw());
    claim.end();
    throw error;
  }
}

async function obtain(claim: LockClaim, timeout: number): Promise<void> {
  const loop = getRunningLoop();
  const deadline = loop.time() + timeout;
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const inTheWay = await claim.attempt();
    if (inTheWay === null) return;
    const left = deadline - loop.time();
    if (left <= 0) throw tooLate(claim.path, inTheWay, timeout);
    // At random, so that those who wait don't go on asking at the same moments.
    await sleep(Math.min(left, pause * (0.5 + Math.random())));
  }
}

function tooLate(path: string, inTheWay: string, timeout: number): FileLockTimeoutError {
  const record = readRecord(inTheWay);
  const pid = record?.pid ?? null;
  const where =
    record !== undefined && lifeOf(record) === "stranger" ? " of another machine or container" : "";
  const who = pid === null ? "somebody unknown" : `process ${pid}${where}`;
  const when = timeout > 0 ? `, still after ${timeout} ms` : "";
  return new FileLockTimeoutError(`the lock ${path} is held by ${who}${when}`, path, pid, timeout);
}
