/*
 * ClientWebSocket: an open WebSocket, as the session gives it.
 *
 * Strategy: a thin face; the working parts are the link's. Receiving takes a message from the inbox in
 * the step in which it goes on, so that a cancel loses none.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { redact } from "./redaction.ts";
import { expectClosing } from "../webSockets/closeCodes.ts";
import type { WebSocketMessage } from "../webSockets/inbox.ts";
import { isCompressed } from "../webSockets/library.ts";
import { anyMessage, Messages, takeMessage } from "../webSockets/messages.ts";
import type { WebSocketSendOptions } from "../webSockets/outbox.ts";
import { statisticsOf, type WebSocketStatistics } from "../webSockets/statistics.ts";
import type { WebSocketLink } from "./webSocketLink.ts";

/**
 * An open WebSocket, client side (`aiohttp.ClientWebSocketResponse`); {@link ClientSession.wsConnect}
 * opens it.
 *
 * `for await` gives the messages, text as strings, binary as Uint8Arrays, in order, until the
 * WebSocket is closed with 1000, 1001 or no code, or by `close`; for another end it throws. Leaving
 * the loop leaves the WebSocket open. One task may receive at a time; any number may send. It holds
 * no place under the session's limits. Close it, or have it disposed of.
 *
 * **Cancellation:** a cancelled receive has taken no message. A cancelled send has sent its message,
 * or not begun to.
 *
 * @example
 * ```ts no-run
 * import { ClientSession } from "ambit/http";
 *
 * await using session = new ClientSession();
 * await using socket = await session.wsConnect("wss://example.org/feed", { heartbeat: 20_000 });
 * await socket.sendJson({ subscribe: "news" });
 * for await (const message of socket) console.log(message);
 * ```
 */
export class ClientWebSocket implements AsyncDisposable, AsyncIterable<WebSocketMessage> {
  /** Where it leads, without user info. May hold secrets in its query. */
  readonly url: string;
  /** The subprotocol that the server picked; empty for none. */
  readonly protocol: string;
  /** True when messages may be compressed: both sides have agreed. */
  readonly compressed: boolean;
  readonly #link: WebSocketLink;

  /** @internal */
  constructor(link: WebSocketLink) {
    this.url = link.subject.url;
    this.protocol = link.raw.protocol;
    this.compressed = isCompressed(link.raw);
    this.#link = link;
  }

  /** True once it is closed, or about to be: nothing more can be sent. */
  get closed(): boolean {
    return this.#link.state !== "open";
  }

  /**
   * What it was closed with: the peer's code (1005 for none), the code that the peer was sent for a
   * breach of the protocol, or 1006 when the connection was lost. Null until it is closed.
   */
  get closeCode(): number | null {
    return this.#link.closeCode;
  }

  /** The reason that came with the code; empty when there was none. */
  get closeReason(): string {
    return this.#link.closeReason;
  }

