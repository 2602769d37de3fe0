/*
 * Where files lie: complete ones under their name, the others under `name.part`.
 *
 * Strategy: a small file is written and named in one go, with synchronous calls: a thread pool costs
 * more than the write, and nothing can come in between. Before a file gets its name, the journal says
 * so; so after any end of the process it is known which files are complete.
 */
import {
  closeSync,
  fdatasyncSync,
  futimesSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  lstatSync,
  writeSync,
} from "node:fs";
import { checkpoint } from "../core/sleep.ts";
import { Failure } from "./failure.ts";
import type { Hashing } from "./checksum.ts";
import type { Journal } from "./journal.ts";
import type { DoneRecord } from "./journalRecord.ts";
import type { OutputFolder } from "./outputFolder.ts";
import type { PartLocks } from "./partLocks.ts";
import { openToWrite } from "./partFile.ts";
import { PART } from "./reservations.ts";

const PIECE = 1024 * 1024;

/** @internal */
export class Shelf {
  readonly folder: OutputFolder;
  readonly journal: Journal | null;
  /** Null where no other process writes into the folder. */
  readonly locks: PartLocks | null;
  readonly #durable: boolean;

  constructor(
    folder: OutputFolder,
    journal: Journal | null,
    locks: PartLocks | null,
    durable: boolean,
  ) {
    this.folder = folder;
    this.journal = journal;
    this.locks = locks;
    this.#durable = durable;
  }

  /** Where a file is written until it is complete; sees to it that it can be. */
  partPath(path: string): string {
    this.#expectOwn(path);
    return this.folder.prepare(path) + PART;
  }

  /** Writes a small file and gives it its name. */
  save(record: DoneRecord, bytes: Uint8Array, modified: number | null, now: number): void {
    const part = this.partPath(record.path);
    const fd = openToWrite(part, true);
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      if (modified !== null) futimesSync(fd, now / 1000, modified / 1000);
      if (this.#durable) fdatasyncSync(fd);
    } catch (error) {
      closeSync(fd);
      this.discard(record.path);
      throw error;
    }
    closeSync(fd);
    this.finish(record);
  }

  /** Gives a complete file its name. */
  finish(record: DoneRecord): void {
    this.#expectOwn(record.path);
    this.journal?.append(record);
    const final = this.folder.absolute(record.path);
    try {
      renameSync(final + PART, final);
    } catch (error) {
      this.discard(record.path);
      throw error;
    }
  }

  /** What is there under the name, or its part; null when nothing is, or something else than a file. */
  stat(path: string, part: boolean): Stats | null {
    const whole = this.folder.absolute(path) + (part ? PART : "");
    const found = lstatSync(whole, { throwIfNoEntry: false });
    return found?.isFile() === true ? found : null;
  }

  /** Whether anything at all is there under the name. */
  isTaken(path: string): boolean {
    return lstatSync(this.folder.absolute(path), { throwIfNoEntry: false }) !== undefined;
  }

  /** Removes the part of a file. */
  discard(path: string): void {
    if (this.#isOwn(path)) rmSync(this.folder.absolute(path) + PART, { force: true });
  }

  #isOwn(path: string): boolean {
    return this.locks === null || this.locks.holds(path);
  }

  #expectOwn(path: string): void {
    if (this.#isOwn(path)) return;
    throw new Failure("other", "this process stood still, and another has taken the file over");
  }

  /** Hashes the first bytes of a file, or of its part. */
  async hash(path: string, part: boolean, size: number, hashing: Hashing): Promise<void> {
    const fd = openSync(this.folder.absolute(path) + (part ? PART : ""), "r");
    try {
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, size));
      for (let at = 0; at < size;) {
        const read = readSync(fd, buffer, 0, Math.min(buffer.length, size - at), at);
        if (read === 0)
          throw new Failure("body", "the part of the file is shorter than it was", "afresh");
        hashing.update(buffer.subarray(0, read));
        at += read;
        await checkpoint();
      }
    } finally {
      closeSync(fd);
    }
  }
}
