/*
 * ReadBuffer: the bytes of a file that were read ahead of the program.
 *
 * Strategy: they lie in a chunk that is never written over while anybody has a view of it, so what is handed out is no
 * copy. Each call of the system brings as much as comes into what is free of the chunk; what is wanted in one piece gets
 * a chunk that can hold it. Who reads on and on gets larger chunks, and at last the next one fetched while he is busy
 * with this one.
 * Limits: it knows nothing of what is to be written; see `BufferedFile`.
 */
import type { RawFile } from "./rawFile.ts";
import { canPrefetch, ReadAhead } from "./readAhead.ts";
import { View } from "./view.ts";

/** Bytes that are read ahead, or gathered to be written, when nothing else is said. @internal */
export const BUFFER_SIZE = 65_536;
/** Bytes of one call of the system at most: a cancel waits for it. @internal */
export const MOST = 16 * 1024 * 1024;
/** Bytes of the chunks of a file that is read on and on: of larger ones the system makes the memory anew each time. */
const LARGE = 524_288;
/** Bytes of the lines that are taken at once: each is an object, and they should die young. */
const BATCH = 32_768;
const NEWLINE = 10;
/** @internal */
export const NO_BYTES: Buffer = Buffer.alloc(0);

/** @internal */
export class ReadBuffer {
  /** Where the program is in the file. */
  position: number;
  /** Whether the last call brought less than was asked for. */
  short = false;
  readonly #raw: RawFile;
  readonly #size: number;
  /** What was read ahead, from `#at` to `#end` of the chunk; what was taken of it begins at `#from`. */
  #chunk = NO_BYTES;
  #memory = NO_BYTES.buffer;
  /** Where in it the chunk begins. */
  #offset = NO_BYTES.byteOffset;
  #from = 0;
  #at = 0;
  #end = 0;
  /** Bytes to ask for with the next call. */
  #stride: number;
  #ahead: ReadAhead | null = null;
  /** Whether somebody has a view of the chunk. */
  #lent = false;
  /** A chunk that nobody has a view of, to be filled anew. */
  #spare: Buffer | null = null;

  /** @param size bytes to read ahead; only of the usual number it makes more when it is of use */
  constructor(raw: RawFile, size: number, position: number) {
    this.#raw = raw;
    this.#size = size;
    this.#stride = size;
    this.position = position;
  }

  /** Bytes that can be taken. */
  get available(): number {
    return this.#end - this.#at;
  }

  /** Behind what was read ahead. */
  get rawPosition(): number {
    return this.position + this.available;
  }

  /** Reads until there are as many bytes, or the file ends: false then. */
  async fill(least: number): Promise<boolean> {
    while (this.available < least) {
      if (!(await this.readMore(least))) return false;
    }
    return true;
  }

  /** So many bytes will be read. */
  expect(bytes: number): void {
    this.#stride = Math.max(this.#stride, Math.min(bytes, LARGE));
  }

