/*
 * ReceivedBody: the body of an answer that comes in memory, as a session reads it.
 */
import type { BodySource } from "../http/bodySource.ts";
import type { Subject } from "../http/errors.ts";
import { bodyFailure } from "../http/failure.ts";
import type { ClientExchange } from "./clientExchange.ts";

/** @internal */
export class ReceivedBody implements BodySource {
  readonly #exchange: ClientExchange;
  readonly #subject: Subject;
  #whole: Promise<Uint8Array> | null = null;

  constructor(exchange: ClientExchange, subject: Subject) {
    this.#exchange = exchange;
    this.#subject = subject;
  }

  get done(): boolean {
    return this.#exchange.read;
  }

  async read(): Promise<Uint8Array | null> {
    try {
      return await this.#exchange.next();
    } catch (error) {
      throw bodyFailure(this.#subject, error as Error, this.#exchange.bytesRead);
    }
  }

  readAll(): Promise<Uint8Array> {
    return (this.#whole ??= this.#all());
  }

  async #all(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece !== null; piece = await this.read())
      pieces.push(piece);
    return Buffer.concat(pieces);
  }

  release(): void {
    if (!this.#exchange.read) this.#exchange.leave();
  }

  /** Nobody holds the answer any more. */
  orphan(): void {
    this.release();
  }
}
