/*
 * tail: the lines of a file that grows, as `tail -F` gives them.
 *
 * Strategy: the file is read to its end; then the path is looked at, more and more seldom while nothing happens. The
 * system's watches are not used: they miss what happens on network file systems, and run out.
 * Each read begins a little before the new, with bytes that are known: when they are not there, the file was emptied (and
 * perhaps filled again), and is read from its start. When the path leads to another file, the old one is read to its end
 * first, for its writer may not have noticed.
 * Limits: what is written and emptied away between two looks is not seen, nor, of two other files between two looks, the
 * first. A line that has begun waits for its end.
 */
import { constants, stat, type Stats } from "node:fs";
import { protect } from "../core/shield.ts";
import { sleep } from "../core/sleep.ts";
import { BatchedItems } from "./batchedItems.ts";
import { FileError } from "./errors.ts";
import { startOfLast } from "./lastLines.ts";
import { LineCutter } from "./lineCutter.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { PlainFile } from "./plainFile.ts";
import { systemCall } from "./systemCall.ts";
import { type TailOptions, type TailSettings, tailSettings } from "./tailOptions.ts";

/** The lines of a file; leaving its `for await`, or its `await using` block, closes it. */
export interface TailLines extends AsyncIterableIterator<string, undefined>, AsyncDisposable {
  /** Closes the file. A step that waits ends, done. */
  return(): Promise<IteratorResult<string, undefined>>;
}

/**
 * Iterates over the lines of a file, from its last ones on, and waits for more (`tail -F`).
 *
 * Log rotation is followed: a file that was emptied is read from its start, one that has taken the path's place from its
 * start after the rest of the old one. With `follow`, a file that is not there is waited for. Lines come in order, without
 * `\n` or `\r\n`; what has no newline yet waits for it, and comes as a line of its own when the file is left. An iterator that is not
 * iterated over to its end, or by a `for await`, must be closed by `return()` or `await using`.
 *
 * **Cancellation:** of the scope that called `tail`: closes the file, at the step that waits. A narrower one, around one
 * step, loses no line; the next step goes on.
 *
 * @throws {@link FileError} `ENOENT` without `follow`; `EISDIR`, `EINVAL` when it is no regular file; `EACCES`
 *
 * @example
 * ```ts
 * import { atomicWrite, tail, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await atomicWrite(`${folder.path}/log`, "one\ntwo\nthree\n");
 * const last: string[] = [];
 * for await (const line of tail(`${folder.path}/log`, { lines: 2, follow: false })) last.push(line);
 * last; // => ["two", "three"]
 * ```
 */
export function tail(path: FilePath, options: TailOptions = {}): TailLines {
  expectPath("path", path);
  return new Tail(pathOf(path), tailSettings(options));
}

/** Bytes of a read. */
const PIECE = 64 * 1024;
/** Bytes that are read again, to see whether the file is still the same. */
const KNOWN = 64;
const NOTHING = new Uint8Array(0);
/** The shortest pause between two looks, in milliseconds. */
const SHORTEST = 10;

