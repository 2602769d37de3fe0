/*
 * StandardRaw: the streams that a process is born with, as files.
 *
 * Strategy: what they are is looked at when they are used first. A pipe or a terminal is Node's own stream, so that what
 * is written here and what `console` writes keep their order; a regular file is read and written where its descriptor is,
 * which others may share. They are never closed, only given up.
 * What is gathered is written at the end of the run, and of the process at the latest, where nothing can be waited for.
 */
import { fstatSync, type Stats, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { isatty } from "node:tty";
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope } from "../core/scope.ts";
import { Descriptor } from "./descriptor.ts";
import { FileError, fileError } from "./errors.ts";
import { atProcessExit } from "./exitCleanup.ts";
import type { Gathering, RawFile } from "./rawFile.ts";
import { StreamRaw } from "./streamRaw.ts";

/** @internal */
export type StandardName = "stdin" | "stdout" | "stderr";

const DESCRIPTORS = { stdin: 0, stdout: 1, stderr: 2 } as const;

const NOTHING = new Int32Array(new SharedArrayBuffer(4));
/** Milliseconds between two attempts to write to a pipe that is full, and how many in vain. */
const PAUSE = 5;
const MOST_TRIES = 1000;

/** @internal */
export class StandardRaw implements RawFile {
  readonly name: string;
  readonly path: string;
  readonly fd: number;
  readonly seekable = false;
  readonly #stream: StandardName;
  #inner: Descriptor | StreamRaw | null = null;
  #exiting = false;
  readonly #runners = new WeakSet<object>();

  constructor(stream: StandardName) {
    this.name = `<${stream}>`;
    this.path = `/dev/${stream}`;
    this.fd = DESCRIPTORS[stream];
    this.#stream = stream;
  }

  get #raw(): Descriptor | StreamRaw {
    return (this.#inner ??= this.#open());
  }

  #open(): Descriptor | StreamRaw {
    const stats = this.#stats();
    const tty = this.isatty();
    if (stats.isFile() || (stats.isCharacterDevice() && !tty))
      return new Descriptor(this.name, this.fd, false);
    const ends =
      this.#stream === "stdin"
        ? { readable: process.stdin, writable: null }
        : { readable: null, writable: this.#writable };
    return new StreamRaw(this.name, this.fd, tty, ends);
  }

  #stats(): Stats {
    try {
      return fstatSync(this.fd);
    } catch (error) {
      // It was closed before the process began.
      throw fileError("open", this.name, error);
    }
  }

  get #writable(): Writable {
    return this.#stream === "stdout" ? process.stdout : process.stderr;
  }

  read(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    return this.#raw.read(buffer, offset, length, null);
  }

  write(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    return this.#raw.write(buffer, offset, length, null);
  }

  async settle(): Promise<void> {
    const raw = this.#raw;
    if (raw instanceof StreamRaw) await raw.settle();
  }

  interrupt(): void {
    const raw = this.#raw;
    if (raw instanceof StreamRaw) raw.interrupt();
  }

  gathering(file: Gathering): void {
    const { runner } = ambientScope();
    if (!this.#runners.has(runner)) {
      this.#runners.add(runner);
      onRunnerEnd(() => this.#flush(file));
    }
    if (this.#exiting) return;
    this.#exiting = true;
    atProcessExit(() => this.#writeNow(file.takeGathered()));
  }

  async #flush(file: Gathering): Promise<void> {
    try {
      await file.inTurn("flush", () => file.flush());
    } catch (error) {
      // Who read it has gone, and that is nobody's fault: `program | head`.
      if (!(error instanceof FileError) || error.code !== "EPIPE") throw error;
    }
  }

  /** At the end of the process a pipe that is full is waited for, but not for ever. */
  #writeNow(bytes: Buffer): void {
    let written = 0;
    for (let tries = 0; written < bytes.length && tries < MOST_TRIES; tries++) {
      try {
        written += writeSync(this.fd, bytes, written);
        tries = 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
        Atomics.wait(NOTHING, 0, 0, PAUSE);
      }
    }
  }

  size(): Promise<number> {
    return this.#raw.size();
  }

  truncate(length: number): Promise<void> {
    return this.#raw.truncate(length);
  }

  sync(metadata: boolean): Promise<void> {
    return this.#raw.sync(metadata);
  }

  /** It stays open: others use it, too. */
  async close(): Promise<void> {}

  isatty(): boolean {
    return isatty(this.fd);
  }
}
