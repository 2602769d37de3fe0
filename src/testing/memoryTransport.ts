/*
 * MemoryTransport: one side of a connection in memory.
 *
 * Strategy: two pipes, one for each direction; what the outgoing one has no room for waits here, and counts against the
 * limits that pause writing. It behaves as a socket does: a direction can be ended by itself, both ended the connection
 * is over, and who sends to a side that has closed gets ECONNRESET.
 * Limits: it cannot be encrypted.
 */
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import type {
  Protocol,
  Transport,
  TransportInfo,
  WriteBufferLimits,
} from "../streams/transport.ts";
import { WriteLimits } from "../streams/writeLimits.ts";
import type { Pipe, PipeEnd } from "./pipe.ts";
import { resetError } from "./systemErrors.ts";

/** What a transport is made of. @internal */
export interface Ends {
  readonly incoming: Pipe;
  readonly outgoing: Pipe;
}

/** @internal */
export class MemoryTransport implements Transport, PipeEnd {
  readonly info: TransportInfo;
  readonly outside = false;
  /** Called once, when it is over. */
  onLost: () => void = () => {};
  readonly #loop: Loop;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  readonly #limits = new WriteLimits();
  #protocol: Protocol;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #paused = false;
  #eof: "open" | "asked" | "sent" = "open";
  #eofReceived = false;
  #closing = false;
  /** All is sent, and nothing is wanted any more. */
  #finished = false;
  #lost = false;

  constructor(loop: Loop, ends: Ends, protocol: Protocol, info: TransportInfo) {
    this.#loop = loop;
    this.#incoming = ends.incoming;
    this.#outgoing = ends.outgoing;
    this.#protocol = protocol;
    this.info = info;
    this.#outgoing.onRoom = () => this.#roomAgain();
    this.#outgoing.onGivenUp = () => this.fail(resetError("ETIMEDOUT"));
    this.#incoming.attach(this);
  }

  get protocol(): Protocol {
    return this.#protocol;
  }

  get bufferedBytes(): number {
    return this.#waitingBytes;
  }

  setProtocol(protocol: Protocol): void {
    this.#protocol = protocol;
  }

  write(data: Uint8Array): void {
    if (this.#eof !== "open" && !this.#closing)
      throw new InvalidStateError(`write after writeEof on ${this[INSPECT]()}`);
    if (this.#closing || this.#lost || data.length === 0) return;
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    this.#pump();
    this.#limits.grown(this.#waitingBytes, this.#protocol);
  }

  writelines(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.write(piece);
  }

  writeEof(): void {
    if (this.#eof !== "open" || this.#closing) return;
    this.#eof = "asked";
    this.#pump();
  }

  canWriteEof(): boolean {
    return true;
  }

  pauseReading(): void {
    this.#paused = true;
  }

  resumeReading(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#incoming.goOn();
  }

  isReading(): boolean {
    return !this.#paused && !this.#closing;
  }

  /** A side that has closed takes all there is, and answers it with a reset. @internal */
  get accepts(): boolean {
    return this.#finished || this.isReading();
  }

  close(): void {
    if (this.#closing || this.#lost) return;
    this.#closing = true;
    this.#pump();
  }

  abort(error?: Error): void {
    if (this.#lost) return;
    this.#closing = true;
    this.#drop();
    // As a socket does: what was received and not read makes the goodbye a rude one.
    if (this.#incoming.unread > 0) this.#outgoing.sendReset(resetError());
    else this.#sendEof();
    this.#finish(error ?? null);
  }

  /** Ends this side at once, with an error, and without a word to the other. @internal */
  fail(error: Error): void {
    if (this.#lost) return;
    this.#drop();
    this.#lose(error);
  }

  /** Ends both sides with ECONNRESET. @internal */
  reset(): void {
    if (this.#lost) return;
    this.#outgoing.sendReset(resetError());
    this.#drop();
    this.#finish(resetError());
  }

  isClosing(): boolean {
    return this.#closing || this.#lost;
  }

  setWriteBufferLimits(limits: WriteBufferLimits): void {
    this.#limits.set(limits);
    this.#limits.grown(this.#waitingBytes, this.#protocol);
    this.#limits.shrunk(this.#waitingBytes, this.#protocol);
  }

  getWriteBufferLimits(): Required<WriteBufferLimits> {
    return { high: this.#limits.high, low: this.#limits.low };
  }

  receive(data: Uint8Array): void {
    if (this.#finished) this.#outgoing.sendReset(resetError());
    else this.#protocol.dataReceived(data);
  }

  receiveEof(): void {
    this.#eofReceived = true;
    if (this.#finished) return;
    if (this.#protocol.eofReceived()) this.#endIfOver();
    else this.close();
  }

  receiveReset(error: Error): void {
    this.fail(error);
  }

  #roomAgain(): void {
    if (this.#lost) return;
    this.#pump();
    this.#limits.shrunk(this.#waitingBytes, this.#protocol);
  }

  /** Sends what there is room for; after the last of it, the end. */
  #pump(): void {
    while (this.#waiting.length > 0 && this.#outgoing.room > 0) this.#sendOne();
    if (this.#waiting.length > 0) return;
    if (this.#eof === "asked") this.#sendEof();
    if (!this.#closing) return this.#endIfOver();
    this.#sendEof();
    this.#finish(null);
  }

  #sendOne(): void {
    const first = this.#waiting[0] as Uint8Array;
    // A copy: reader and writer of a socket share no memory either.
    const piece = Buffer.from(first.subarray(0, this.#outgoing.room));
    if (piece.length === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(piece.length);
    this.#waitingBytes -= piece.length;
    this.#outgoing.send(piece);
  }

  #sendEof(): void {
    if (this.#eof === "sent") return;
    this.#eof = "sent";
    this.#outgoing.sendEof();
  }

  #endIfOver(): void {
    if (this.#eof === "sent" && this.#eofReceived) this.#finish(null);
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** The end is told later: never inside a call of the transport's own. */
  #finish(error: Error | null): void {
    if (this.#finished) return;
    this.#finished = this.#closing = true;
    this.#incoming.goOn();
    this.#loop.enqueue({ run: () => this.#lose(error) });
  }

  #lose(error: Error | null): void {
    if (this.#lost) return;
    this.#lost = this.#closing = this.#finished = true;
    this.#outgoing.leave();
    this.#protocol.connectionLost(error);
    this.onLost();
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#lost ? "closed" : this.#closing ? "closing" : "open";
    const paused = this.#paused && !this.#lost ? " paused" : "";
    const waiting = this.#waitingBytes === 0 ? "" : ` bufferedBytes=${this.#waitingBytes}`;
    return `<MemoryTransport ${state}${paused}${waiting}>`;
  }
}
