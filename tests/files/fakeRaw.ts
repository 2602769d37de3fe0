/**
 * A file in memory whose calls take a turn each, bring as little as they like, and see to it that
 * they are not torn: none after it was closed, none while it is being closed, and closed once.
 * And objects of bytes and of text over one.
 */
import { getRunningLoop } from "ambit";
import { BinaryFile, TextFile } from "ambit/files";
import { uninterruptible } from "../../src/core/uninterruptible.ts";
import { BufferedFile } from "../../src/files/bufferedFile.ts";
import { encodingOf } from "../../src/files/encoding.ts";
import { rulesOf } from "../../src/files/mode.ts";
import { Newlines } from "../../src/files/newlines.ts";
import type { RawFile } from "../../src/files/rawFile.ts";
import type { TextFileRules } from "../../src/files/textFile.ts";

/** How many bytes a call brings, of those that were asked for; at least one. */
export type Portion = (asked: number) => number;

export class FakeRaw implements RawFile {
  readonly name = "fake";
  readonly fd = 99;
  readonly seekable = true;
  content: Buffer;
  /** How often it was closed. */
  closed = 0;
  /** What went wrong, in words. */
  readonly faults: string[] = [];
  /** Fails the next writes, so many. */
  failures = 0;
  readonly #portion: Portion;
  #busy = 0;

  constructor(content: Buffer = Buffer.alloc(0), portion: Portion = (asked) => asked) {
    this.content = content;
    this.#portion = portion;
  }

  async #call<T>(name: string, body: () => T): Promise<T> {
    if (this.closed > 0) this.faults.push(`${name} after close`);
    this.#busy++;
    try {
      await uninterruptible<void, object>(
        (wait) => void getRunningLoop().callSoon(() => void wait.resolve()),
        {},
        name,
      );
      return body();
    } finally {
      this.#busy--;
    }
  }

  #some(asked: number): number {
    return Math.max(1, Math.min(asked, this.#portion(asked)));
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#call("read", () => {
      const left = Math.max(0, this.content.length - position);
      if (left === 0 || length === 0) return 0;
      const count = Math.min(left, this.#some(length));
      buffer.set(this.content.subarray(position, position + count), offset);
      return count;
    });
  }

  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number> {
    return this.#call("write", () => {
      if (this.failures > 0) {
        this.failures--;
        throw new Error("the disk is full");
      }
      const at = position ?? this.content.length;
      const count = this.#some(length);
      const end = Math.max(this.content.length, at + count);
      const content = Buffer.alloc(end);
      this.content.copy(content);
      content.set(buffer.subarray(offset, offset + count), at);
      this.content = content;
      return count;
    });
  }

  size(): Promise<number> {
    return this.#call("size", () => this.content.length);
  }

  truncate(length: number): Promise<void> {
    return this.#call("truncate", () => {
      const content = Buffer.alloc(length);
      this.content.copy(content);
      this.content = content;
    });
  }

  sync(): Promise<void> {
    return this.#call("sync", () => {});
  }

  close(): Promise<void> {
    if (this.#busy > 0) this.faults.push("closed under a call");
    const closing = this.#call("close", () => {});
    this.closed++;
    return closing;
  }

  isatty(): boolean {
    return false;
  }
}

/** One, two, three … bytes, and from the beginning again. */
export function uneven(most: number): Portion {
  let last = 0;
  return () => (last = (last % most) + 1);
}

/** What is said of a text, instead of UTF-8, strict, any end of line. */
export interface TextOver extends Partial<Omit<TextFileRules, "encoding">> {
  readonly encoding?: string;
}

export function bytesOver(
  raw: FakeRaw,
  mode: string,
  buffering: number,
  maxLineLength = Infinity,
): BinaryFile {
  return new BinaryFile(new BufferedFile(raw, rulesOf(mode), buffering, 0), maxLineLength);
}

export function textOver(
  raw: FakeRaw,
  mode: string,
  buffering: number,
  { encoding = "utf-8", ...rules }: TextOver = {},
): TextFile {
  return new TextFile(new BufferedFile(raw, rulesOf(mode), buffering, 0), {
    encoding: encodingOf(encoding, true),
    errors: "strict",
    newlines: new Newlines(null),
    byLines: false,
    maxLineLength: Infinity,
    ...rules,
  });
}
