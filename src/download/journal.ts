/*
 * What was done, for the next run: one file of lines (NDJSON), to which lines are only added.
 *
 * Strategy: of a line, its hash and its position are kept in memory; it is read again when its file's
 * turn comes, so a journal of millions of files costs some bytes for each. The last line of a file
 * counts. A line that the end of the process has torn is cut off at the next start, which also
 * writes the journal anew when much of it no longer counts.
 * When is a line safe? Once it is handed to the system, which is before the file that it tells of is
 * renamed: the end of the process at any moment, by whatever signal, loses nothing. The failing of
 * the machine may, unless the run is `durable`.
 * The file holds URLs, with what secrets they have: nobody but its owner can read it.
 * Limits: one run at a time.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from "node:fs";
import { outOfRange } from "../core/arguments.ts";
import { HashTable } from "./hashTable.ts";
import { JournalLines } from "./journalLines.ts";
import { type JournalRecord, keyOf, parseRecord } from "./journalRecord.ts";

const { O_APPEND, O_CREAT, O_RDWR, O_TRUNC } = constants;
const HEADER = '{"journal":"ambit download","version":1}\n';
/** As much of a line as is read at first. */
const LINE = 4096;

/** @internal */
export class Journal {
  readonly path: string;
  readonly #durable: boolean;
  #fd: number;
  #end = 0;
  /** Where the last line of each file begins. */
  #index = new HashTable(true);
  #buffer: Buffer = Buffer.allocUnsafe(LINE);

  /**
   * Opens it, or begins a new one.
   *
   * @throws RangeError when the file is something else
   */
  constructor(path: string, durable = false) {
    this.path = path;
    this.#durable = durable;
    this.#fd = open(path, 0);
    try {
      this.#load();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** The last line with that key, or null. */
  find(key: string): JournalRecord | null {
    const position = this.#index.get(key);
    if (position === undefined) return null;
    const record = parseRecord(this.#lineAt(position));
    // Another file's, with the same hash.
    return record !== null && keyOf(record) === key ? record : null;
  }

  append(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    this.#index.set(keyOf(record), this.#end);
    this.#write(line);
    if (this.#durable) fsyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    this.#end += bytes.length;
  }

  #load(): void {
    const { size } = fstatSync(this.#fd);
    const head = Buffer.alloc(Math.min(size, HEADER.length));
    readSync(this.#fd, head, 0, head.length, 0);
    if (!HEADER.startsWith(head.toString("latin1")))
      throw outOfRange("options.journal", "a journal of downloads, or no file yet", this.path);
    if (size < HEADER.length) {
      ftruncateSync(this.#fd, 0);
      return this.#write(Buffer.from(HEADER));
    }
    this.#read();
  }

  #read(): void {
    let lines = 0;
    const reading = new JournalLines(this.#fd, HEADER.length);
    for (const { position, text } of reading) {
      lines++;
      const record = parseRecord(text);
      if (record !== null) this.#index.set(keyOf(record), position);
    }
    this.#end = reading.end;
    ftruncateSync(this.#fd, this.#end);
    if (lines > this.#index.size * 1.5 + 16) this.#compact();
  }

  /** Writes anew what counts, in the order in which it is. */
  #compact(): void {
    const old = this.#fd;
    const before = this.#index;
    const path = `${this.path}.new`;
    this.#index = new HashTable(true);
    this.#fd = open(path, O_TRUNC);
    this.#end = 0;
    this.#write(Buffer.from(HEADER));
    for (const { position, text } of new JournalLines(old, HEADER.length)) {
      const record = parseRecord(text);
      if (record === null || before.get(keyOf(record)) !== position) continue;
      this.#index.set(keyOf(record), this.#end);
      this.#write(Buffer.from(`${text}\n`));
    }
    // Else a failing machine might keep the new name and not what is in it.
    fsyncSync(this.#fd);
    renameSync(path, this.path);
    closeSync(old);
  }

  #lineAt(position: number): string {
    for (;;) {
      const size = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, position);
      const end = this.#buffer.subarray(0, size).indexOf(10);
      if (end !== -1) return this.#buffer.toString("utf8", 0, end);
      if (size < this.#buffer.length) return "";
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2);
    }
  }
}

function open(path: string, flags: number): number {
  return openSync(path, O_RDWR | O_CREAT | O_APPEND | flags, 0o600);
}
