/*
 * TemporaryFile: a file that is there until it is moved to where it belongs, or until its owner has ended.
 *
 * Strategy: made with a name that nobody can guess, for this user alone, and only if there is none of that name. What is
 * written becomes visible under its real name in one step, by `rename`. The system's calls can't be taken back: a cancel
 * waits for the one that runs, so that no file comes to be after its task has ended. Its owner is a task: with that it
 * goes, however it ended.
 * Limits: a process that is killed leaves the file where it is; so the system's folder for temporary files is the right
 * one. Nothing is synced to disk.
 */
import { close, fchmod, open, read, rename, unlink, write } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Waiter } from "../core/join.ts";
import type { Task } from "../core/task.ts";
import { type Done, systemCall } from "../files/systemCall.ts";
import { inTurn } from "./descriptorTurns.ts";

/** @internal */
export class TemporaryFile implements Waiter {
  readonly passive = true;
  readonly path: string;
  readonly #descriptor: number;
  #size = 0;
  /** Calls that the system has not come back from. */
  #busy = 0;
  #removed = false;
  #moved = false;
  #closed = false;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /**
   * Makes a file in that folder.
   *
   * **Cancellation:** waits until the system has made it; with an owner it goes when that ends.
   *
   * @param owner with its end the file goes
   */
  static async create(folder: string, owner: Task<unknown> | null): Promise<TemporaryFile> {
    const path = join(folder, `.ambit-${randomBytes(16).toString("hex")}.part`);
    const descriptor = await inTurn(() =>
      systemCall<number>("open", path, (done) => open(path, "wx+", 0o600, done)),
    );
    const file = new TemporaryFile(path, descriptor);
    owner?.addWaiter(file);
    return file;
  }

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  /** Whether it was moved to where it belongs. */
  get moved(): boolean {
    return this.#moved;
  }

  /** Whether it can be read no more. */
  get removed(): boolean {
    return this.#removed;
  }

  /**
   * Writes behind what is there.
   *
   * **Cancellation:** waits for the system; some of it may be written.
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let begin = 0; begin < bytes.length;) {
      const rest = bytes.subarray(begin);
      const at = this.#size;
      const written = await this.#call<number>("write", (done) =>
        write(this.#descriptor, rest, 0, rest.length, at, done),
      );
      begin += written;
      this.#size += written;
    }
  }

  /** Fills as much of the buffer as comes at once; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number> {
    return this.#call<number>("read", (done) =>
      read(this.#descriptor, buffer, 0, buffer.length, position, done),
    );
  }

  /**
   * Moves it to where it belongs, in one step; what is there under that name is replaced.
   *
   * **Cancellation:** it may have been moved, or not.
   *
   * @param mode its permissions
   */
  async moveTo(path: string, mode: number): Promise<void> {
    await this.#call<void>("chmod", (done) => fchmod(this.#descriptor, mode, done));
    await this.#call<void>(`rename to ${path} of`, (done) =>
      rename(this.path, path, (error) => {
        if (error === null) this.#moved = true;
        done(error);
      }),
    );
  }

  /** Gives it up; may be called again. What was moved stays where it is. */
  remove(): void {
    this.#removed = true;
    if (this.#busy === 0) this.#close();
  }

  /** The owner has ended. */
  settled(): void {
    this.remove();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.#descriptor, () => {
      if (!this.#moved) unlink(this.path, ignore);
    });
  }

  async #call<T>(operation: string, begin: (done: Done<T>) => void): Promise<T> {
    if (this.#removed)
      throw new Error(`${operation} of a temporary file that was removed: its request is over`);
    this.#busy++;
    try {
      return await systemCall<T>(operation, this.path, begin);
    } finally {
      this.#busy--;
      if (this.#removed && this.#busy === 0) this.#close();
    }
  }
}

/** A temporary file that is gone already is as good as removed. */
function ignore(): void {}
