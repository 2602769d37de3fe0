/*
 * NodeIncoming: the body of a request that node:http brings.
 *
 * Strategy: reads on although nobody asks, into a bounded buffer: a paused socket hides that its client has left, so the
 * body up to 1 MiB is taken in at once. Past that the socket is held back. With `Expect: 100-continue` nothing is read,
 * and the client sends nothing, until somebody asks.
 * Limits: while more than the buffer waits to be read, a client that leaves is noticed late.
 */
import type { IncomingMessage } from "node:http";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { Incoming } from "./exchange.ts";
import { PayloadTooLarge } from "./httpError.ts";

/** How many bytes wait at most, before the client is held back. */
const BUFFER = 1024 * 1024;

const EMPTY = new Uint8Array(0);

/** @internal */
export class NodeIncoming implements Incoming {
  readonly length: number | undefined;
  /** Called once, when the whole body has come or no more will. */
  onOver: (() => void) | null = null;
  readonly #message: IncomingMessage;
  /** Sends the 100 that the client waits for. */
  #invite: (() => void) | null;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #received = 0;
  #limit = Infinity;
  #state: "waiting" | "coming" | "whole" | "failed" = "waiting";
  #failure: Error | null = null;
  #reader: Wait<Uint8Array | null> | null = null;
  #wantsAll = false;

  /** @param length as it was announced; undefined for a body in chunks */
  constructor(message: IncomingMessage, length: number | undefined, invite: (() => void) | null) {
    this.#message = message;
    this.#invite = invite;
    this.length = length;
    if (invite === null) this.#start();
  }

  get trailers(): readonly string[] {
    return this.#message.rawTrailers;
  }

  /** Whether the whole body has come, read or not. */
  get whole(): boolean {
    return this.#state === "whole";
  }

  /** How many bytes are still to come; Infinity when that is not known. */
  get missing(): number {
    if (this.#state === "whole") return 0;
    return this.length === undefined ? Infinity : this.length - this.#received;
  }

  /** Whether the client still waits to be asked for the body. */
  get uninvited(): boolean {
    return this.#invite !== null;
  }

  limit(bytes: number): void {
    this.#limit = bytes;
    if (this.#received > bytes || (this.length ?? 0) > bytes) this.fail(new PayloadTooLarge(bytes));
  }

  read(): Promise<Uint8Array | null> {
    return this.#ask(false);
  }

  async readAll(): Promise<Uint8Array> {
    return (await this.#ask(true)) ?? EMPTY;
  }

  takeWhole(): Uint8Array | null {
    return this.#state === "whole" ? (this.#take(true) ?? EMPTY) : null;
  }

  /** No more will come: the client has left, or sent too much. */
  fail(error: Error): void {
    if (this.#state === "whole" || this.#state === "failed") return;
    this.#state = "failed";
    this.#failure = error;
    this.#chunks = [];
    this.#message.pause();
    this.#over();
    const reader = this.#reader;
    this.#reader = null;
    reader?.reject(error);
  }

  /** Lets what is left of the body go by, unread. */
  discard(): void {
    this.#chunks = [];
    this.#buffered = 0;
    this.#message.removeAllListeners("data");
    this.#message.resume();
  }

  #ask(all: boolean): Promise<Uint8Array | null> {
    if (this.#state === "waiting") this.#start();
    const ready = all ? this.#state === "whole" : this.#chunks.length > 0;
    if (ready || this.#state === "whole") return Promise.resolve(this.#take(all));
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#wantsAll = all;
    if (all && this.#buffered >= BUFFER) this.#message.resume();
    return suspend<Uint8Array | null, NodeIncoming>(
      NodeIncoming.#startReading,
      this,
      "request.body",
    );
  }

  #take(all: boolean): Uint8Array | null {
    const chunks = this.#chunks;
    if (chunks.length === 0) return null;
    if (all && chunks.length > 1) {
      this.#chunks = [];
      return Buffer.concat(chunks);
    }
    const chunk = chunks.shift() as Uint8Array;
    const before = this.#buffered;
    this.#buffered -= chunk.byteLength;
    if (before >= BUFFER && this.#buffered < BUFFER) this.#message.resume();
    return chunk;
  }

  #start(): void {
    const message = this.#message;
    this.#state = "coming";
    this.#invite?.();
    this.#invite = null;
    message.on("data", (chunk: Buffer) => this.#came(chunk));
    message.on("end", () => this.#ended());
    // Told by the connection's end.
    message.on("error", () => {});
  }

  #came(chunk: Buffer): void {
    if (this.#state !== "coming") return;
    this.#received += chunk.byteLength;
    if (this.#received > this.#limit) return this.fail(new PayloadTooLarge(this.#limit));
    this.#chunks.push(chunk);
    this.#buffered += chunk.byteLength;
    if (this.#reader !== null && !this.#wantsAll) this.#serve(this.#reader);
    // The stream says so itself only a turn later.
    if (this.#received === this.length) this.#ended();
    else if (this.#buffered >= BUFFER && this.#reader === null) this.#message.pause();
  }

  #ended(): void {
    if (this.#state !== "coming") return;
    this.#state = "whole";
    this.#over();
    if (this.#reader !== null) this.#serve(this.#reader);
  }

  #serve(reader: Wait<Uint8Array | null>): void {
    this.#reader = null;
    reader.resolve(this.#take(this.#wantsAll));
  }

  #over(): void {
    this.onOver?.();
    this.onOver = null;
  }

  static #startReading(
    this: void,
    wait: Wait<Uint8Array | null>,
    incoming: NodeIncoming,
  ): Cleanup<Uint8Array | null, NodeIncoming> {
    incoming.#reader = wait;
    return NodeIncoming.#leave;
  }

  static #leave(this: void, _wait: Wait<Uint8Array | null>, incoming: NodeIncoming): void {
    incoming.#reader = null;
  }
}
