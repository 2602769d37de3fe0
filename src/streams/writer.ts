/*
 * StreamWriter: bytes that go out, held back when the peer does not keep up.
 *
 * Strategy: a thin face of a transport; who is held back is the protocol's matter (`streamProtocol.ts`).
 * CPython's rules: asyncio/streams.py, StreamWriter. Added to them: text is written as UTF-8, `drain` is a point of
 * cancellation and of fairness, and `await using` closes.
 */
import { expectMilliseconds, wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope } from "../core/scope.ts";
import { checkpoint, sleep } from "../core/sleep.ts";
import { asBuffer } from "./chunkBuffer.ts";
import { ConnectionResetError } from "./errors.ts";
import type { StreamReader } from "./reader.ts";
import type { StreamProtocol } from "./streamProtocol.ts";
import { HANDSHAKE_TIMEOUT, type TlsOptions } from "./tlsOptions.ts";
import { type Transport, type TransportInfo, transportWords } from "./transport.ts";

/** How a connection is encrypted after it was made. */
export interface StartTlsOptions extends TlsOptions {
  /** Whether this side is the server. Default: true in a handler of a server. */
  readonly serverSide?: boolean;
  /** How long the handshake may take, in milliseconds. Default 60,000. */
  readonly handshakeTimeout?: number;
}

/**
 * The sending half of a stream (`asyncio.StreamWriter`).
 *
 * `write` never waits; `await drain()` after it holds the writer back while more than the transport's high limit
 * (64 KiB) waits to be sent. Prints as `<StreamWriter transport=… reader=…>`.
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "ambit/streams";
 *
 * const server = await startServer(
 *   async (reader, writer) => writer.write(await reader.readline()),
 *   { host: "127.0.0.1", port: 0 },
 * );
 * const { reader, writer } = await openConnection({ port: server.port });
 * writer.write("hello\n");
 * await writer.drain();
 * String(await reader.read()); // => "hello\n"
 * writer.close();
 * await server[Symbol.asyncDispose]();
 * ```
 */
export class StreamWriter implements AsyncDisposable {
  readonly #protocol: StreamProtocol;
  readonly #reader: StreamReader | null;
  readonly #serverSide: boolean;
  #transport: Transport;
  /** While the handshake of `startTls` goes on: what is written would be neither plain nor encrypted. */
  #upgrading = false;

  /**
   * @param transport where the bytes go
   * @param protocol the one that the transport calls
   * @param reader the other half; its error is `drain`'s too
   * @param serverSide whether `startTls` is the server's side of the handshake
   */
  constructor(
    transport: Transport,
    protocol: StreamProtocol,
    reader: StreamReader | null = protocol.reader,
    serverSide = false,
  ) {
    this.#transport = transport;
    this.#protocol = protocol;
    this.#reader = reader;
    this.#serverSide = serverSide;
  }

  /** What moves the bytes. */
  get transport(): Transport {
    return this.#transport;
  }

  /** What is known of the connection. */
  get info(): TransportInfo {
    return this.#transport.info;
  }

  /** One thing that is known of the connection (`get_extra_info`); undefined when it does not apply. */
  getExtraInfo<K extends keyof TransportInfo>(name: K): TransportInfo[K] {
    return this.#transport.info[name];
  }

  /**
   * Sends bytes, or text as UTF-8, as soon as the peer takes them. Bytes are kept, so they must not be altered. On a
   * connection that is closing they are dropped; `drain` says so.
   *
   * @throws TypeError when `data` is neither
   * @throws InvalidStateError after `writeEof`, or during `startTls`
   */
  write(data: Uint8Array | string): void {
    this.#refuseUpgrading("write");
    this.#transport.write(bytesOf("data", data));
  }

  /** Sends several pieces in one go; see {@link StreamWriter.write}. */
  writelines(pieces: Iterable<Uint8Array | string>): void {
    this.#refuseUpgrading("writelines");
    this.#transport.writelines(Array.from(pieces, (piece) => bytesOf("a piece", piece)));
  }

