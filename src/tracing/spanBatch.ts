/*
 * SpanBatch: spans that are sent together, as the bytes that are sent.
 *
 * Strategy: spans are written soon after they have ended and are not kept: thousands that wait to be written cost the
 * collector of garbage more than it costs to write them. But some are written at a time, for what does that is in no
 * cache of the processor while other work is done.
 */
import type { FinishedSpan } from "./finishedSpan.ts";
import type { SpanWriter } from "./spanWriter.ts";
import { TextBytes } from "./textBytes.ts";

/** So many are written at a time, or as many as take so many bytes. */
const RUN = 32;
const RUN_BYTES = 32_768;

const COMMA = 0x2c;

/** From then on it is full, however few spans it has: proxies refuse what is too long, nginx more than a MiB. */
const MOST_BYTES = 950_000;

/** @internal */
export class SpanBatch {
  readonly #writer: SpanWriter;
  readonly #failed: (error: unknown) => void;
  readonly #bytes: TextBytes;
  /** Room for a run: an array that grew anew for each would cost more than what is put into it. */
  readonly #waiting: (FinishedSpan | null)[] = Array.from({ length: RUN }, () => null);
  #count = 0;
  #written = 0;
  /** How many are written next: of the first it is not known how much they take. */
  #run = 1;
  #body: Uint8Array | null = null;

  /**
   * @param room where to, or how many bytes it is likely to take
   * @param failed told of what a span throws that is not as it should be, and is left out
   */
  constructor(writer: SpanWriter, room: number | Buffer, failed: (error: unknown) => void) {
    this.#writer = writer;
    this.#failed = failed;
    this.#bytes = new TextBytes(room);
    this.#bytes.add(writer.head);
  }

  /** How many spans it has. */
  get count(): number {
    return this.#written + this.#count;
  }

  /** Whether it is to get no more, when it is to have so many at most. */
  isFull(most: number): boolean {
    return this.#body !== null || this.count >= most || this.#bytes.length >= MOST_BYTES;
  }

  /** Gives how many it has. */
  add(span: FinishedSpan): number {
    this.#waiting[this.#count++] = span;
    if (this.#count >= this.#run) this.#write();
    return this.#written + this.#count;
  }

  #write(): void {
    const errors: unknown[] = [];
    for (let at = 0; at < this.#count; at++) {
      const { length } = this.#bytes;
      try {
        if (this.#written > 0) this.#bytes.byte(COMMA);
        this.#writer.write(this.#bytes, this.#waiting[at] as FinishedSpan);
        this.#written++;
      } catch (error) {
        this.#bytes.cut(length);
        errors.push(error);
      }
      this.#waiting[at] = null;
    }
    this.#count = 0;
    this.#planRun();
    // Only now, for whoever is told may add a span.
    for (const error of errors) this.#failed(error);
  }

  #planRun(): void {
    const each = this.#bytes.length / Math.max(1, this.#written);
    this.#run = Math.max(1, Math.min(RUN, Math.floor(RUN_BYTES / each)));
  }

  /** What is sent. Nothing may be added after that. */
  body(): Uint8Array {
    if (this.#body !== null) return this.#body;
    this.#write();
    this.#bytes.add(this.#writer.tail);
    return (this.#body = this.#bytes.take());
  }

  /** Its memory, for another one: nobody needs its bytes any more. */
  room(): Buffer {
    return this.#bytes.room();
  }
}

/** What a span takes, in bytes, with some to spare. */
const USUAL = 1024;

/** Spans in that format, as text. @internal */
export function textOf(spans: readonly FinishedSpan[], writer: SpanWriter): string {
  const batch = new SpanBatch(writer, USUAL * (spans.length + 1), (error) => {
    throw error as Error;
  });
  for (const span of spans) batch.add(span);
  return new TextDecoder().decode(batch.body());
}
