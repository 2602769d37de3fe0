/*
 * A body that comes from memory or an iterable, not from the network: of a mock, of a cassette.
 *
 * May be cut: after so many bytes it fails with an error, as a connection that breaks.
 */
import { followed } from "../core/cancellable.ts";
import { UNCERTAIN } from "../core/outside.ts";
import type { BodySource } from "./bodySource.ts";
import { DerivedBody, joined, plain } from "./derivedBody.ts";
import type { ResponseHead } from "./responseHead.ts";

/** Chunks to play; texts are sent as UTF-8. */
export type PlayedChunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Where the body ends before its end. @internal */
export interface Cut {
  readonly after: number;
  readonly error: Error;
}

/** There is no source below: it would be done, and have nothing to release. */
const NOTHING: BodySource = {
  done: true,
  read: () => Promise.resolve(null),
  readAll: () => Promise.resolve(new Uint8Array(0)),
  release: () => undefined,
};

/** @internal */
export class PlayedBody extends DerivedBody {
  readonly #chunks: Iterator<string | Uint8Array> | AsyncIterator<string | Uint8Array>;
  readonly #cut: Cut | null;
  #sent = 0;
  #ended = false;

  constructor(head: ResponseHead, chunks: PlayedChunks, cut: Cut | null = null) {
    super(head, NOTHING);
    this.#chunks =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
    this.#cut = cut;
  }

  override get done(): boolean {
    return this.#ended;
  }

  protected async next(): Promise<Uint8Array | null> {
    if (this.#ended) return null;
    const cut = this.#cut;
    const left = cut === null ? Infinity : cut.after - this.#sent;
    const chunk = left > 0 ? await this.#pull() : null;
    if (chunk === null) {
      // Cut is cut, even where there was less to come.
      if (cut !== null) throw cut.error;
      this.#ended = true;
      return null;
    }
    const bytes = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.#sent += bytes.length;
    return plain(bytes);
  }

  async #pull(): Promise<Uint8Array | null> {
    for (;;) {
      const next = this.#chunks.next();
      const { done, value } = next instanceof Promise ? await followed(next, UNCERTAIN) : next;
      if (done === true) return null;
      const bytes = typeof value === "string" ? Buffer.from(value) : value;
      if (bytes.length > 0) return bytes;
    }
  }

  protected async all(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next())
      chunks.push(chunk);
    return joined(chunks, this.#sent);
  }

  protected close(): void {
    if (this.#ended) return;
    this.#ended = true;
    // Not waited for: it may hang behind a `next` that was let go.
    const closed = this.#chunks.return?.();
    if (closed instanceof Promise) closed.catch(() => undefined);
  }
}
