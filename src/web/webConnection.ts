/*
 * WebConnection: one connection of a client, and the requests that are under way on it.
 *
 * Strategy: one listener on the socket for all of its requests; its end reaches every one of them, also those that
 * node:http tells nothing (on Node 20, the second of two that were pipelined). Requests that were pipelined run side by
 * side only while all of them are safe; others wait for those before them (RFC 9112, section 9.3.2).
 * Limits: a client that ends its side after the request counts as gone; node:http has no half-open connections.
 */
import type { Socket } from "node:net";
import { INSPECT } from "../core/inspection.ts";
import { Scope } from "../core/scope.ts";
import { refuseOn, statusOfMalformed } from "./badRequest.ts";
import { ClientDisconnected } from "./errors.ts";
import type { Exchange, Peer } from "./exchange.ts";
import { BadRequest } from "./httpError.ts";
import { linger } from "./linger.ts";
import type { NodeCarrier, NodeExchange } from "./nodeExchange.ts";
import type { RequestRun, RunPlace } from "./requestRun.ts";

/** How many requests of one connection are under way at most; further ones wait. */
const SIDE_BY_SIDE = 16;
/** How many wait at most: a client that sends more without reading answers is sent away. */
const WAITING = 256;

/** What a connection asks of its server. @internal */
export interface ConnectionHost {
  readonly scope: Scope;
  readonly creator: Scope;
  /** Whether connections end with their next answer. */
  readonly draining: boolean;
  connectionEnded(connection: WebConnection): void;
  runBegan(): void;
  runEnded(): void;
}

/** An exchange that is told when its connection is over. */
interface Losing extends Exchange {
  lost?(error: Error): void;
}

/** @internal */
export class WebConnection implements RunPlace, NodeCarrier, Peer {
  readonly scope: Scope;
  readonly creator: Scope;
  readonly runs: Set<RequestRun> = new Set();
  readonly socket: Socket;
  readonly #host: ConnectionHost;
  /** Of the other end, once somebody has asked: a socket takes its time to tell, and tells nothing when it has closed. */
  #address = "";
  #port = 0;
  #waiting: RequestRun[] = [];
  #lost = false;
  /** Whether an answer that closes the connection was sent, or what came was no request: nothing is heard any more. */
  #closed = false;

  constructor(host: ConnectionHost, socket: Socket) {
    this.#host = host;
    this.socket = socket;
    this.creator = host.creator;
    this.scope = new Scope(host.scope, "open");
    this.scope.body = this;
    socket.once("close", () => this.#end());
  }

  get peer(): Peer {
    return this;
  }

  get address(): string {
    if (this.#address === "") this.#address = plain(this.socket.remoteAddress ?? "");
    return this.#address;
  }

  get port(): number {
    if (this.#port === 0) this.#port = this.socket.remotePort ?? 0;
    return this.#port;
  }

  get localAddress(): string {
    return plain(this.socket.localAddress ?? "");
  }

  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  get secure(): boolean {
    return (this.socket as { encrypted?: boolean }).encrypted === true;
  }

  get closing(): boolean {
    return this.#host.draining;
  }

  /** Starts the request, in its turn. */
  begin(run: RequestRun): void {
    if (this.#lost) return;
    if (this.runs.size === 0) return run.start();
    if (this.#waiting.length >= WAITING) return void this.socket.destroy();
    this.#waiting.push(run);
    this.#next();
  }

  runBegan(run: RequestRun): void {
    this.runs.add(run);
    this.#host.runBegan();
  }

  runEnded(run: RequestRun): void {
    this.runs.delete(run);
    this.#host.runEnded();
    if (this.#waiting.length > 0 || this.#lost) this.#next();
  }

  /** Starts what may start now. */
  #next(): void {
    for (let run = this.#waiting[0]; run !== undefined; run = this.#waiting[0]) {
      const free = this.runs.size === 0 || (isSafe(run) && this.#allSafe());
      if (!free || this.runs.size >= SIDE_BY_SIDE) return;
      this.#waiting.shift();
      run.start();
    }
    if (this.#lost && this.runs.size === 0) this.scope.end();
  }

  #allSafe(): boolean {
    for (const run of this.runs) if (!isSafe(run)) return false;
    return true;
  }

  /** An answer was sent that is the last one. */
  closes(): void {
    this.#closed = true;
  }

  /**
   * What came is no request. That is told in its turn: requests before it are answered first (RFC 9112, section 9.3.2).
   */
  malformed(error: NodeJS.ErrnoException): void {
    const status = statusOfMalformed(error);
    if (status === null) return void this.socket.destroy();
    // Node's parser tells of all that follows an error, and of what follows `Connection: close`.
    if (this.#closed || error.code === "HPE_CLOSED_CONNECTION") return;
    this.#closed = true;
    const exchange = this.#newest?.request.exchange as NodeExchange | undefined;
    const refuse = (): void => refuseOn(this.socket, status, this.scope.loop.wallTime());
    if (exchange === undefined) return refuse();
    const { incoming } = exchange;
    // Who reads the body tells the client.
    if (incoming !== null && !incoming.whole)
      return incoming.fail(new BadRequest("the body is malformed", { cause: error }));
    exchange.whenSent(refuse);
  }

  get #newest(): RequestRun | undefined {
    return this.#waiting.at(-1) ?? [...this.runs].at(-1);
  }

  /** Closes it if nothing was ever sent on it: node:http does not count those among the idle. */
  closeUnused(): void {
    if (this.socket.bytesRead > 0) return;
    linger(this.socket);
    this.socket.destroySoon();
  }

  #end(): void {
    this.#lost = true;
    this.#waiting = [];
    for (const run of this.runs) {
      run.clientLeft();
      const exchange: Losing = run.request.exchange;
      exchange.lost?.(new ClientDisconnected("the client has left"));
    }
    if (this.runs.size === 0) this.scope.end();
    this.#host.connectionEnded(this);
  }

  /** @internal */
  [INSPECT](): string {
    const from = this.address === "" ? "" : ` from ${this.address}:${this.port}`;
    return `<Connection${from} requests=${this.runs.size}>`;
  }
}

/** An IPv4 address that came over a socket for both, as what it is. */
function plain(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

function isSafe({ request: { method } }: RequestRun): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}
