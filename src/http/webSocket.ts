/*
 * ClientWebSocket: an open WebSocket, as the session gives it.
 *
 * Strategy: a thin face; the working parts are the link's. Receiving takes a message from the inbox in
 * the step in which it goes on, so that a cancel loses none.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { redact } from "./redaction.ts";
import type { WebSocketMessage } from "./webSocketInbox.ts";
import type { WebSocketLink } from "./webSocketLink.ts";
import { expectClosing } from "./webSocketOptions.ts";

/** How one message is sent. */
export interface SendOptions {
  /** Compresses it, if the WebSocket has agreed on compression. Default true. */
  readonly compress?: boolean;
}

/** What a WebSocket is doing; see {@link ClientWebSocket.statistics}. */
export interface WebSocketStatistics {
  /** Messages that came and were not received, and their bytes. */
  readonly unread: number;
  readonly unreadBytes: number;
  /** True while the peer is held back because of them. */
  readonly paused: boolean;
  /** Bytes that were sent and are not in the kernel's hands yet, and how many senders wait. */
  readonly unsentBytes: number;
  readonly sending: number;
}

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
    this.compressed = link.raw.extensions.includes("permessage-deflate");
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
    const message = await this.#next("receive");
    this.#link.inbox.drop();
    return message;
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
    const message = await this.#next("receiveStr");
    if (typeof message !== "string") throw this.#wrongKind("receiveStr", message);
    this.#link.inbox.drop();
    return message;
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
    const message = await this.#next("receiveBytes");
    if (typeof message === "string") throw this.#wrongKind("receiveBytes", message);
    this.#link.inbox.drop();
    return message;
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

  #wrongKind(operation: string, message: WebSocketMessage): TypeError {
    const [expected, came] =
      typeof message === "string"
        ? ["a binary message", `text of ${message.length} characters`]
        : ["text", `a binary message of ${message.length} bytes`];
    return new TypeError(`${operation} on ${this[INSPECT]()}: expected ${expected}, got ${came}`);
  }

  /** The message that comes next, not taken yet. */
  async #next(operation: string): Promise<WebSocketMessage> {
    if (!this.#link.inbox.ready) await this.#link.inbox.arrival(operation);
    const { next } = this.#link.inbox;
    if (next === null) throw this.#link.end();
    return next;
  }

  /** The messages that come, until it is closed in order. Leaving the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage, undefined> {
    return {
      next: async () => {
        if (!this.#link.inbox.ready) await this.#link.inbox.arrival("receive");
        const { next } = this.#link.inbox;
        if (next !== null) {
          this.#link.inbox.drop();
          return { done: false, value: next };
        }
        if (this.#link.orderly) return { done: true, value: undefined };
        throw this.#link.end();
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
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
  async sendStr(text: string, options: SendOptions = {}): Promise<void> {
    if (typeof text !== "string") throw wrongType("text", "a string", text);
    await this.#send(text, options);
  }

  /** Sends bytes; otherwise like {@link ClientWebSocket.sendStr}. They may be changed once it has settled. */
  async sendBytes(data: Uint8Array | ArrayBuffer, options: SendOptions = {}): Promise<void> {
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
  async sendJson(value: unknown, options: SendOptions = {}): Promise<void> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw wrongType("value", "something that JSON has", value);
    await this.#send(text, options);
  }

  #send(data: string | Uint8Array, { compress = true }: SendOptions): Promise<void> {
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
    const payload = data === undefined ? this.#link.pings.unique() : controlData(data);
    this.#refuseClosed();
    return this.#link.pings.send(`${this.#link.label} ping`, payload, (bytes) =>
      this.#link.raw.ping(bytes),
    );
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
    const { size, bytes, paused } = this.#link.inbox;
    return Object.freeze({
      unread: size,
      unreadBytes: bytes,
      paused,
      unsentBytes: this.#link.raw.bufferedAmount,
      sending: this.#link.outbox.waiting,
    });
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
