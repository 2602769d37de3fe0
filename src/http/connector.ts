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
import type { Timeouts } from "./timeouts.ts";
import type { TraceSink } from "./tracing.ts";
import { type OpenSocket, socketOpener } from "./undici.ts";

/** What has to end with the session: a request, a pause between two attempts. @internal */
export interface Endable extends Subject {
  /** Ends it with an error, whatever it waits for. */
  fail(error: Error): void;
}

/** A request, as far as the connector knows it, and what its connection depends on. @internal */
export interface Sendable extends Endable, Dispatcher.DispatchHandler {
  readonly origin: string;
  readonly timeouts: Timeouts;
  /** Who is told of its connection; null where nobody traces. */
  readonly trace: TraceSink | null;
}

/** @internal */
export class Connector {
  readonly limits: Limits;
  closed = false;
  /** By how long connecting may take: each remembers TLS sessions. */
  readonly #openers = new Map<number, OpenSocket>();
  readonly #requests = new Set<Endable>();
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
  add(request: Endable): void {
    if (this.closed) {
      throw new SessionClosedError(request, "the session is closed: make a new ClientSession");
    }
    this.#requests.add(request);
  }

  remove(request: Endable): void {
    this.#requests.delete(request);
  }

  /** A connection for a request that has a place under the limits. */
  take(request: Sendable): Connection {
    const { origin } = request;
    const idle = this.#idle.get(origin);
    const connection = idle?.pop();
    if (idle?.length === 0) this.#idle.delete(origin);
    return connection ?? this.connect(request);
  }

  /** A new connection for a request that has a place under the limits. */
  connect({ origin, timeouts }: Sendable): Connection {
    const connection = new Connection(origin, this.#opener(timeouts.socketConnect), this.#lost);
    this.#connections.add(connection);
    return connection;
  }

  #opener(patience: number): OpenSocket {
    let opener = this.#openers.get(patience);
    if (opener === undefined) this.#openers.set(patience, (opener = socketOpener(patience)));
    return opener;
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
