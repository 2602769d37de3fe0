/*
 * A body that came compressed, as it was before.
 *
 * Strategy: a body that is asked for as a whole and is small is decoded at once, without a thread:
 * that takes less time than the way to one and back. All others go through Node's streaming decoder,
 * which is driven by hand: it is given a chunk when it asks for one, and asked for its output when
 * somebody reads. So a reader that pauses holds back the decoder, that the source, and that the
 * server; and a chunk that unfolds to a thousand times its size does so piece by piece.
 * Limits: what was decoded in the same piece as the place where the data is broken is lost with it.
 * Each decoder in a row of several works alone, and takes its own threads.
 */
import type { Transform } from "node:stream";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { BodySource } from "./bodySource.ts";
import type { Coding } from "./codings.ts";
import { DerivedBody, joined, plain } from "./derivedBody.ts";
import { tooLarge } from "./limitedBody.ts";
import { ContentDecodingError } from "./payloadErrors.ts";
import type { ResponseHead } from "./responseHead.ts";

/** A body of at most so many bytes is decoded at once… */
const SMALL = 65_536;
/** … if it has at most so many decoded: that many take about 2 ms. */
const SMALL_DECODED = 1_048_576;

/** How large a body may be. @internal */
export interface Sizes {
  /** Read as a whole, in bytes. */
  readonly whole: number;
  /** Read chunk by chunk. */
  readonly stream: number;
}

/** @internal */
export class DecodedBody extends DerivedBody {
  readonly #coding: Coding;
  readonly #sizes: Sizes;
  /** Chunks of the source that the decoder was not given yet. */
  #ahead: Uint8Array[] = [];
  #decoder: Transform | null = null;
  /** The decoder has taken what it was given. */
  #hungry = true;
  /** The source has given all. */
  #fed = false;
  /** The decoder has given all. */
  #ended = false;
  #error: Error | null = null;
  #wait: Wait<void> | null = null;
  /** Bytes that came of the source, and of the decoder. */
  #taken = 0;
  #given = 0;

  constructor(head: ResponseHead, source: BodySource, coding: Coding, sizes: Sizes) {
    super(head, source);
    this.#coding = coding;
    this.#sizes = sizes;
  }

  protected async next(): Promise<Uint8Array | null> {
    const most = this.#sizes.stream;
    // A small one that is there already, too, is decoded at once.
    const begun = this.#decoder !== null || this.#taken > 0 || this.#ended;
    const once = begun || !this.source.done ? null : await this.#atOnce(most);
    return once ?? this.#piece(most);
  }

  protected async all(): Promise<Uint8Array> {
    const most = this.#sizes.whole;
    const once = await this.#atOnce(most);
    if (once !== null) return once;
    const pieces: Uint8Array[] = [];
    for (let piece = await this.#piece(most); piece !== null; piece = await this.#piece(most)) {
      pieces.push(piece);
    }
    return joined(pieces, this.#given);
  }

  /** The whole body, decoded without a thread; null when that is not to be, or finds it broken. */
  async #atOnce(most: number): Promise<Uint8Array | null> {
    const body = await this.#small();
    // No bytes are no broken ones: what answers HEAD tells of a coding that it does not have.
    if (body === null || body.length === 0) return null;
    try {
      const decoded = this.#coding.decode(body, Math.min(most, SMALL_DECODED));
      this.#ahead = [];
      this.#ended = true;
      return decoded.length === 0 ? null : plain(decoded);
    } catch {
      return null;
    }
  }

  /** The whole body of the source, if it is small; what came of it stays ahead. */
  async #small(): Promise<Uint8Array | null> {
    for (let chunk = await this.#pull(); chunk !== null; chunk = await this.#pull()) {
      this.#ahead.push(chunk);
      if (this.#taken > SMALL) return null;
    }
    return joined(this.#ahead, this.#taken);
  }

  async #pull(): Promise<Uint8Array | null> {
    if (this.#fed) return null;
    const chunk = await this.source.read();
    if (chunk === null) this.#fed = true;
    else this.#taken += chunk.length;
    return chunk;
  }

  async #piece(most: number): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#decoder?.read() as Uint8Array | null | undefined;
      if (piece != null) {
        this.#given += piece.length;
        if (this.#given > most) throw tooLarge(this.head, most);
        return plain(piece);
      }
      if (this.#error !== null) throw this.#failure(this.#error);
      if (this.#ended) return null;
      if (this.#hungry) await this.#feed();
      else await suspend<void>((wait) => this.#work(wait), undefined, "http.decode");
    }
  }

  async #feed(): Promise<void> {
    const chunk = this.#ahead.shift() ?? (await this.#pull());
    if (this.#decoder === null) return this.#begin(chunk);
    this.#hungry = false;
    if (chunk === null) this.#decoder.end();
    else this.#decoder.write(chunk, this.#sated);
  }

  async #begin(chunk: Uint8Array | null): Promise<void> {
    if (chunk === null) {
      this.#ended = true;
      return;
    }
    this.#ahead.unshift(chunk);
    // Two bytes tell which kind it is.
    let start = Buffer.concat(this.#ahead);
    while (start.length < 2 && !this.#fed) {
      const more = await this.#pull();
      if (more !== null) this.#ahead.push(more);
      start = Buffer.concat(this.#ahead);
    }
    const decoder = this.#coding.open(start);
    this.#decoder = decoder;
    decoder.on("readable", this.#wake);
    decoder.on("end", this.#finished);
    decoder.on("error", this.#broken);
  }

  #work(wait: Wait<void>): Cleanup<void, undefined> {
    this.#wait = wait;
    return () => {
      this.#wait = null;
    };
  }

  readonly #wake = (): void => {
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve();
  };

  readonly #sated = (): void => {
    this.#hungry = true;
    this.#wake();
  };

  readonly #finished = (): void => {
    this.#ended = true;
    this.#wake();
  };

  readonly #broken = (error: Error): void => {
    this.#error = error;
    this.#wake();
  };

  #failure(error: Error): ContentDecodingError {
    const { name } = this.#coding;
    const words = `the body is no ${name}, or a broken one, of ${this.#taken} bytes`;
    return new ContentDecodingError(this.head, `${words}: ${error.message}`, error);
  }

  protected close(error: Error | null): void {
    this.#ahead = [];
    this.#decoder?.destroy();
    const wait = this.#wait;
    this.#wait = null;
    if (error !== null) wait?.reject(error);
  }
}
