/*
 * CompressedExchange: an exchange that compresses what a body writes on its way to the client.
 *
 * Strategy: stands between a body and its exchange, so that any body can be compressed and none knows. Each piece is
 * flushed, so that an event is with the client when it was written; it is compressed in a thread of Node's pool. A
 * writer is told to wait after each piece, until that is compressed and the client has taken what came before: memory
 * holds one piece, however slow the client is.
 * Limits: a compressor holds some 300 KB for as long as the answer lasts.
 */
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { Exchange, Incoming, Peer, Upgrade } from "./exchange.ts";

/** A coding that answers can be sent in. */
export type Coding = "br" | "gzip";

/** From 1, quick, to 9 (gzip) or 11 (brotli), small. */
export type Levels = Readonly<Record<Coding, number>>;

type Compressor = ReturnType<typeof createGzip> | ReturnType<typeof createBrotliCompress>;

function compressorFor(coding: Coding, levels: Levels): Compressor {
  if (coding === "gzip") return createGzip({ level: levels.gzip });
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = constants;
  // A window of 256 KiB: the usual 4 MiB, for each client that listens, would be too much.
  return createBrotliCompress({
    params: { [BROTLI_PARAM_QUALITY]: levels.br, [BROTLI_PARAM_LGWIN]: 18 },
  });
}

/** @internal */
export class CompressedExchange implements Exchange {
  readonly #exchange: Exchange;
  readonly #compressor: Compressor;
  readonly #flush: number;
  /** Pieces that are not compressed yet. */
  #pending = 0;
  #failure: Error | null = null;
  #ended = false;
  #over = false;
  readonly #waits = new Set<Wait<void>>();

  constructor(exchange: Exchange, coding: Coding, levels: Levels) {
    this.#exchange = exchange;
    this.#compressor = compressorFor(coding, levels);
    this.#flush = coding === "gzip" ? constants.Z_SYNC_FLUSH : constants.BROTLI_OPERATION_FLUSH;
    this.#compressor.on("data", (chunk: Buffer) => exchange.write(chunk));
    this.#compressor.on("error", (error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  get method(): string {
    return this.#exchange.method;
  }

  get target(): string {
    return this.#exchange.target;
  }

  get httpVersion(): string {
    return this.#exchange.httpVersion;
  }

  get rawHeaders(): readonly string[] {
    return this.#exchange.rawHeaders;
  }

  get peer(): Peer {
    return this.#exchange.peer;
  }

  get incoming(): Incoming | null {
    return this.#exchange.incoming;
  }

  get upgrade(): Upgrade | null {
    return this.#exchange.upgrade;
  }

  get headSent(): boolean {
    return this.#exchange.headSent;
  }

  get ended(): boolean {
    return this.#ended || this.#exchange.ended;
  }

  /** What went to the client: compressed. */
  get bytesSent(): number {
    return this.#exchange.bytesSent;
  }

  send(status: number, headers: string[], body: string | Uint8Array | null): void {
    this.begin(status, headers);
    if (body !== null) this.write(body);
    this.end();
  }

  begin(status: number, headers: string[]): void {
    this.#exchange.begin(status, headers);
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.ended || this.#failure !== null) return true;
    this.#pending++;
    this.#compressor.write(chunk);
    this.#compressor.flush(this.#flush, () => {
      this.#pending--;
      if (this.#pending === 0) this.#wake();
    });
    return false;
  }

  /** @throws the compressor's error */
  async drained(): Promise<void> {
    await this.#until(() => this.#pending === 0);
    await this.#exchange.drained();
  }

  end(trailers?: readonly string[]): void {
    if (this.ended) return;
    this.#ended = true;
    this.#compressor.once("end", () => {
      this.#exchange.end(trailers);
      this.#over = true;
      this.#wake();
    });
    this.#compressor.end();
  }

  /** Waits for the end of what was begun with `end`. */
  finished(): Promise<void> {
    return this.#until(() => this.#over || !this.#ended);
  }

  inform(status: number, headers: string[]): void {
    this.#exchange.inform(status, headers);
  }

  abort(): void {
    this.#ended = true;
    this.#exchange.abort();
  }

  finish(): void {
    this.#exchange.finish();
  }

  /** Lets go of the compressor; what is in it is lost. */
  destroy(): void {
    this.#compressor.destroy();
  }

  async #until(reached: () => boolean): Promise<void> {
    while (this.#failure === null && !reached() && !this.#exchange.ended) await this.#change();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Without a target: a thread is at work, which virtual time stands still for. */
  #change(): Promise<void> {
    return suspend<void>(
      (wait) => {
        this.#waits.add(wait);
        return () => void this.#waits.delete(wait);
      },
      undefined,
      "compression",
    );
  }

  #wake(): void {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const wait of waits) wait.resolve();
  }
}
