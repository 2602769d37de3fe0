/*
 * The lines of a body as text.
 *
 * Strategy: lines are found in the bytes, then decoded one by one, so that whoever stops between two
 * has lost nothing. A newline is the byte 0A in every encoding of the web but UTF-16: there it is
 * two bytes, which may also stand across two characters; then the line goes on.
 */
import { TextDecoder } from "node:util";
import { IncompleteReadError } from "../streams/errors.ts";

/** What has lines. @internal */
export interface LineSource {
  readline(): Promise<Buffer>;
  readuntil(separator: Uint8Array): Promise<Buffer>;
}

const WIDE_NEWLINES: Readonly<Record<string, Buffer>> = {
  "utf-16le": Buffer.from([0x0a, 0x00]),
  "utf-16be": Buffer.from([0x00, 0x0a]),
};

/** @internal */
export class ResponseLines implements AsyncIterableIterator<string, undefined> {
  readonly #source: LineSource;
  readonly #encoding: () => Promise<string>;
  #decoder: InstanceType<typeof TextDecoder> | null = null;
  #ended = false;

  /** `encoding` is asked once, before the first line. */
  constructor(source: LineSource, encoding: () => Promise<string>) {
    this.#source = source;
    this.#encoding = encoding;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    const decoder = (this.#decoder ??= new TextDecoder(await this.#encoding()));
    const newline = WIDE_NEWLINES[decoder.encoding];
    const line = await (newline === undefined ? this.#source.readline() : this.#wideLine(newline));
    if (line.length === 0) return this.return();
    // The last one may end within a character.
    const value = decoder.decode(line, { stream: true });
    if (value.endsWith("\n")) return { done: false, value: value.replace(/\r?\n$/, "") };
    this.#ended = true;
    return { done: false, value: value + decoder.decode() };
  }

  async #wideLine(newline: Buffer): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let size = 0; ;) {
      const part = await this.#source.readuntil(newline).catch(rest);
      parts.push(part);
      size += part.length;
      if (size % 2 === 0 || !part.subarray(-2).equals(newline)) return Buffer.concat(parts);
    }
  }

  /** The lines that were not read stay where they are. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.#ended = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function rest(error: unknown): Buffer {
  if (error instanceof IncompleteReadError) return error.partial;
  throw error;
}
