/*
 * StreamProtocol: the protocol of streams. Feeds a reader, holds those who `drain` back while too much waits to be sent,
 * and knows when the connection is over.
 *
 * CPython's rules: asyncio/streams.py, FlowControlMixin and StreamReaderProtocol.
 */
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { ConnectionResetError } from "./errors.ts";
import type { StreamReader } from "./reader.ts";
import type { Protocol, Transport } from "./transport.ts";

/** What ended a connection: null for a close in good order. */
type Ending = { readonly error: Error | null };

const SETTLED: Promise<void> = Promise.resolve();

/**
 * The protocol between a transport and a pair of `StreamReader` and `StreamWriter`
 * (`asyncio.StreamReaderProtocol`). For who brings a transport of his own:
 *
 * @example
 * ```ts
 * import { StreamProtocol, StreamReader } from "ambit/streams";
 *
 * const reader = new StreamReader();
 * const protocol = new StreamProtocol(reader); // the transport calls it
 * protocol.dataReceived(Buffer.from("hello\n"));
 * String(await reader.readline()); // => "hello\n"
 * ```
 */
export class StreamProtocol implements Protocol {
  readonly reader: StreamReader | null;
  readonly #onLost: ((error: Error | null) => void) | null;
  readonly #drainers = new WaitQueue();
  readonly #closers = new WaitQueue();
  #transport: Transport | null = null;
  #paused = false;
  #ending: Ending | null = null;

  /**
   * @param reader gets what is received; null for a connection that only sends
   * @param onLost called after the connection is over
   */
  constructor(reader: StreamReader | null, onLost: ((error: Error | null) => void) | null = null) {
    this.reader = reader;
    this.#onLost = onLost;
  }

  /** The connection is there: its transport is paused when the reader has too much. */
  connectionMade(transport: Transport): void {
    this.#transport = transport;
    this.reader?.setTransport(transport);
  }

  /** Another transport carries on: the connection became encrypted. @internal */
  transportReplaced(transport: Transport): void {
    this.#transport = transport;
    this.reader?.replaceTransport(transport);
    if (this.#paused) this.resumeWriting();
  }

  dataReceived(data: Uint8Array): void {
    this.reader?.feedData(data);
  }

  eofReceived(): boolean {
    this.reader?.feedEof();
    return true;
  }

  connectionLost(error: Error | null): void {
    if (this.#ending !== null) return;
    this.#ending = { error };
    if (error === null) this.reader?.feedEof();
    else this.reader?.setException(error);
    settleAll(this.#drainers, error);
    settleAll(this.#closers, error);
    this.#onLost?.(error);
  }

  pauseWriting(): void {
    this.#paused = true;
  }

  resumeWriting(): void {
    this.#paused = false;
    settleAll(this.#drainers, null);
  }

  /** Whether the connection is over. */
  get isLost(): boolean {
    return this.#ending !== null;
  }

  /** What ended the connection; null while it lasts, and after a close in good order. */
  get error(): Error | null {
    return this.#ending?.error ?? null;
  }

  /** Whether who writes should wait. @internal */
  get isHeldBack(): boolean {
    return this.#paused || this.#ending !== null;
  }

  /**
   * Waits until writing may go on.
   * @throws what ended the connection, or {@link ConnectionResetError} when it was closed before in good order
   * @internal
   */
  untilWritable(): Promise<void> {
    if (this.#ending !== null) {
      const over = new ConnectionResetError("drain on a connection that is over");
      return Promise.reject(this.#ending.error ?? over);
    }
    if (!this.#paused) return SETTLED;
    return suspend<void, StreamProtocol>(startDraining, this, "StreamWriter.drain");
  }

  /** Waits until the connection is over; throws what ended it. @internal */
  untilLost(): Promise<void> {
    if (this.#ending !== null) {
      return this.#ending.error === null ? SETTLED : Promise.reject(this.#ending.error);
    }
    return suspend<void, StreamProtocol>(startClosing, this, "StreamWriter.waitClosed");
  }

  /** @internal */
  get drainers(): WaitQueue {
    return this.#drainers;
  }

  /** @internal */
  get closers(): WaitQueue {
    return this.#closers;
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return this.#transport?.outside ?? false;
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#ending !== null ? "closed" : this.#paused ? "writing paused" : "open";
    return `<StreamProtocol ${state}>`;
  }
}

function settleAll(waits: WaitQueue, error: Error | null): void {
  for (let wait = waits.shift(); wait !== null; wait = waits.shift()) {
    if (error === null) wait.resolve();
    else wait.reject(error);
  }
}

function startDraining(wait: Wait<void>, protocol: StreamProtocol): Cleanup<void, StreamProtocol> {
  protocol.drainers.push(wait);
  return leaveDrainers;
}

function leaveDrainers(wait: Wait<void>, protocol: StreamProtocol): void {
  protocol.drainers.remove(wait);
}

function startClosing(wait: Wait<void>, protocol: StreamProtocol): Cleanup<void, StreamProtocol> {
  protocol.closers.push(wait);
  return leaveClosers;
}

function leaveClosers(wait: Wait<void>, protocol: StreamProtocol): void {
  protocol.closers.remove(wait);
}
