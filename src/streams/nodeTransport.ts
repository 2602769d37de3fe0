/*
 * NodeTransport: a transport over a stream of Node's: a socket, a pipe of a child process, any Readable, Writable or
 * Duplex.
 *
 * Strategy: `data` events and `pause()`, not `readable` events and `read()`: measured, both cost the same, but with
 * `data` a chunk goes straight to the reader and no second buffer of Node's stands behind a paused one. A write passes a
 * callback only while it matters, that is above the low limit.
 * Limits: Node tells of the end of a connection only while it reads or writes: a peer's reset behind a full buffer is
 * seen when reading goes on.
 */
import type { Duplex, Readable, Writable } from "node:stream";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { asBuffer } from "./chunkBuffer.ts";
import type { Protocol, Transport, TransportInfo, WriteBufferLimits } from "./transport.ts";
import { WriteLimits } from "./writeLimits.ts";

/** What Node has of a stream; one of the halves may be missing. */
type NodeStream = Pick<Duplex, "on" | "off" | "destroy" | "destroyed"> &
  Partial<
    Pick<Duplex, "pause" | "resume" | "write" | "end" | "cork" | "uncork" | "writableLength">
  > & {
    readonly writableFinished?: boolean;
    destroySoon?(): void;
  };

/**
 * A transport over one of Node's streams. The stream belongs to it from then on.
 *
 * @example
 * ```ts
 * import { PassThrough } from "node:stream";
 * import { NodeTransport, StreamProtocol, StreamReader, StreamWriter } from "ambit/streams";
 *
 * const protocol = new StreamProtocol(new StreamReader());
 * const transport = new NodeTransport(new PassThrough(), protocol);
 * protocol.connectionMade(transport);
 * const writer = new StreamWriter(transport, protocol);
 * writer.write("round\n");
 * String(await protocol.reader?.readline()); // => "round\n"
 * await writer[Symbol.asyncDispose]();
 * ```
 */
export class NodeTransport implements Transport {
  readonly info: TransportInfo;
  readonly outside = true;
  readonly #stream: NodeStream;
  readonly #limits = new WriteLimits();
  readonly #reads: boolean;
  readonly #writes: boolean;
  readonly #direction: "both" | "read" | "write";
  #protocol: Protocol;
  #paused = false;
  #eofSent = false;
  #closing = false;
  #lost = false;
  #error: Error | null = null;

