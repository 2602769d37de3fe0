/*
 * The connections: those in use, those that are idle, and those that several requests share.
 *
 * It needs no queue: who comes here has a place under the limits, and gets the connection that was
 * used last, or a new one. Where HTTP/2 is spoken, or may be, requests for one route share a
 * connection up to what the server allows, and a full one gets a second beside it.
 */
import type { Dispatcher } from "undici";
import { Connection, type ConnectionOwner } from "./connection.ts";
import type { UnsentError } from "./openingError.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import { Route, routeKey } from "./route.ts";
import type { OpeningTools } from "./socketOpening.ts";
import type { Timeouts } from "./timeouts.ts";
import type { TraceSink } from "./tracing.ts";

/** A request, as far as its connection depends on it. @internal */
export interface Traveller extends Dispatcher.DispatchHandler {
  readonly origin: string;
  /** The proxy it goes through; null, or not there, for none. */
  readonly proxy?: ProxyTarget | null;
  readonly timeouts: Timeouts;
  /** Who is told of its connection; null where nobody traces. */
  readonly trace: TraceSink | null;
}

const HTTP_1 = ["http/1.1"];
const HTTP_2 = ["h2", "http/1.1"];
/** How many routes are remembered that speak HTTP/1.1 only. */
const MOST_PLAIN = 1000;

/** @internal */
export class ConnectionPool implements ConnectionOwner {
  readonly #tools: OpeningTools;
  readonly #connections = new Set<Connection>();
  /** By route, the one that was used last at the end. */
  readonly #idle = new Map<string, Connection[]>();
  /** By route: those that several may have at a time, or perhaps may, once they are open. */
  readonly #shared = new Map<string, Connection[]>();
  /** Routes that were offered HTTP/2 and did not take it. */
  readonly #plain = new Set<string>();

  constructor(tools: OpeningTools) {
    this.#tools = tools;
  }

  /** How many there are, with those being opened or closed. */
  get size(): number {
    return this.#connections.size;
  }

  /** How many are being opened, idle, and speak HTTP/2. */
  count(): { opening: number; idle: number; http2: number } {
    const all = [...this.#connections];
    return {
      opening: all.filter((each) => each.opening).length,
      idle: all.filter((each) => each.usable && each.load === 0).length,
      http2: all.filter((each) => each.multiplexed).length,
    };
  }

  /** A connection for a request that has a place under the limits. */
  take(request: Traveller): Connection {
    const key = this.#keyOf(request);
    const { http2 } = this.#tools.settings;
    const shared = http2 ? this.#shared.get(key)?.find((each) => each.roomy) : undefined;
    const connection = shared ?? this.#takeIdle(key);
    if (connection === undefined) return this.open(request);
    connection.load++;
    if (!connection.opening) request.trace?.connectionReuseConn(request.origin);
    return connection;
  }

  /** A connection for a request that another has not sent. */
  takeOther(request: Traveller, error: UnsentError): Connection {
    const key = this.#keyOf(request);
    if (error.plain) this.#notePlain(key);
    const shared = this.#shared.get(key)?.find((each) => each.roomy);
    if (shared === undefined || error.plain) return this.open(request);
    shared.load++;
    return shared;
  }

  /** A new connection for a request that has a place under the limits. */
  open(request: Traveller): Connection {
    const { origin, timeouts, trace } = request;
    const { http2 } = this.#tools.settings;
    const route = new Route(origin, this.#proxyOf(request));
    const offered = http2 && route.secure && !this.#plain.has(route.key);
    const protocols = offered ? HTTP_2 : HTTP_1;
    const patience = timeouts.socketConnect;
    const connection = new Connection(route, this.#tools, this, patience, trace, protocols);
    connection.load = 1;
    this.#connections.add(connection);
    if (offered) append(this.#shared, route.key, connection);
    return connection;
  }

  /** Takes back a connection whose request is done. */
  giveBack(connection: Connection): void {
    connection.used = true;
    connection.load--;
    if (connection.multiplexed) return this.#retire(connection);
    if (this.#tools.settings.forceClose || !connection.usable) void this.discard(connection);
    else append(this.#idle, connection.route.key, connection);
  }

  /** Takes back a connection whose request was given up; `controller` is null if it was not begun. */
  abandon(
    connection: Connection,
    request: Traveller,
    controller: Dispatcher.DispatchController | null,
  ): void {
    if (!connection.drop(request, controller)) {
      connection.load--;
      return void this.discard(connection);
    }
    // Others have it, too: it speaks HTTP/2, or has turned out not to, or nobody knows yet.
    if (connection.multiplexed || connection.load > 1) {
      connection.load--;
      if (connection.multiplexed) this.#retire(connection);
    } else this.giveBack(connection);
  }

  /** Ends a connection; settles when its socket has closed. */
  async discard(connection: Connection): Promise<void> {
    this.#forget(connection);
    await connection.destroy();
    this.#connections.delete(connection);
  }

  /** Ends all; settles when the sockets are closed. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#connections, (connection) => this.discard(connection)));
    this.#tools.dns.clear();
  }

  opened(connection: Connection): void {
    if (connection.multiplexed) return;
    const { key } = connection.route;
    // A connection that did not open says nothing of what the server speaks.
    if (remove(this.#shared, key, connection) && connection.usable) this.#notePlain(key);
  }

  /** A socket has closed, or will. A request that has the connection hears of that from it. */
  lost(connection: Connection): void {
    this.#forget(connection);
    if (connection.load === 0) void this.discard(connection);
  }

  /** Closes a connection of HTTP/2 that takes no more requests, after its last. */
  #retire(connection: Connection): void {
    const done = connection.load === 0;
    if (done && (!connection.usable || this.#tools.settings.forceClose))
      void this.discard(connection);
  }

  #takeIdle(key: string): Connection | undefined {
    const idle = this.#idle.get(key);
    const connection = idle?.pop();
    if (idle?.length === 0) this.#idle.delete(key);
    return connection;
  }

  #forget(connection: Connection): void {
    const { key } = connection.route;
    remove(this.#idle, key, connection);
    remove(this.#shared, key, connection);
  }

  #notePlain(key: string): void {
    if (this.#plain.size >= MOST_PLAIN) this.#plain.clear();
    this.#plain.add(key);
  }

  #keyOf(request: Traveller): string {
    return routeKey(request.origin, this.#proxyOf(request));
  }

  /** All connections go to a Unix socket, if there is one. */
  #proxyOf({ proxy = null }: Traveller): ProxyTarget | null {
    return this.#tools.settings.socketPath === null ? proxy : null;
  }
}

function append(lists: Map<string, Connection[]>, key: string, connection: Connection): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [connection]);
  else list.push(connection);
}

function remove(lists: Map<string, Connection[]>, key: string, connection: Connection): boolean {
  const list = lists.get(key);
  const index = list?.indexOf(connection) ?? -1;
  if (list === undefined || index < 0) return false;
  list.splice(index, 1);
  if (list.length === 0) lists.delete(key);
  return true;
}
