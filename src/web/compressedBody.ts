/*
 * CompressedBody: a body that another one writes and that is compressed as it goes.
 */
import { type Coding, CompressedExchange, type Levels } from "./compressedExchange.ts";
import type { Exchange } from "./exchange.ts";
import { ReplyBody } from "./replyBody.ts";

/** @internal */
export class CompressedBody extends ReplyBody {
  readonly #plain: ReplyBody | null;
  readonly #coding: Coding;
  readonly #levels: Levels;

  /** @param plain null when nothing will be sent: the answer to HEAD */
  constructor(plain: ReplyBody | null, coding: Coding, levels: Levels) {
    super();
    this.#plain = plain;
    this.#coding = coding;
    this.#levels = levels;
  }

  async send(exchange: Exchange, status: number, headers: string[]): Promise<void> {
    const compressed = new CompressedExchange(exchange, this.#coding, this.#levels);
    try {
      await this.#plain?.send(compressed, status, headers);
      await compressed.finished();
    } finally {
      compressed.destroy();
    }
  }

  override close(): Promise<void> | void {
    return this.#plain?.close();
  }
}