  /**
   * Waits until little enough waits to be sent.
   *
   * Lets others run once in a while even if there is room, so that a loop of `write` and `drain` starves nobody.
   *
   * **Cancellation:** throws; what was written is sent all the same.
   *
   * @throws what ended the connection
   * @throws {@link ConnectionResetError} when it was closed before, on this side
   */
  drain(): Promise<void> {
    const error = this.#reader?.exception() ?? null;
    if (error !== null) return Promise.reject(error);
    if (this.#transport.isClosing()) return this.#drainClosing();
    return this.#protocol.isHeldBack ? this.#protocol.untilWritable() : checkpoint();
  }

  /** The turn lets the connection end: a loop of `write` and `drain` would never hear of it otherwise. */
  async #drainClosing(): Promise<void> {
    await sleep(0);
    // With nothing left to send, the end is near.
    if (this.#transport.bufferedBytes === 0) await this.#protocol.untilLost();
    await this.#protocol.untilWritable();
  }

  /** Ends this direction once all is sent: the peer reads to the end. The other direction stays open. */
  writeEof(): void {
    this.#refuseUpgrading("writeEof");
    this.#transport.writeEof();
  }

  /** Whether this direction can be ended by itself. */
  canWriteEof(): boolean {
    return this.#transport.canWriteEof();
  }

  /** Sends what waits, then closes both directions. Returns at once, see {@link StreamWriter.waitClosed}. */
  close(): void {
    this.#transport.close();
  }

  /** Whether the connection is closing or closed. */
  isClosing(): boolean {
    return this.#transport.isClosing();
  }

  /**
   * Waits until the connection is closed.
   *
   * **Cancellation:** the wait ends; the connection goes on closing.
   *
   * @throws what ended the connection, if that was not `close` or the peer's end
   */
  waitClosed(): Promise<void> {
    return this.#protocol.untilLost();
  }

  /**
   * Encrypts the connection: reader and writer go on as before, on top of TLS.
   *
   * Nobody may read or write meanwhile. Node's options of TLS say how.
   *
   * **Cancellation:** the connection is closed: half a handshake is of no use.
   *
   * @throws what the handshake failed with; the connection is closed then
   * @throws TimeoutError when it takes longer than `handshakeTimeout`
   * @throws TypeError when the transport cannot be encrypted
   */
  async startTls(options: StartTlsOptions = {}): Promise<void> {
    const { serverSide = this.#serverSide, handshakeTimeout = HANDSHAKE_TIMEOUT, ...tls } = options;
    expectMilliseconds("options.handshakeTimeout", handshakeTimeout);
    const transport = this.#transport;
    if (transport.startTls === undefined) {
      throw new TypeError(`startTls on ${transportWords(transport)}, which cannot be encrypted`);
    }
    await this.drain();
    this.#refuseUpgrading("startTls");
    if (transport.isClosing())
      throw new ConnectionResetError("startTls on a connection that is closing");
    transport.pauseReading();
    const early = this.#reader?.takeBack() ?? new Uint8Array();
    this.#upgrading = true;
    try {
      this.#transport = await transport.startTls({ tls, serverSide, handshakeTimeout, early });
    } finally {
      this.#upgrading = false;
    }
    this.#protocol.transportReplaced(this.#transport);
  }

  #refuseUpgrading(operation: string): void {
    if (!this.#upgrading) return;
    throw new InvalidStateError(
      `${operation} during startTls on ${this[INSPECT]()}: await it first`,
    );
  }

  /**
   * Closes the connection and waits until it is closed. Errors of the connection are not thrown here: reads and `drain`
   * tell them.
   *
   * **Cancellation:** the connection is closed at once, what waits to be sent is lost. So it is when the scope was
   * cancelled before and the peer does not take what waits.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (this.#protocol.isLost) return;
    const scope = ambientScope();
    try {
      // A peer that never reads must not hold up a task that was cancelled.
      if (scope.metCancels() > 0 || scope.ended) await this.#closeSoon();
      else await this.#closed();
    } catch (error) {
      this.#transport.abort();
      throw error;
    }
  }

  async #closeSoon(): Promise<void> {
    await sleep(0);
    if (!this.#protocol.isLost && this.#transport.bufferedBytes > 0) this.#transport.abort();
    await this.#closed();
  }

  async #closed(): Promise<void> {
    try {
      await this.waitClosed();
    } catch (error) {
      if (error !== this.#protocol.error) throw error;
    }
  }

  /** @internal */
  [INSPECT](): string {
    const reader = this.#reader === null ? "" : ` reader=${this.#reader[INSPECT]()}`;
    return `<StreamWriter transport=${transportWords(this.#transport)}${reader}>`;
  }
}

function bytesOf(name: string, data: Uint8Array | string): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  if (!(data instanceof Uint8Array)) throw wrongType(name, "bytes or text", data);
  return asBuffer(data);
}
