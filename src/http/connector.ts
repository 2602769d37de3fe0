/*
 * The way to the servers: the limits, the connections behind them, and all that has to end with the
 * session.
 *
 * Strategy: one undici Client per connection, and the pool is ours. (Undici's Agent and Pool queue
 * requests where nobody can take them back, and open more connections than they may after one was
 * given up.) The pool needs no queue: who comes here has a place under the limits, and gets the
 * connection that was used last, or a new one.
 */
import type { Dispatcher } from "undici";
import { cancellable } from "../core/cancellable.ts";
import { Connection } from "./connection.ts";
import { SessionClosedError, type Subject } from "./errors.ts";
import { Limits } from "./limits.ts";
import { type OpenSocket, socketOpener } from "./undici.ts";

/** A request, as far as the connector knows it. @internal */
export interface Sendable extends Subject, Dispatcher.DispatchHandler {
  /** Ends it with an error, whatever it waits for. */
  fail(error: Error): void;
}

/** @internal */
export class Connector {
  readonly limits: Limits;
  closed = false;
  #openSocket: OpenSocket | null = null;
  readonly #requests = new Set<Sendable>();
  readonly #connections = new Set<Connection>();
  /** By origin, the one that was used last at the end. */
  readonly #idle = new Map<string, Connection[]>();

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** How many connections there are, with those being opened or closed. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Counts the request among those that end with the session. */
  add(request: Sendable): void {
    if (this.closed) {
      throw new SessionClosedError(request, "the session is closed: make a new ClientSession");
    }
    this.#requests.add(request);
  }

  remove(request: Sendable): void {
    this.#requests.delete(request);
  }

  /** A connection to an origin; who takes it has a place under the limits. */
  take(origin: string): Connection {
    const idle = this.#idle.get(origin);
    const connection = idle?.pop();
    if (idle?.length === 0) this.#idle.delete(origin);
    return connection ?? this.connect(origin);
  }

  /** A new connection; who takes it has a place under the limits. */
  connect(origin: string): Connection {
    this.#openSocket ??= socketOpener();
    const connection = new Connection(origin, this.#openSocket, this.#lost);
    this.#connections.add(connection);
    return connection;
  }

  /** Takes back a connection that can serve another request. */
  giveBack(connection: Connection): void {
    connection.used = true;
    const idle = this.#idle.get(connection.origin);
    if (idle === undefined) this.#idle.set(connection.origin, [connection]);
    else idle.push(connection);
  }

  /** Ends a connection that somebody has taken. */
  async discard(connection: Connection): Promise<void> {
    await connection.destroy();
    this.#connections.delete(connection);
  }

  /** A socket has closed. A request that has the connection hears of that from undici. */
  readonly #lost = (connection: Connection): void => {
    const idle = this.#idle.get(connection.origin);
    const index = idle?.indexOf(connection) ?? -1;
    if (idle === undefined || index < 0) return;
    idle.splice(index, 1);
    if (idle.length === 0) this.#idle.delete(connection.origin);
    void this.discard(connection);
  };

  /** Ends every request and connection; settles when the sockets are closed. */
  async close(): Promise<void> {
    this.closed = true;
    for (const request of this.#requests) {
      request.fail(new SessionClosedError(request, "the session was closed before it was done"));
    }
    const closing = Array.from(this.#connections, (connection) => this.discard(connection));
    this.#idle.clear();
    if (closing.length > 0) await cancellable(Promise.all(closing));
  }
}