/** A pipe must not hold a thread until somebody writes; unknown to Windows. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

class Tail extends BatchedItems<string> implements TailLines {
  protected readonly label: string;
  readonly #path: string;
  readonly #settings: TailSettings;
  readonly #cutter: LineCutter;
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE);
  #file: PlainFile | null = null;
  /** Of the file that is open. */
  #identity = "";
  #position = 0;
  /** The bytes before the position. */
  #known: Uint8Array = NOTHING;
  #pause = SHORTEST;
  /** Whether the path leads to another file by now. */
  #isReplaced = false;
  /** Whether the last lines are wanted of what is opened; else all of them. */
  #fromEnd: boolean;
  #isOver = false;

  constructor(path: string, settings: TailSettings) {
    super(true);
    this.label = `tail '${path}'`;
    this.#path = path;
    this.#settings = settings;
    this.#fromEnd = settings.fromEnd;
    this.#cutter = new LineCutter(settings.encoding, settings.limit);
  }

  protected async fetch(): Promise<string[] | null> {
    while (!this.#isOver) {
      if (this.#file === null) {
        await this.#tryToOpen();
        continue;
      }
      const lines = await this.#read(this.#file);
      if (lines.length > 0) return lines;
    }
    return null;
  }

  protected async close(): Promise<void> {
    await this.#file?.close();
  }

  async #tryToOpen(): Promise<void> {
    try {
      this.#file = await this.#open();
      this.#pause = SHORTEST;
    } catch (error) {
      const isMissing = error instanceof FileError && error.code === "ENOENT";
      if (!isMissing || !this.#settings.follow) throw error;
      this.#fromEnd = false; // All of what comes now is new.
      await this.#rest();
    }
  }

  async #open(): Promise<PlainFile> {
    const file = await PlainFile.open("tail", this.#path, FLAGS);
    try {
      const status = await this.#statusOf(file);
      const { lines } = this.#settings;
      const start = this.#fromEnd ? await startOfLast(file, status.size, lines) : 0;
      this.#known = await bytesBefore(file, start);
      this.#position = start;
      this.#identity = identityOf(status);
      return file;
    } catch (error) {
      await protect(() => file.close());
      throw error;
    }
  }

  async #statusOf(file: PlainFile): Promise<Stats> {
    const status = await file.stat();
    if (status.isFile()) return status;
    const [words, code] = status.isDirectory()
      ? ["it is a folder", "EISDIR"]
      : ["it is no regular file", "EINVAL"];
    throw new FileError(words, { operation: "tail", path: this.#path, code });
  }

  /** What comes at once; at the end, looks whether there will be more. */
  async #read(file: PlainFile): Promise<string[]> {
    const known = this.#known.length;
    const count = await file.read(this.#buffer, this.#position - known);
    const bytes = this.#buffer.subarray(0, count);
    if (!bytes.subarray(0, known).equals(this.#known)) return this.#startAgain();
    if (count === known) return await this.#lookAround(file);
    this.#position += count - known;
    this.#known = Uint8Array.from(bytes.subarray(Math.max(0, count - KNOWN)));
    this.#pause = SHORTEST;
    return this.#cutter.cut(bytes.subarray(known));
  }

  #startAgain(): string[] {
    this.#position = 0;
    this.#known = NOTHING;
    return this.#cutter.finish();
  }

  async #lookAround(file: PlainFile): Promise<string[]> {
    if (!this.#settings.follow) {
      this.#isOver = true;
      return this.#cutter.finish();
    }
    if (this.#isReplaced) return await this.#leave(file);
    const there = await this.#statusOfPath();
    if (there !== null && identityOf(there) !== this.#identity) this.#isReplaced = true;
    else await this.#rest();
    return [];
  }

  /** Null when there is nothing. */
  async #statusOfPath(): Promise<Stats | null> {
    return await systemCall<Stats | null>("tail", this.#path, (done) =>
      stat(this.#path, (error, status) => {
        if (error?.code === "ENOENT") done(null, null);
        else done(error, status);
      }),
    );
  }

  /** It has been read to its end after another took its place. */
  async #leave(file: PlainFile): Promise<string[]> {
    this.#file = null;
    this.#isReplaced = false;
    this.#fromEnd = false;
    await protect(() => file.close());
    return this.#cutter.finish();
  }

  async #rest(): Promise<void> {
    const pause = Math.min(this.#pause, this.#settings.interval);
    this.#pause = 2 * pause;
    await sleep(pause);
  }
}

async function bytesBefore(file: PlainFile, position: number): Promise<Uint8Array> {
  const size = Math.min(position, KNOWN);
  const bytes = new Uint8Array(size);
  const count = await file.read(bytes, position - size);
  // Fewer only when it was emptied meanwhile: then nothing will be the same.
  return count === size ? bytes : bytes.fill(0);
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
