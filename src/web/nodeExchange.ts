/*
 * NodeExchange: one request of node:http and its answer.
 *
 * Strategy: thin: a head goes out by one `writeHead` of a flat list, a whole answer by one `end`. What the client would
 * not get any more, because it has left or was answered already, is dropped silently: who writes finds out by his
 * cancellation. An answer to a request whose body was not read to its end closes the connection, but not at once: the
 * answer would be lost to a reset (RFC 9112, section 9.6).
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import type { Exchange, Peer, Upgrade } from "./exchange.ts";
import { linger } from "./linger.ts";
import { NodeIncoming } from "./nodeIncoming.ts";
import { bodyLength, pairs, saysClose } from "./rawFields.ts";

/** Of an unread body, so much is let go by to keep the connection. */
const LITTLE = 64 * 1024;

/** What an exchange asks of its connection. @internal */
export interface NodeCarrier {
  readonly peer: Peer;
  readonly socket: Socket;
  /** Whether the connection is to be closed after this answer. */
  readonly closing: boolean;
  /** Told of the answer that closes it. */
  closes(): void;
}

/** @internal */
export class NodeExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly incoming: NodeIncoming | null;
  readonly upgrade: Upgrade | null;
  readonly #message: IncomingMessage;
  readonly #carrier: NodeCarrier;
  #response: ServerResponse | null;
  #ended = false;
  #takenOver = false;
  #draining: WaitQueue | null = null;
  /** A whole body that was handed over, until somebody asks how long it was. */
  #whole: string | Uint8Array | null = null;
  #bytes = 0;

  constructor(
    message: IncomingMessage,
    response: ServerResponse | null,
    carrier: NodeCarrier,
    upgrade: Upgrade | null,
    invites: boolean,
  ) {
    this.#message = message;
    this.#response = response;
    this.#carrier = carrier;
    this.upgrade = upgrade;
    this.method = message.method as string;
    this.target = message.url as string;
    this.rawHeaders = message.rawHeaders;
    const length = upgrade === null ? bodyLength(message.rawHeaders) : null;
    const invite = invites ? () => response?.writeContinue() : null;
    this.incoming = length === null ? null : new NodeIncoming(message, length, invite);
  }

  get bytesSent(): number {
    const whole = this.#whole;
    this.#whole = null;
    if (whole !== null)
      this.#bytes = typeof whole === "string" ? Buffer.byteLength(whole) : whole.byteLength;
    return this.#bytes;
  }

  get httpVersion(): string {
    return this.#message.httpVersion;
  }

  get peer(): Peer {
    return this.#carrier.peer;
  }

  get takenOver(): boolean {
    return this.#takenOver;
  }

  takeOver(): void {
    this.#takenOver = true;
  }

  get headSent(): boolean {
    return this.#takenOver || (this.#response !== null && this.#response.headersSent);
  }

  get ended(): boolean {
    return this.#ended;
  }

  send(status: number, headers: string[], body: string | Uint8Array | null): void {
    const response = this.opened(headers);
    if (response === null) return;
    this.#ended = true;
    response.writeHead(status, headers);
    if (body === null) return void response.end();
    if (this.method !== "HEAD") this.#whole = body;
    response.end(body);
  }

  begin(status: number, headers: string[]): void {
    if (status === 101) return this.switchProtocols(headers);
    const response = this.opened(headers);
    if (response === null) return;
    response.writeHead(status, headers);
    // At once, not with the first piece: that may take its time.
    response.flushHeaders();
  }

  write(chunk: string | Uint8Array): boolean {
    const response = this.writable();
    if (response === null) return true;
    this.#bytes += typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.byteLength;
    return response.write(chunk);
  }

  drained(): Promise<void> {
    const response = this.writable();
    if (response === null || !response.writableNeedDrain) return Promise.resolve();
    return suspend<void, NodeExchange>(NodeExchange.#startDraining, this, "response.drained");
  }

  end(trailers?: readonly string[]): void {
    const response = this.writable();
    if (response === null) return;
    this.#ended = true;
    if (trailers !== undefined && trailers.length > 0) response.addTrailers(pairs(trailers));
    response.end();
  }

  inform(status: number, headers: string[]): void {
    const response = this.writable();
    if (response === null || response.headersSent || this.httpVersion === "1.0") return;
    if (status === 102) return response.writeProcessing();
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of pairs(headers)) {
      const known = fields[name];
      fields[name] = known === undefined ? value : [known, value].flat();
    }
    response.writeEarlyHints(fields);
  }

  abort(): void {
    this.#ended = true;
    this.#carrier.socket.destroy();
  }

  /** The connection is over: nobody gets what is written from now on. */
  lost(error: Error): void {
    this.#ended = true;
    this.incoming?.fail(error);
    this.wakeDrained();
  }

  /** Calls back when the whole answer was handed to the system; never when the connection ends before. */
  whenSent(callback: () => void): void {
    const response = this.#response;
    if (response === null) return;
    if (response.writableFinished) callback();
    else response.once("finish", callback);
  }

  /** The response to write the head of; null when nobody would get it. */
  private opened(headers: string[]): ServerResponse | null {
    this.#response ??= this.upgrade === null ? null : answerTo(this.#message, this.#carrier.socket);
    const response = this.writable();
    if (response === null || response.headersSent) return null;
    const carrier = this.#carrier;
    if (saysClose(headers)) carrier.closes();
    else if (carrier.closing || this.leavesBody()) {
      headers.push("connection", "close");
      carrier.closes();
    }
    return response;
  }

  private writable(): ServerResponse | null {
    const response = this.#response;
    return response === null || this.#ended || response.destroyed ? null : response;
  }

  /** Sees to the body that nobody has read; true when the connection must end for it. */
  private leavesBody(): boolean {
    const { incoming } = this;
    if (incoming === null || incoming.missing === 0) return false;
    // One that was never asked for never comes, but the client may send another request in its place.
    if (incoming.uninvited) return true;
    if (incoming.missing > LITTLE) return (linger(this.#carrier.socket), true);
    return false;
  }

  /** Lets the rest of a body go by that nobody will read any more. */
  finish(): void {
    const { incoming } = this;
    if (incoming !== null && !incoming.whole && !incoming.uninvited) incoming.discard();
  }

  private switchProtocols(headers: readonly string[]): void {
    this.#takenOver = true;
    const lines = pairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#carrier.socket.write(
      `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`,
      "latin1",
    );
  }

  private wakeDrained(): void {
    const waits = this.#draining;
    if (waits === null) return;
    for (let wait = waits.shift(); wait !== null; wait = waits.shift()) wait.resolve();
  }

  static #startDraining(this: void, wait: Wait<void>, exchange: NodeExchange): () => void {
    const waits = (exchange.#draining ??= new WaitQueue());
    waits.push(wait);
    const response = exchange.#response as ServerResponse;
    const onDrain = (): void => exchange.wakeDrained();
    response.once("drain", onDrain);
    return () => {
      waits.remove(wait);
      response.off("drain", onDrain);
    };
  }
}

/** An ordinary answer to a request that asked for another protocol. */
function answerTo(message: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  return response;
}
