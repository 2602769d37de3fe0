/*
 * IterableBody: a body that comes piece by piece from an async iterable or a web stream.
 *
 * Strategy: one piece is asked for when the client has taken the one before; leaving (the client left, a cancel, HEAD)
 * closes the iterator, so that a generator's `finally` runs. What it throws once the head was sent breaks the
 * connection off, for a chunked body that just ended would look whole.
 */
import { protect } from "../core/shield.ts";
import type { Exchange } from "./exchange.ts";
import { ReplyBody } from "./replyBody.ts";

type Pieces = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** @internal */
export class IterableBody extends ReplyBody {
  readonly #pieces: Pieces;

  constructor(pieces: Pieces, length?: number) {
    super(length);
    this.#pieces = pieces;
  }

  async send(exchange: Exchange, status: number, headers: string[]): Promise<void> {
    const iterator = iteratorOf(this.#pieces);
    let done = false;
    try {
      // The head waits for the first piece: what fails before it is still an error page.
      let step = await iterator.next();
      exchange.begin(status, headers);
      while (step.done !== true) {
        if (!exchange.write(pieceOf(step.value))) await exchange.drained();
        step = await iterator.next();
      }
      done = true;
      exchange.end();
    } catch (error) {
      if (exchange.headSent) exchange.abort();
      throw error;
    } finally {
      if (!done) await protect(async () => iterator.return?.());
    }
  }

  override async close(): Promise<void> {
    await iteratorOf(this.#pieces).return?.();
  }
}

function iteratorOf(
  pieces: Pieces,
): AsyncIterator<string | Uint8Array> | Iterator<string | Uint8Array> {
  return Symbol.asyncIterator in pieces
    ? pieces[Symbol.asyncIterator]()
    : pieces[Symbol.iterator]();
}

function pieceOf(piece: unknown): string | Uint8Array {
  if (typeof piece === "string" || piece instanceof Uint8Array) return piece;
  throw new TypeError(
    `Expected each piece of a streamed answer to be text or bytes, got \`${typeof piece}\``,
  );
}
