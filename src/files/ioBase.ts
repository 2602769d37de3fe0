/*
 * IOBase: what files of bytes and of text have in common.
 */
import { resolve } from "node:path";
import { INSPECT } from "../core/inspection.ts";
import type { BufferedFile } from "./bufferedFile.ts";

/** From where an offset counts: 0 the start, 1 the position, 2 the end (`os.SEEK_SET`, `SEEK_CUR`, `SEEK_END`). */
export type Whence = 0 | 1 | 2;

/** How a file is synced. */
export interface SyncOptions {
  /** Whether its times and the like are waited for, too. Default true. */
  readonly metadata?: boolean;
}

/**
 * A file that was opened (`io.IOBase`): {@link BinaryFile} or {@link TextFile}.
 *
 * `await using` closes it. One operation has a file at a time; those that several tasks begin are done in the order in
 * which they were called.
 */
export abstract class IOBase implements AsyncDisposable {
  /** The file, as `open` was given it. */
  readonly name: string;
  /** The file, as an absolute path. */
  readonly path: string;
  /** @internal */
  protected readonly buffered: BufferedFile;

  /** The object whose collection closes the file, if that is not this one's: it is kept. @internal */
  readonly owner: IOBase | null;

  /** @internal */
  constructor(buffered: BufferedFile, owner: IOBase | null = null) {
    const { name, path = resolve(name) } = buffered.raw;
    this.owner = owner;
    this.buffered = buffered;
    this.name = name;
    this.path = path;
  }

  /** The mode it was opened with. */
  get mode(): string {
    return this.buffered.rules.mode;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.buffered.closed;
  }

  /**
   * The system's number of the open file.
   * @throws {@link ClosedFileError} when it was closed
   */
  fileno(): number {
    this.buffered.expectOpen("fileno");
    return this.buffered.raw.fd;
  }

  /**
   * Whether it is a terminal.
   * @throws {@link ClosedFileError} when it was closed
   */
  isatty(): boolean {
    this.buffered.expectOpen("isatty");
    return this.buffered.raw.isatty();
  }

  /** Whether it was opened to be read. */
  readable(): boolean {
    return this.buffered.rules.readable;
  }

  /** Whether it was opened to be written. */
  writable(): boolean {
    return this.buffered.rules.writable;
  }

  /** Whether it has positions: a regular file has, a pipe or a terminal has not. */
  seekable(): boolean {
    return this.buffered.raw.seekable;
  }

  /**
   * Hands to the system what was written and gathered.
   *
   * **Cancellation:** the call that runs is waited for; what is not written yet stays gathered.
   *
   * @throws {@link FileError} `ENOSPC`, `EIO` … ; what is not written yet stays gathered
   * @throws {@link ClosedFileError} when it was closed
   */
  flush(): Promise<void> {
    const { buffered } = this;
    buffered.expectOpen("flush");
    return buffered.inTurn("flush", () => buffered.flush());
  }

  /**
   * Flushes, and waits until all of it is on the disk (`os.fsync`).
   *
   * **Cancellation:** the call that runs is waited for.
   *
   * @throws {@link FileError} what the system reports: what was written before may be lost
   * @throws {@link ClosedFileError} when it was closed
   */
  sync(options: SyncOptions = {}): Promise<void> {
    const { buffered } = this;
    buffered.expectOpen("sync");
    return buffered.inTurn("sync", async () => {
      await buffered.flush();
      await buffered.raw.sync(options.metadata ?? true);
    });
  }

  /**
   * Flushes and closes; the operations that were called before are done first. May be called again.
   *
   * **Cancellation:** none: it is done to its end, and a cancel is for the next wait. Only for who reads a pipe it does
   * not wait in a scope that was cancelled: what the pipe has not taken is lost then.
   *
   * @throws {@link FileError} when what was gathered could not be written; it is closed all the same
   */
  close(): Promise<void> {
    return this.buffered.close();
  }

  /** Like {@link IOBase.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const parts = [`<${this.constructor.name} name='${this.name}' mode='${this.mode}'`];
    if (this.closed) parts.push("closed");
    return `${parts.join(" ")}>`;
  }
}
