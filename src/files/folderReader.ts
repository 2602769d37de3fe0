/*
 * FolderReader: what is in a folder, batch by batch, however much that is.
 *
 * Strategy: a small folder is listed with one call, which is a good deal cheaper than a handle. How small it is its size
 * tells, that of what it takes to keep the names: nearly all file systems say more for more names. For all others, and
 * those that say nothing, there is Node's directory handle: it reads so many entries with one call of the system and hands
 * them out one by one. The first of them is waited for; the others are taken at once, up to the size of a batch, so that
 * no more is asked of the system than whether a batch that is not full was the last: it knows that by then. The handle is
 * given back with the last batch, so that nobody holds one while they wait for another to do something with what is in
 * the folder; at once, for there is nothing to be written.
 * Limits: what comes and goes while a folder is read may be told or not; the system says no more. A file system that says
 * little of a large folder has it listed as a whole.
 */
import { type Dir, type Dirent, opendir, readdir, stat, type Stats } from "node:fs";
import { descriptorClosed, inTurn } from "./descriptorLine.ts";
import { fileError } from "./errors.ts";
import { type Done, systemCall } from "./systemCall.ts";

/** Entries of a batch: more cost memory, fewer cost calls. */
const BATCH = 256;
/** Bytes of a folder that is listed as a whole: a few hundred names, or one block. */
const SMALL = 4096;

/** Names as text, or as the bytes that the system has. @internal */
export type NameEncoding = "utf8" | "buffer";

/** @internal */
export class FolderReader {
  readonly #operation: string;
  readonly #path: string | Buffer;
  readonly #name: string;
  readonly #encoding: "utf8";
  /** Bytes; null until it was asked for. */
  #size: number | null = null;
  /** What is still to be given, when there is no handle. */
  #listed: Dirent[] | null = null;
  #dir: Dir | null = null;
  #ended = false;

  /**
   * @param operation that errors name
   * @param name that errors name, where that is not the path
   */
  constructor(
    operation: string,
    path: string | Buffer,
    encoding: NameEncoding = "utf8",
    name = String(path),
  ) {
    this.#operation = operation;
    this.#path = path;
    this.#name = name;
    this.#encoding = encoding as "utf8";
  }

  /** Whether all was read. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next entries; none when there are no more. Once at a time.
   *
   * **Cancellation:** nothing is lost; the next call goes on where this one ended.
   */
  async read(): Promise<Dirent[]> {
    if (this.#ended) return [];
    if (this.#listed === null && this.#dir === null) await this.#open();
    const dir = this.#dir;
    if (dir === null) return this.#rest();
    let entry = await this.#call<Dirent | null>((done) => dir.read(done));
    const entries: Dirent[] = [];
    while (entry !== null) {
      entries.push(entry);
      if (entries.length === BATCH) return entries;
      entry = this.#next(dir);
    }
    this.#ended = true;
    this.close();
    return entries;
  }

  async #open(): Promise<void> {
    const [path, encoding] = [this.#path, this.#encoding];
    this.#size ??= (await this.#call<Stats>((done) => stat(path, done))).size;
    const isSmall = this.#size > 0 && this.#size <= SMALL;
    if (isSmall) {
      const how = { withFileTypes: true, encoding } as const;
      this.#listed = await inTurn(() => this.#call<Dirent[]>((done) => readdir(path, how, done)));
    } else {
      const how = { bufferSize: BATCH, encoding };
      this.#dir = await inTurn(() => this.#call<Dir>((done) => opendir(path, how, done)));
    }
  }

  #call<T>(begin: (done: Done<T>) => void): Promise<T> {
    return systemCall<T>(this.#operation, this.#name, begin);
  }

  #rest(): Dirent[] {
    const entries = this.#listed ?? [];
    this.#listed = null;
    this.#ended = true;
    return entries;
  }

  #next(dir: Dir): Dirent | null {
    try {
      return dir.readSync();
    } catch (error) {
      throw fileError(this.#operation, this.#name, error);
    }
  }

  /** Gives the handle back; may be called again. */
  close(): void {
    const dir = this.#dir;
    if (dir === null) return;
    this.#dir = null;
    dir.closeSync();
    descriptorClosed();
  }
}