  /**
   * Receives the next message.
   *
   * **Cancellation:** takes nothing: the next receive gets the message.
   *
   * @throws {@link WebSocketClosedError} when the WebSocket is closed, in order or not, and every
   *   message before that was received
   * @throws {@link SessionClosedError} when the session was closed
   * @throws {@link InvalidStateError} when another task is receiving
   */
  async receive(): Promise<WebSocketMessage> {
    return await takeMessage(this.#link, "receive", anyMessage);
  }

  /**
   * Receives the next message, which must be text.
   *
   * **Cancellation:** takes nothing.
   *
   * @throws TypeError when it is binary; it is not taken, `receive` gets it
   * @throws as {@link ClientWebSocket.receive} does
   */
  async receiveStr(): Promise<string> {
    return await takeMessage(this.#link, "receiveStr", this.#text);
  }

  /**
   * Receives the next message, which must be binary.
   *
   * **Cancellation:** takes nothing.
   *
   * @throws TypeError when it is text; it is not taken, `receive` gets it
   * @throws as {@link ClientWebSocket.receive} does
   */
  async receiveBytes(): Promise<Uint8Array> {
    return await takeMessage(this.#link, "receiveBytes", this.#binary);
  }

  /**
   * Receives the next message, which must be text, and parses it as JSON.
   *
   * **Cancellation:** takes nothing.
   *
   * @throws SyntaxError when it is not JSON; it is taken
   * @throws as {@link ClientWebSocket.receiveStr} does
   */
  async receiveJson<T = unknown>(): Promise<T> {
    const text = await this.receiveStr();
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new SyntaxError(`receiveJson on ${this[INSPECT]()}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  readonly #text = (message: WebSocketMessage): string => {
    if (typeof message === "string") return message;
    throw this.#wrongKind("receiveStr", message);
  };

  readonly #binary = (message: WebSocketMessage): Uint8Array => {
    if (typeof message !== "string") return message;
    throw this.#wrongKind("receiveBytes", message);
  };

  #wrongKind(operation: string, message: WebSocketMessage): TypeError {
    const [expected, came] =
      typeof message === "string"
        ? ["a binary message", `text of ${message.length} characters`]
        : ["text", `a binary message of ${message.length} bytes`];
    return new TypeError(`${operation} on ${this[INSPECT]()}: expected ${expected}, got ${came}`);
  }

  /** The messages that come, until it is closed in order. Leaving the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage, undefined> {
    return new Messages(this.#link);
  }

  /**
   * Sends text. Settles when the message is on its way and not too much is before it.
   *
   * **Cancellation:** with a cancel due already, nothing is sent; otherwise the message is.
   *
   * @throws {@link WebSocketClosedError} when the WebSocket is closed, or is before the message is
   *   on its way
   * @throws {@link SessionClosedError} when the session was closed
   */
  async sendStr(text: string, options: WebSocketSendOptions = {}): Promise<void> {
    if (typeof text !== "string") throw wrongType("text", "a string", text);
    await this.#send(text, options);
  }

  /** Sends bytes; otherwise like {@link ClientWebSocket.sendStr}. They may be changed once it has settled. */
  async sendBytes(
    data: Uint8Array | ArrayBuffer,
    options: WebSocketSendOptions = {},
  ): Promise<void> {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    if (!(bytes instanceof Uint8Array))
      throw wrongType("data", "a Uint8Array or an ArrayBuffer", data);
    // Compressed later, by another thread: it must not change meanwhile.
    await this.#send(this.compressed ? bytes.slice() : bytes, options);
  }

  /**
   * Sends a value as JSON text; otherwise like {@link ClientWebSocket.sendStr}.
   * @throws TypeError when the value has no JSON
   */
  async sendJson(value: unknown, options: WebSocketSendOptions = {}): Promise<void> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw wrongType("value", "something that JSON has", value);
    await this.#send(text, options);
  }

  #send(data: string | Uint8Array, { compress = true }: WebSocketSendOptions): Promise<void> {
    this.#refuseClosed();
    return this.#link.outbox.send(data, compress);
  }

  /**
   * Pings the peer; gives the milliseconds to its answer.
   *
   * The answer comes behind the messages that the peer has sent before: where those are not received,
   * it is not seen either.
   *
   * **Cancellation:** the wait ends; the ping was sent.
   *
   * @param data at most 125 bytes that the answer repeats. Default: some that no other ping has
   * @throws RangeError when there are more
   * @throws {@link WebSocketClosedError} when the WebSocket is closed, or is before the answer
   */
  async ping(data?: Uint8Array | string): Promise<number> {
    const chosen = data === undefined ? undefined : controlData(data);
    this.#refuseClosed();
    return this.#link.pings.send(`${this.#link.label} ping`, chosen);
  }

  /**
   * Sends a pong that nobody asked for: for programs that answer pings themselves.
   * @param data at most 125 bytes. Default: none
   */
  pong(data: Uint8Array | string = ""): void {
    const payload = controlData(data);
    this.#refuseClosed();
    this.#link.raw.pong(payload);
  }

  #refuseClosed(): void {
    const { refusal } = this.#link;
    if (refusal !== null) throw refusal;
  }

  /**
   * Closes it: sends a close frame, and waits for the peer's, for `closeTimeout` at most; then the
   * connection is cut. What was not received is dropped, and who is receiving finds it closed. May be
   * called again.
   *
   * **Cancellation:** cuts the connection at once.
   *
   * @param code 1000 (default, normal closure) and what else a client may send, or 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
   * @throws RangeError when code or reason cannot be sent
   */
  async close(code = 1000, reason = ""): Promise<void> {
    expectClosing(code, reason);
    if (this.#link.state === "closed") return;
    this.#link.beginClose(code, reason);
    await this.#link.closing();
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What it is doing now. */
  statistics(): WebSocketStatistics {
    return statisticsOf(this.#link);
  }

  /** @internal */
  [INSPECT](): string {
    const code = this.#link.closeCode === null ? "" : ` ${this.#link.closeCode}`;
    const unread = this.#link.inbox.size === 0 ? "" : ` unread=${this.#link.inbox.size}`;
    return `<ClientWebSocket ${redact(this.url)} ${this.#link.state}${code}${unread}>`;
  }
}

function controlData(data: Uint8Array | string): Uint8Array {
  const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : data;
  if (!(bytes instanceof Uint8Array)) throw wrongType("data", "a Uint8Array or a string", data);
  if (bytes.length > 125) throw outOfRange("data", "at most 125 bytes", bytes.length);
  return bytes;
}
