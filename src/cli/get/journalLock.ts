/*
 * One run at a time writes a journal: the lock is a file beside it, with the process id of the run
 * that made it.
 *
 * Strategy: it is created exclusively, and removed when the run or its process ends. One whose process
 * is gone (a kill, a crash) is taken over: by renaming, which only one of several can do, and a lock
 * that turns out to be a newer one is put back.
 * Limits: a lock from another machine, over a shared folder, or whose process id is another program's
 * by now, seems to be in use: the message says which file to remove.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "../usageError.ts";

/** The locks of this process. Another one with its id is left over: in a container, all are 1. */
const held = new Set<string>();

/** The lock of one run. */
export class JournalLock {
  readonly #path: string;
  readonly #journal: string;
  readonly #release = (): void => this.release();

  constructor(journal: string) {
    this.#journal = journal;
    this.#path = `${resolve(journal)}.lock`;
  }

  /**
   * Takes the lock. Where no file can be made none is taken: no journal can be made there either, and
   * the downloader says so.
   *
   * @throws {@link UsageError} when another run has it
   */
  take(): void {
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      while (!this.#create()) this.#makeWay();
    } catch (error) {
      if (error instanceof UsageError) throw error;
      return;
    }
    held.add(this.#path);
    process.once("exit", this.#release);
  }

  /** Gives it back, if it was taken. */
  release(): void {
    if (!held.delete(this.#path)) return;
    process.off("exit", this.#release);
    rmSync(this.#path, { force: true });
  }

  #create(): boolean {
    try {
      writeFileSync(this.#path, String(process.pid), { flag: "wx" });
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** Removes a lock that is left over. */
  #makeWay(): void {
    const owner = this.#read(this.#path);
    if (owner === null) return; // Given back in this moment.
    if (this.#isHeld(owner)) throw this.#inUse(owner);
    const taken = `${this.#path}.${process.pid}`;
    try {
      renameSync(this.#path, taken);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return; // Another run was faster.
      throw error;
    }
    const isOther = this.#read(taken) !== owner;
    if (isOther) linkSync(taken, this.#path);
    rmSync(taken, { force: true });
  }

  #read(path: string): string | null {
    try {
      return readFileSync(path, "latin1");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  #isHeld(owner: string): boolean {
    // It is about to be written, or nobody knows what it is.
    if (!/^[1-9]\d{0,9}$/.test(owner)) return true;
    const pid = Number(owner);
    return pid === process.pid ? held.has(this.#path) : isAlive(pid);
  }

  #inUse(owner: string): UsageError {
    const who = /^\d+$/.test(owner) ? ` (process ${owner})` : "";
    return new UsageError(
      `another run${who} is writing the journal ${this.#journal}; wait for it, or give this run a --journal of its own; if there is no such run, remove ${this.#journal}.lock`,
    );
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
