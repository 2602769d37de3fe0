/*
 * The way to the servers: the limits, the connections behind them, and all that has to end with the
 * session.
 *
 * Strategy: one undici Client per connection, and the pool is ours. (Undici's Agent and Pool queue
 * requests where nobody can take them back, and open more connections than they may after one was
 * given up.) A session has a connector of its own, or one that stands for a shared one: the limits
 * and connections are the same, but what ends with the session are only its own requests.
 */
import type { Dispatcher } from "undici";
import { wrongType } from "../core/arguments.ts";
import { cancellable } from "../core/cancellable.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Connection } from "./connection.ts";
import { ConnectionPool, type Traveller } from "./connectionPool.ts";
import { type ConnectorOptions, connectorSettings, limitOf } from "./connectorOptions.ts";
import { DnsCache } from "./dnsCache.ts";
import { SessionClosedError, type Subject } from "./errors.ts";
import { Limits } from "./limits.ts";
import type { UnsentError } from "./openingError.ts";
import type { OpeningTools } from "./socketOpening.ts";
import { TlsSessions } from "./tlsSessions.ts";

/** What has to end with the session: a request, a pause between two attempts. @internal */
export interface Endable extends Subject {
  /** Ends it with an error, whatever it waits for. */
  fail(error: Error): void;
}

/** A request, as far as the connector knows it, and what its connection depends on. @internal */
export interface Sendable extends Endable, Traveller {}

/** How many requests are going on. */
export interface HostStatistics {
  /**
   * Requests that are sent and not done: their body has not come whole, and they were not released.
   */
  readonly open: number;
  /** Requests that wait because of a limit. */
  readonly queued: number;
}

/** What a connector is doing; see {@link Connector.statistics}. */
export interface ConnectorStatistics extends HostStatistics {
  /** Connections that are open, being opened or being closed. */
  readonly connections: number;
  /** Of these: being opened. */
  readonly opening: number;
  /** Of these: kept for the next request. */
  readonly idle: number;
  /** Of these: speaking HTTP/2. */
  readonly http2: number;
  /** Host names whose addresses are kept. */
  readonly names: number;
  /** True after `close`. */
  readonly closed: boolean;
  /** Open and queued requests by origin; only origins that have requests. */
  readonly hosts: Readonly<Record<string, HostStatistics>>;
}

/** What connectors share that stand for the same one. */
interface Shared {
  readonly limits: Limits;
  readonly pool: ConnectionPool;
  readonly tools: OpeningTools;
}

/**
 * Makes and keeps connections, and counts them (`aiohttp.TCPConnector`). Each session makes one of
 * its own from its option `connector`; make one yourself to share it between sessions.
 *
 * Who makes it closes it: a session that was given one ends only its own requests. Idle connections
 * close after `keepAliveTimeout`, and hold no program that is at its end.
 *
 * @example
 * ```ts
 * import { ClientSession, Connector } from "ambit/http";
 *
 * await using connector = new Connector({ limit: 20, limitPerHost: 4 });
 * await using one = new ClientSession({ connector });
 * await using other = new ClientSession({ connector });
 * connector.statistics().connections; // => 0
 * ```
 */
export class Connector implements AsyncDisposable {
  readonly #shared: Shared;
  /** True for the one that the limits and connections belong to. */
  readonly #owns: boolean;
  readonly #requests = new Set<Endable>();
  /** Those that stand for this one. */
  readonly #branches = new Set<Connector>();
  #trunk: Connector | null = null;
  #closed = false;

  /**
   * @throws RangeError when an option is out of its range, or no such certificate or key
   * @throws TypeError when an option is of the wrong type
   */
  constructor(options: ConnectorOptions = {}) {
    const made = making ?? { shared: prepared(options, "options"), owns: true };
    making = null;
    this.#owns = made.owns;
    this.#shared = made.shared;
  }

