/*
 * OpenFile: a file that is being answered with: its descriptor, and what it was when it was opened.
 *
 * Strategy: opening and reading are done in a thread of Node's pool, so that a slow disk holds nobody but who waits for
 * it; what a descriptor tells by itself (`fstat`, its real path) is asked for at once, and it is closed at once: there is
 * nothing to be written. A read can't be taken back from the system: the descriptor is closed when the last one has come back, however its reader ended, and by the end of the
 * task that opened it at the latest, so that a reply nobody sends leaks none.
 * Opened without blocking, so that a named pipe doesn't hold a thread until somebody writes; only regular files pass.
 * Limits: a file that is written over in place with as many bytes, within one clock tick of the file system, looks
 * unchanged. Files are replaced by `rename`, which leaves who is reading with the old one.
 */
import { closeSync, constants, fstatSync, open, read, type Stats } from "node:fs";
import { currentTask } from "../core/currentTask.ts";
import type { Waiter } from "../core/join.ts";
import { suspend } from "../core/suspend.ts";
import { descriptorClosed } from "../files/descriptorLine.ts";
import { Forbidden, NotFound } from "./httpError.ts";
import { inTurn } from "./descriptorTurns.ts";
import { leavesRoot, type Root } from "./fileRoot.ts";

// The last two are unknown to Windows.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** What there is at a path that is no file. */
const MISSING = new Set([
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  "ELOOP",
  // A socket.
  "ENXIO",
  // A null byte in the path.
  "ERR_INVALID_ARG_VALUE",
  // A name that this file system can't have.
  "EINVAL",
  "EILSEQ",
]);

/** Thrown for a folder where a file is wanted. @internal */
export class IsFolder extends NotFound {}

/** The file isn't any more what was begun to be sent. */
export class FileChangedError extends Error {
  override name = "FileChangedError";
}

/** @internal */
export class OpenFile implements Waiter {
  readonly passive = true;
  readonly path: string;
  /** Of when it was opened, or last looked at. */
  stats: Stats;
  readonly #descriptor: number;
  readonly #growing: boolean;
  #reading = false;
  #closed = false;

  private constructor(path: string, descriptor: number, stats: Stats, growing: boolean) {
    this.path = path;
    this.#descriptor = descriptor;
    this.stats = stats;
    this.#growing = growing;
  }

  /**
   * Opens a file.
   *
   * **Cancellation:** it is closed as soon as the system has opened it.
   *
   * @param root where it must lie, with links followed; null for anywhere
   * @param growing whether it may grow while it is sent
   * @throws {@link NotFound} when there is no such file, or it is none, or lies elsewhere
   * @throws {@link Forbidden} when the server may not read it
   * @throws {@link ServiceUnavailable} when there are no descriptors left, for too long
   */
  static async open(path: string, root: Root | null, growing: boolean): Promise<OpenFile> {
    const descriptor = await openDescriptor(path);
    let kept = false;
    try {
      const stats = fstatSync(descriptor);
      if (root !== null && leavesRoot(root, path, descriptor, stats)) throw new NotFound();
      if (stats.isDirectory()) throw new IsFolder();
      if (!stats.isFile()) throw new NotFound();
      const file = new OpenFile(path, descriptor, stats, growing);
      currentTask()?.addWaiter(file);
      kept = true;
      return file;
    } finally {
      if (!kept) giveBack(descriptor);
    }
  }

  /** In bytes. */
  get size(): number {
    return this.stats.size;
  }

  /**
   * Fills as much of the buffer as comes at once; 0 at the file's end.
   *
   * **Cancellation:** ends the wait; the buffer may still be written to.
   */
  read(buffer: Uint8Array, position: number): Promise<number> {
    if (this.#closed) throw new FileChangedError(`read of ${this.path}, which was closed`);
    return suspend<number>(
      (wait) => {
        this.#reading = true;
        read(this.#descriptor, buffer, 0, buffer.length, position, (error, count) => {
          this.#reading = false;
          if (this.#closed) giveBack(this.#descriptor);
          if (error === null) wait.resolve(count);
          else wait.reject(error);
        });
      },
      undefined,
      "read of a file",
    );
  }

  /** Whether it is still what `stats` says, as far as the system tells. */
  get unchanged(): boolean {
    const { size, mtimeMs } = fstatSync(this.#descriptor);
    if (this.#growing) return size >= this.stats.size;
    return size === this.stats.size && mtimeMs === this.stats.mtimeMs;
  }

  /** Looks at it again. */
  refresh(): void {
    this.stats = fstatSync(this.#descriptor);
  }

  /** Gives the descriptor back, once no read is under way. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#reading) giveBack(this.#descriptor);
  }

  /** The task that opened it has ended. */
  settled(): void {
    this.close();
  }
}

function giveBack(descriptor: number): void {
  closeSync(descriptor);
  descriptorClosed();
}

async function openDescriptor(path: string): Promise<number> {
  try {
    return await inTurn(() => ask(path));
  } catch (error) {
    throw explained(error);
  }
}

function ask(path: string): Promise<number> {
  return suspend<number>(
    (wait) => {
      let left = false;
      open(path, FLAGS, (error, descriptor) => {
        if (error !== null) wait.reject(error);
        else if (left) closeSync(descriptor);
        else wait.resolve(descriptor);
      });
      return () => (left = true);
    },
    undefined,
    "open of a file",
  );
}

/** Visitors are told the status only: a path of the server's is none of their business. */
function explained(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return error;
  if (MISSING.has(code)) return new NotFound(undefined, { cause: error });
  if (code === "EISDIR") return new IsFolder(undefined, { cause: error });
  if (code === "EACCES" || code === "EPERM") return new Forbidden(undefined, { cause: error });
  return error;
}
