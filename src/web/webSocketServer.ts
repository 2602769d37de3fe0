/*
 * ServerWebSocket: an open WebSocket, as a handler gets it.
 *
 * Strategy: a thin face; the working parts are the link's. Receiving takes a message from the inbox in the step in which
 * it goes on, so that a cancel loses none.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { expectClosing } from "../webSockets/closeCodes.ts";
import type { WebSocketMessage } from "../webSockets/inbox.ts";
import { isCompressed } from "../webSockets/library.ts";
import { anyMessage, Messages, takeMessage } from "../webSockets/messages.ts";
import type { WebSocketSendOptions } from "../webSockets/outbox.ts";
import { statisticsOf, type WebSocketStatistics } from "../webSockets/statistics.ts";
import { BadMessage } from "./webSocketErrors.ts";
import type { WebSocketLink } from "./webSocketLink.ts";

/**
 * An open WebSocket, server side (aiohttp's `WebSocketResponse`, Sanic's `Websocket`).
 *
 * `for await` gives the messages, text as strings, binary as Uint8Arrays, in order, until the client closes with 1000,
 * 1001 or no code, the server stops, or the handler closes; for another end it throws. Leaving the loop leaves the
 * WebSocket open. One task may receive at a time; any number may send.
 *
 * **Cancellation:** a cancelled receive has taken no message. A cancelled send has sent its message, or not begun to.
 */
export class ServerWebSocket<
  Protocol extends string = string,
