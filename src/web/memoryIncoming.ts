/*
 * MemoryIncoming: the body of a WHATWG `Request`, as the framework reads bodies.
 */
import { cancellable } from "../core/cancellable.ts";
import { ClientDisconnected } from "./errors.ts";
import type { Incoming } from "./exchange.ts";
import { PayloadTooLarge } from "./httpError.ts";

/** @internal */
export class MemoryIncoming implements Incoming {
  readonly length: number | undefined;
  readonly trailers: readonly string[] = [];
  onOver: (() => void) | null = null;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** A read that a cancel has left: its piece is for who reads next. */
  #reading: Promise<Uint8Array | null> | null = null;
  #received = 0;
  #limit = Infinity;

  constructor(request: Request) {
    this.#reader = (request.body as ReadableStream<Uint8Array>).getReader();
    const announced = request.headers.get("content-length");
    this.length = announced === null ? undefined : Number(announced);
  }

  limit(bytes: number): void {
    this.#limit = bytes;
  }

  async read(): Promise<Uint8Array | null> {
    this.#reading ??= this.#next();
    const piece = await cancellable(this.#reading);
    this.#reading = null;
    return piece;
  }

  async readAll(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece !== null; piece = await this.read())
      pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async #next(): Promise<Uint8Array | null> {
    const step = await this.#reader.read().catch((error: unknown) => {
      throw new ClientDisconnected("the client has broken off its request's body", {
        cause: error,
      });
    });
    if (step.done) {
      this.onOver?.();
      this.onOver = null;
      return null;
    }
    this.#received += step.value.byteLength;
    if (this.#received > this.#limit) throw new PayloadTooLarge(this.#limit);
    return step.value;
  }
}