  /**
   * The connector of a session: made from options, or standing for a connector of the user's.
   * `limit` and `limitPerHost` are the session's own options.
   * @internal
   */
  static of(
    input: ConnectorOptions | Connector | undefined,
    limit: number | undefined,
    limitPerHost: number | undefined,
  ): Connector {
    if (input instanceof Connector) {
      if (limit === undefined && limitPerHost === undefined) return input.#branch();
      throw new TypeError("`options.connector` is a Connector: give the limits to that one");
    }
    const limits = {
      ...(limit === undefined ? null : { limit: limitOf("options.limit", limit) }),
      ...(limitPerHost === undefined
        ? null
        : { limitPerHost: limitOf("options.limitPerHost", limitPerHost) }),
    };
    if (input !== undefined && (typeof input !== "object" || input === null))
      throw wrongType("options.connector", "an object of options, or a Connector", input);
    making = { shared: prepared({ ...input, ...limits }, "options.connector"), owns: true };
    return new Connector();
  }

  #branch(): Connector {
    making = { shared: this.#shared, owns: false };
    const branch = new Connector();
    branch.#trunk = this;
    branch.#closed = this.#closed;
    this.#branches.add(branch);
    return branch;
  }

  /** True after {@link Connector.close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** @internal */
  get limits(): Limits {
    return this.#shared.limits;
  }

  /** Counts the request among those that end with the session. @internal */
  add(request: Endable): void {
    if (this.#closed) {
      throw new SessionClosedError(request, "the session is closed: make a new ClientSession");
    }
    this.#requests.add(request);
  }

  /** @internal */
  remove(request: Endable): void {
    this.#requests.delete(request);
  }

  /** A connection for a request that has a place under the limits. @internal */
  take(request: Sendable): Connection {
    return this.#shared.pool.take(request);
  }

  /** A connection for a request that the one it had did not send. @internal */
  takeOther(request: Sendable, error: UnsentError): Connection {
    return this.#shared.pool.takeOther(request, error);
  }

  /** A new connection for a request that has a place under the limits. @internal */
  connect(request: Sendable): Connection {
    return this.#shared.pool.open(request);
  }

  /** Takes back a connection that can serve another request. @internal */
  giveBack(connection: Connection): void {
    this.#shared.pool.giveBack(connection);
  }

  /** Takes back a connection whose request was given up. @internal */
  abandon(
    connection: Connection,
    request: Sendable,
    controller: Dispatcher.DispatchController | null,
  ): void {
    this.#shared.pool.abandon(connection, request, controller);
  }

  /** What a WebSocket needs to open a socket of its own. @internal */
  get tools(): OpeningTools {
    return this.#shared.tools;
  }

  /** What it is doing now, for all sessions that have it. */
  statistics(): ConnectorStatistics {
    const { limits, pool, tools } = this.#shared;
    const hosts: Record<string, HostStatistics> = {};
    for (const { origin, open, queued } of limits.hosts.values())
      hosts[origin] = Object.freeze({ open, queued });
    return Object.freeze({
      open: limits.open,
      queued: limits.queued,
      connections: pool.size,
      ...pool.count(),
      names: tools.dns.size,
      closed: this.#closed,
      hosts: Object.freeze(hosts),
    });
  }

  /**
   * Closes every connection; requests that are going on fail with a SessionClosedError, those of all
   * sessions that have it. May be called again.
   *
   * **Cancellation:** the connections close all the same; only the wait for it ends.
   */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#trunk !== null) this.#trunk.#branches.delete(this);
    for (const request of this.#requests) {
      request.fail(new SessionClosedError(request, "the session was closed before it was done"));
    }
    const branches = Array.from(this.#branches, (branch) => branch.close());
    const closing = this.#owns ? [...branches, this.#shared.pool.close()] : branches;
    if (closing.length > 0) await cancellable(Promise.all(closing));
  }

  /** Closes the connector. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const { open, queued, connections, closed } = this.statistics();
    const state = closed ? "closed" : `open=${open} queued=${queued} connections=${connections}`;
    return `<Connector ${state}>`;
  }
}

/** What the connector that is made next is made of. */
let making: { readonly shared: Shared; readonly owns: boolean } | null = null;

function prepared(options: ConnectorOptions, at: string): Shared {
  const settings = connectorSettings(options, at);
  const dns = new DnsCache(settings.dnsCache, settings.lookup, settings.family);
  const tools = { settings, dns, sessions: new TlsSessions() };
  const limits = new Limits(settings.limit, settings.limitPerHost);
  return { limits, tools, pool: new ConnectionPool(tools) };
}