  /** One call: what comes at once, into a chunk that could hold `least`; false at the end. */
  async readMore(least: number): Promise<boolean> {
    if (this.#ahead !== null && (await this.#takeAhead(this.#ahead))) return true;
    this.#makeRoom(least);
    const room = Math.min(this.#chunk.length - this.#end, MOST);
    const position = this.#raw.seekable ? this.rawPosition : null;
    const count = await this.#raw.read(this.#chunk, this.#end, room, position);
    this.#end += count;
    this.short = count < room;
    // A chunk has less room when it begins with what was left of the last one.
    if (count === room && 2 * room >= this.#stride) this.#goOn();
    return count > 0;
  }

  /** The last call brought as much as was asked for: there will be more. */
  #goOn(): void {
    const raw = this.#raw;
    if (this.#size !== BUFFER_SIZE || !canPrefetch(raw)) return;
    if (this.#stride < LARGE) this.#stride *= 2;
    else this.#ahead = new ReadAhead(raw, this.rawPosition, LARGE, this.#takeSpare());
  }

  #takeSpare(): Buffer | null {
    const spare = this.#spare;
    this.#spare = null;
    return spare;
  }

  /** Takes what was fetched, if it is what follows and there is anything. */
  async #takeAhead(ahead: ReadAhead): Promise<boolean> {
    await ahead.settle();
    this.#ahead = null;
    if (ahead.position !== this.rawPosition || ahead.count === 0) return false;
    const { chunk, at, end } = ahead.behind(this.#chunk.subarray(this.#at, this.#end));
    this.#spare = this.#lent ? null : this.#chunk;
    this.#use(chunk, at, end);
    this.short = !ahead.full;
    if (ahead.full) this.#goOn();
    return true;
  }

  #makeRoom(least: number): void {
    const { available } = this;
    if (this.#chunk.length > this.#end && this.#chunk.length - this.#at >= least) return;
    const size = Math.max(least, this.#stride);
    if (available === 0 && !this.#lent && this.#chunk.length >= size) {
      this.#from = this.#at = this.#end = 0;
      return;
    }
    const chunk = Buffer.allocUnsafeSlow(available === 0 ? size : Math.max(size, 2 * available));
    this.#chunk.copy(chunk, 0, this.#at, this.#end);
    this.#use(chunk, 0, available);
  }

  #use(chunk: Buffer, at: number, end: number): void {
    this.#chunk = chunk;
    this.#memory = chunk.buffer;
    this.#offset = chunk.byteOffset;
    this.#from = this.#at = at;
    this.#end = end;
    this.#lent = false;
  }

  /** Takes as many bytes, which must be there; a view of them. */
  take(count: number): Buffer {
    this.lend();
    return this.takeBriefly(count);
  }

  /** The same; of use only until more is read. */
  takeBriefly(count: number): Buffer {
    const bytes = new View(this.#memory, this.#offset + this.#at, count);
    this.skip(count);
    return bytes;
  }

  /** Views of the chunk are kept. */
  lend(): void {
    this.#lent = true;
  }

  skip(count: number): void {
    this.#at += count;
    this.position += count;
    // Nothing of it can be of use any more.
    if (this.#at === this.#chunk.length && this.#lent) this.#use(NO_BYTES, 0, 0);
  }

  /** Puts back what was taken last, in whole or its end. */
  putBack(bytes: Buffer): void {
    const { length } = bytes;
    this.position -= length;
    if (this.#precedes(bytes)) {
      this.#at -= length;
      return;
    }
    const chunk = this.available === 0 ? bytes : Buffer.concat([bytes, this.look()]);
    this.#use(chunk, 0, chunk.length);
    this.#lent = true;
  }

  /** Whether the bytes are the part of the chunk that is before the position. */
  #precedes(bytes: Buffer): boolean {
    const end = bytes.byteOffset + bytes.length;
    return bytes.buffer === this.#chunk.buffer && end === this.#chunk.byteOffset + this.#at;
  }

  /** What is there, not taken; a view. */
  look(): Buffer {
    return this.#chunk.subarray(this.#at, this.#end);
  }

  /** The next line, when it is there in whole; null when it is not, or longer than `most` bytes. */
  lineHere(most: number): Buffer | null {
    const found = this.#chunk.indexOf(NEWLINE, this.#at);
    // Behind what was read, the chunk holds anything.
    if (found === -1 || found >= this.#end || found - this.#at > most) return null;
    return this.take(found + 1 - this.#at);
  }

  /** Takes lines that are there in whole, up to one that is longer than `most` bytes or than a batch; null for none. */
  linesHere(most: number): Buffer[] | null {
    const begin = this.#at;
    // Ends are found more quickly in text, though it is a copy: a search of bytes is a call that leaves the language.
    const text = this.#chunk.toString("latin1", begin, Math.min(this.#end, begin + BATCH));
    const memory = this.#memory;
    const offset = this.#offset + begin;
    const lines: Buffer[] = [];
    let at = 0;
    for (let found = text.indexOf("\n"); found !== -1; found = text.indexOf("\n", at)) {
      if (found - at > most) break;
      lines[lines.length] = new View(memory, offset + at, found + 1 - at);
      at = found + 1;
    }
    if (at === 0) return null;
    this.lend();
    this.skip(at);
    return lines;
  }

  /** Goes to a position; keeps what was read ahead if that is in it. */
  moveTo(position: number): void {
    const place = this.#at + position - this.position;
    this.position = position;
    if (place >= this.#from && place <= this.#end) {
      this.#at = place;
      return;
    }
    this.#use(NO_BYTES, 0, 0);
    this.#stride = this.#size;
  }

  /** Forgets what was read ahead: it is about to be written over. */
  forget(): void {
    if (this.#chunk !== NO_BYTES) this.#use(NO_BYTES, 0, 0);
    if (this.#ahead !== null) this.#ahead.position = -1;
  }

  /** Waits until no call is under way. */
  async settle(): Promise<void> {
    await this.#ahead?.settle();
  }
}
