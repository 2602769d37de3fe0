/*
 * ClientExchange: a request to an application in memory, seen from both sides: the application writes its answer here,
 * the client reads it.
 *
 * Strategy: holds what a socket's buffers would, 64 KiB; a writer that is ahead by more is told to wait until the client
 * has read. All waits are the loop's own, so that virtual time goes on while they last.
 */
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { Exchange, Peer } from "../web/exchange.ts";
import type { Upload } from "./upload.ts";

const HELD = 64 * 1024;

/** The head of an answer. @internal */
export interface AnswerHead {
  readonly status: number;
  /** Flat. */
  readonly headers: readonly string[];
}

/** What an exchange is made of. @internal */
export interface ExchangeParts {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly peer: Peer;
  readonly incoming: Upload | null;
}

/** @internal */
export class ClientExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly httpVersion = "1.1";
  readonly rawHeaders: readonly string[];
  readonly peer: Peer;
  readonly incoming: Upload | null;
  readonly upgrade = null;
  ended = false;
  bytesSent = 0;
  /** Told when the client leaves before the whole answer was written. */
  onLeft: (() => void) | null = null;
  #head: AnswerHead | null = null;
  readonly #pieces: Uint8Array[] = [];
  #held = 0;
  /** Whether the answer came to its end, or what it broke off with. */
  #end: "none" | "whole" | Error = "none";
  readonly #readers = new Set<Wait<void>>();
  readonly #writers = new Set<Wait<void>>();

  constructor(parts: ExchangeParts) {
    this.method = parts.method;
    this.target = parts.target;
    this.rawHeaders = parts.rawHeaders;
    this.peer = parts.peer;
    this.incoming = parts.incoming;
    if (this.incoming !== null) this.incoming.onFailure = (error) => this.breakOff(error);
  }

  get headSent(): boolean {
    return this.#head !== null;
  }

  send(status: number, headers: string[], body: string | Uint8Array | null): void {
    if (this.headSent || this.ended) return;
    this.begin(status, headers);
    if (body !== null && this.method !== "HEAD") this.write(body);
    this.end();
  }

  begin(status: number, headers: string[]): void {
    if (this.headSent || this.ended) return;
    this.#head = { status, headers };
    wake(this.#readers);
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.ended) return true;
    const piece = Buffer.from(chunk as string);
    if (piece.length === 0) return this.#held < HELD;
    this.bytesSent += piece.length;
    this.#held += piece.length;
    this.#pieces.push(piece);
    wake(this.#readers);
    return this.#held < HELD;
  }

  async drained(): Promise<void> {
    while (this.#held >= HELD && !this.ended)
      await suspend<void, ClientExchange>(ClientExchange.#awaitRoom, this, "response.drained");
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#end = "whole";
    wake(this.#readers);
  }

  inform(): void {}

  abort(): void {
    this.breakOff(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  }

  finish(): void {
    this.incoming?.stop();
  }

  /** Ends both sides; the client gets that error, behind what it has not read yet. */
  breakOff(error: Error): void {
    if (this.#end === "none") this.#end = error;
    const early = !this.ended;
    this.ended = true;
    if (early) this.onLeft?.();
    wake(this.#readers);
    wake(this.#writers);
  }

  /** The client has gone. */
  leave(): void {
    this.#pieces.length = 0;
    this.#held = 0;
    this.incoming?.stop();
    this.breakOff(new Error("the client has left"));
  }

  /** Whether all was read, or nothing more will come. */
  get read(): boolean {
    return this.#end !== "none" && this.#pieces.length === 0;
  }

  /** How many bytes the client has read. */
  get bytesRead(): number {
    return this.bytesSent - this.#held;
  }

  /** Waits for the head of the answer. */
  async awaitHead(): Promise<AnswerHead> {
    while (this.#head === null) {
      if (this.#end instanceof Error) throw this.#end;
      await this.#change("response");
    }
    return this.#head;
  }

  /** The next piece of the answer; null at its end. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#held -= piece.length;
        if (this.#held < HELD) wake(this.#writers);
        return piece;
      }
      if (this.#end instanceof Error) throw this.#end;
      if (this.#end === "whole") return null;
      await this.#change("response.read");
    }
  }

  #change(what: string): Promise<void> {
    return suspend<void, ClientExchange>(ClientExchange.#awaitChange, this, what);
  }

  static #awaitChange(this: void, wait: Wait<void>, exchange: ClientExchange): () => void {
    exchange.#readers.add(wait);
    return () => void exchange.#readers.delete(wait);
  }

  static #awaitRoom(this: void, wait: Wait<void>, exchange: ClientExchange): () => void {
    exchange.#writers.add(wait);
    return () => void exchange.#writers.delete(wait);
  }
}

function wake(waits: Set<Wait<void>>): void {
  const all = [...waits];
  waits.clear();
  for (const wait of all) wait.resolve();
}