  /**
   * @param stream Readable, Writable or both
   * @param protocol whom it calls
   * @param info what is known of it
   * @param direction which half of a Duplex to use; the other is left alone. Default: both
   */
  constructor(
    stream: Readable | Writable | Duplex,
    protocol: Protocol,
    info: TransportInfo = {},
    direction: "both" | "read" | "write" = "both",
  ) {
    this.#stream = stream as Duplex;
    this.#protocol = protocol;
    this.info = info;
    this.#reads = direction !== "write" && "read" in stream && stream.readable;
    this.#direction = direction;
    this.#writes = direction !== "read" && "write" in stream && stream.writable;
    this.#listen();
    // The other half of a Duplex may live on.
    if (direction === "write") stream.on("finish", this.#onClose);
  }

  get protocol(): Protocol {
    return this.#protocol;
  }

  get bufferedBytes(): number {
    return this.#lost ? 0 : (this.#stream.writableLength ?? 0);
  }

  setProtocol(protocol: Protocol): void {
    this.#protocol = protocol;
  }

  write(data: Uint8Array): void {
    this.#refuseAfterEof("write");
    if (this.isClosing() || data.length === 0) return;
    const stream = this.#stream;
    const waiting = (stream.writableLength ?? 0) + data.length;
    if (waiting <= this.#limits.low) return void stream.write?.(data);
    stream.write?.(data, this.#onWritten);
    this.#limits.grown(stream.writableLength ?? 0, this.#protocol);
  }

  writelines(pieces: readonly Uint8Array[]): void {
    this.#stream.cork?.();
    for (const piece of pieces) this.write(piece);
    this.#stream.uncork?.();
    this.#limits.shrunk(this.bufferedBytes, this.#protocol);
  }

  writeEof(): void {
    if (!this.#writes)
      throw new InvalidStateError(`writeEof on ${this[INSPECT]()}, which is not written to`);
    if (this.#eofSent || this.#closing) return;
    this.#eofSent = true;
    this.#stream.end?.();
  }

  canWriteEof(): boolean {
    return this.#writes;
  }

  pauseReading(): void {
    if (this.#paused || this.#closing) return;
    this.#paused = true;
    this.#stream.pause?.();
  }

  resumeReading(): void {
    if (!this.#paused || this.#closing) return;
    this.#paused = false;
    this.#stream.resume?.();
  }

  isReading(): boolean {
    return this.#reads && !this.#paused && !this.#closing;
  }

  close(): void {
    if (this.#closing || this.#lost) return;
    this.#closing = true;
    this.#stopReading();
    if (!this.#writes) this.#stream.destroy();
    else if (this.#direction === "write") this.#stream.end?.();
    else if (this.#stream.destroySoon !== undefined) this.#stream.destroySoon();
    else this.#endThenDestroy();
  }

  #endThenDestroy(): void {
    const stream = this.#stream as unknown as Writable;
    if (stream.writableFinished) return void stream.destroy();
    stream.once("finish", () => stream.destroy());
    stream.end();
  }

  abort(error?: Error): void {
    if (this.#lost) return;
    this.#closing = true;
    this.#error ??= error ?? null;
    this.#stopReading();
    this.#stream.destroy();
  }

  isClosing(): boolean {
    // Node destroys some streams itself, as the input of a process that has ended, and tells of it a turn later.
    return this.#closing || this.#lost || this.#stream.destroyed;
  }

  setWriteBufferLimits(limits: WriteBufferLimits): void {
    this.#limits.set(limits);
    this.#limits.grown(this.bufferedBytes, this.#protocol);
    this.#limits.shrunk(this.bufferedBytes, this.#protocol);
  }

  getWriteBufferLimits(): Required<WriteBufferLimits> {
    return { high: this.#limits.high, low: this.#limits.low };
  }

  /** Lets the stream go: another transport, on top of it, takes this one's place. @internal */
  protected detach(): void {
    const stream = this.#stream;
    this.#closing = this.#lost = true;
    stream.off("data", this.#onData);
    stream.off("end", this.#onEnd);
    stream.off("close", this.#onClose);
    // The error listener stays: an error that nobody listens to would end the process.
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#lost ? "closed" : this.#closing ? "closing" : "open";
    const paused = this.#paused && !this.#lost ? " paused" : "";
    const waiting = this.bufferedBytes === 0 ? "" : ` bufferedBytes=${this.bufferedBytes}`;
    return `<${this.constructor.name} ${state}${paused}${waiting}>`;
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on("error", this.#onError);
    stream.on("close", this.#onClose);
    if (!this.#reads) return;
    stream.on("end", this.#onEnd);
    stream.on("data", this.#onData);
  }

  /** What comes from now on is nobody's; flowing on into nowhere would let a peer send for ever. */
  #stopReading(): void {
    this.#stream.off("data", this.#onData);
    if (this.#reads) this.#stream.pause?.();
  }

  #refuseAfterEof(operation: string): void {
    if (this.#eofSent)
      throw new InvalidStateError(`${operation} after writeEof on ${this[INSPECT]()}`);
    if (!this.#writes)
      throw new InvalidStateError(`${operation} on ${this[INSPECT]()}, which is only read`);
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    this.#protocol.dataReceived(typeof chunk === "string" ? Buffer.from(chunk) : asBuffer(chunk));
  };

  readonly #onEnd = (): void => {
    if (this.#closing) return;
    if (!this.#protocol.eofReceived()) this.close();
  };

  /** A write that failed makes no room: who waits for some hears of the end of the connection instead. */
  readonly #onWritten = (error?: Error | null): void => {
    if (error == null) this.#limits.shrunk(this.bufferedBytes, this.#protocol);
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    if (this.#lost) return;
    this.#lost = true;
    this.#protocol.connectionLost(this.#error);
  };
}