> implements AsyncIterable<WebSocketMessage> {
  /** The subprotocol that was agreed on; empty for none. */
  readonly protocol: Protocol | "";
  /** True when messages may be packed: both sides have agreed. */
  readonly compressed: boolean;
  readonly #link: WebSocketLink;

  /** @internal */
  constructor(link: WebSocketLink, protocol: Protocol | "") {
    this.protocol = protocol;
    this.compressed = isCompressed(link.raw);
    this.#link = link;
  }

  /** True once it is closed, or about to be: nothing more can be sent. */
  get closed(): boolean {
    return this.#link.refusal !== null;
  }

  /**
   * What it was closed with: the client's code (1005 for none), the code that it was sent for a breach of the protocol, or
   * 1006 when the connection was lost. Null until the connection is down.
   */
  get closeCode(): number | null {
    return this.#link.closeCode;
  }

  /** The reason that came with the code; empty when there was none. */
  get closeReason(): string {
    return this.#link.closeReason;
  }

  /**
   * Bytes that were sent and are not in the kernel's hands yet. For who sends to many and must not wait for one: a client
   * that is far behind is better closed.
   */
  get bufferedAmount(): number {
    return this.#link.raw.bufferedAmount;
  }

  /**
   * Receives the next message.
   *
   * **Cancellation:** takes nothing: the next receive gets the message.
   *
   * @throws {@link ConnectionClosed} when it is closed, in order or not, and every message before that was received
   * @throws {@link TimeoutError} when none came within `receiveTimeout`
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
   * @throws {@link BadMessage} with 1003 when it is binary; it is taken
   * @throws as {@link ServerWebSocket.receive} does
   */
  async receiveText(): Promise<string> {
    const message = await this.receive();
    if (typeof message === "string") return message;
    throw new BadMessage("text is wanted here, and a binary message came", { code: 1003 });
  }

  /**
   * Receives the next message, which must be binary.
   *
   * **Cancellation:** takes nothing.
   *
   * @throws {@link BadMessage} with 1003 when it is text; it is taken
   * @throws as {@link ServerWebSocket.receive} does
   */
  async receiveBytes(): Promise<Uint8Array> {
    const message = await this.receive();
    if (typeof message !== "string") return message;
    throw new BadMessage("a binary message is wanted here, and text came", { code: 1003 });
  }

  /**
   * Receives the next message, which must be text, and parses it as JSON. What it holds is the client's word: check it.
   *
   * **Cancellation:** takes nothing.
   *
   * @param check makes what the program wants of it, or throws. Default: as it is
   * @throws {@link BadMessage} with 1007 when it is no JSON, with 1003 when it is binary; it is taken
   * @throws as {@link ServerWebSocket.receive} does, and what `check` throws
   */
  async receiveJson(): Promise<unknown>;
  async receiveJson<T>(check: (value: unknown) => T): Promise<T>;
  async receiveJson<T>(check?: (value: unknown) => T): Promise<unknown> {
    if (check !== undefined) expectFunction("check", check);
    const text = await this.receiveText();
    let value: unknown;
    try {
      value = JSON.parse(text) as unknown;
    } catch (error) {
      throw new BadMessage("JSON is wanted here", { code: 1007, cause: error });
    }
    return check === undefined ? value : check(value);
  }

  /** The messages that come, until it is closed in order. Leaving the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterableIterator<WebSocketMessage, undefined> {
    return new Messages(this.#link);
  }

  /**
   * Sends text, or bytes as a binary message. Settles when the message is on its way and not too much is before it.
   *
   * The bytes belong to the WebSocket from then on: change them, and the client may get something else.
   *
   * **Cancellation:** with a cancel due already, nothing is sent; otherwise the message is.
   *
   * @throws {@link ConnectionClosed} when it is closed, or is before the message is on its way
   * @throws TypeError when it's neither text nor bytes
   */
  async send(
    message: string | Uint8Array | ArrayBuffer,
    options: WebSocketSendOptions = {},
  ): Promise<void> {
    const data = message instanceof ArrayBuffer ? new Uint8Array(message) : message;
    if (typeof data !== "string" && !(data instanceof Uint8Array))
      throw wrongType("message", "a string, a Uint8Array or an ArrayBuffer", message);
    await this.#send(data, options);
  }

  /**
   * Sends a value as JSON text; otherwise like {@link ServerWebSocket.send}.
   *
   * **Cancellation:** as {@link ServerWebSocket.send}.
   *
   * @throws TypeError when the value has no JSON
   */
  async sendJson(value: unknown, options: WebSocketSendOptions = {}): Promise<void> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw wrongType("value", "something that JSON can hold", value);
    await this.#send(text, options);
  }

  #send(data: string | Uint8Array, { compress = true }: WebSocketSendOptions): Promise<void> {
    const { refusal } = this.#link;
    if (refusal !== null) throw refusal;
    return this.#link.outbox.send(data, compress);
  }

  /**
   * Pings the client; gives the milliseconds to its answer.
   *
   * The answer comes behind the messages that the client has sent before: where those are not received, it is not seen
   * either.
   *
   * **Cancellation:** the wait ends; the ping was sent.
   *
   * @throws {@link ConnectionClosed} when it is closed, or is before the answer
   */
  async ping(): Promise<number> {
    const { refusal } = this.#link;
    if (refusal !== null) throw refusal;
    return await this.#link.pings.send(`${this.#link.label} ping`);
  }

  /**
   * Closes it: sends a close frame, and waits for the client's, for `closeTimeout` at most; then the connection is cut.
   * What was not received is dropped, and who is receiving finds it closed. May be called again.
   *
   * A handler that returns closes with 1000, so it needs this only for another code, or a reason.
   *
   * **Cancellation:** cuts the connection at once.
   *
   * @param code 1000 (default, normal closure) and what else a close frame may have, or 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
   * @throws RangeError when code or reason cannot be sent
   */
  async close(code = 1000, reason = ""): Promise<void> {
    expectClosing(code, reason);
    this.#link.close(code, reason);
    await this.#link.closing();
  }

  /** What it is doing now. */
  statistics(): WebSocketStatistics {
    return statisticsOf(this.#link);
  }

  /** @internal */
  [INSPECT](): string {
    const { label, state, closeCode, inbox } = this.#link;
    const code = closeCode === null ? "" : ` ${closeCode}`;
    return `<ServerWebSocket ${label} ${state}${code}${inbox.size === 0 ? "" : ` unread=${inbox.size}`}>`;
  }
}
