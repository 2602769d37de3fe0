/*
 * The way to the servers: undici, the limits before it, and everything that has to end with the session.
 *
 * Strategy: undici is loaded and its Agent made with the first request (loading it costs more than the rest of the
 * library). Its own queue is kept short: a pool has as many connections as the limits let requests be open, so a
 * request waits there only while a connection is between two requests. Sockets that are still connecting are known
 * here, because undici gives no way to end them: a cancel or a close must not leave them to their timeout.
 * Connecting happens outside any task's async context: a pooled socket outlives the task that opened it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { Agent, buildConnector, Dispatcher } from "undici";
import { cancellable } from "../core/cancellable.ts";
import type { Wait } from "../core/suspension.ts";
import { SessionClosedError, type Subject } from "./errors.ts";
import { CONNECT_TIMEOUT } from "./failure.ts";
import type { Entrant, Limits } from "./limits.ts";

type Undici = typeof import("undici");
type Connect = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket;

/** A request that undici knows of, or will. @internal */
export interface Sendable extends Subject, Entrant, Dispatcher.DispatchHandler {
  /** Ends it with an error, whatever it waits for. */
  fail(error: Error): void;
}

/** The reason that undici is given for ending a request; nobody gets to see it. @internal */
export const ENDED: Error = new Error("ended by ambit");

const requireHere = createRequire(import.meta.url);
const outsideTasks = AsyncLocalStorage.snapshot();

/** @internal */
export class Connector {
  readonly limits: Limits;
  closed = false;
  #agent: Agent | null = null;
  #connectNow: Connect | null = null;
  readonly #live = new Set<Sendable>();
  readonly #connecting = new Map<Socket, Sendable | null>();
  /** The request that is being handed to undici: a connection that is opened meanwhile is opened for it. */
  #dispatching: Sendable | null = null;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Counts the request among those that end with the session. */
  add(request: Sendable): void {
    if (this.closed) throw closedBefore(request);
    this.#live.add(request);
  }

  /** Takes back what the request holds, or the wait that it queues with. */
  release(request: Sendable, wait: Wait<void> | null): void {
    this.#live.delete(request);
    this.limits.leave(request, wait);
  }

  /** Hands the request to undici. */
  dispatch(request: Sendable, options: Dispatcher.DispatchOptions): void {
    this.#agent ??= this.#makeAgent();
    this.#dispatching = request;
    try {
      this.#agent.dispatch(options, request);
    } finally {
      this.#dispatching = null;
    }
  }

  /** Gives up the connection that is being opened for the request, if one is. */
  stopConnecting(request: Sendable): void {
    for (const [socket, owner] of this.#connecting) if (owner === request) socket.destroy(ENDED);
  }

  /** Ends every request and connection; resolves when the sockets are closed. */
  async close(): Promise<void> {
    this.closed = true;
    for (const request of this.#live) request.fail(closedMeanwhile(request));
    for (const socket of this.#connecting.keys()) socket.destroy(ENDED);
    if (this.#agent !== null) await cancellable(this.#agent.destroy());
  }

  #makeAgent(): Agent {
    const undici = requireHere("undici") as Undici;
    // Undici's function returns the socket, which its types do not say.
    this.#connectNow = undici.buildConnector({ timeout: CONNECT_TIMEOUT }) as unknown as Connect;
    const connections = Math.min(this.limits.total, this.limits.perHost);
    return new undici.Agent({
      connections: connections === Infinity ? null : connections,
      // The session's own clock spans head and body; undici's two would cost timers for nothing.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => this.#connect(options, callback),
    });
  }

  #connect(options: buildConnector.Options, callback: buildConnector.Callback): void {
    const connect = this.#connectNow as Connect;
    const socket = outsideTasks(connect, options, (...outcome: [null, Socket] | [Error, null]) => {
      this.#connecting.delete(socket);
      callback(...outcome);
    });
    this.#connecting.set(socket, this.#dispatching);
  }
}

function closedBefore(subject: Subject): SessionClosedError {
  return new SessionClosedError(subject, "the session is closed: make a new ClientSession");
}

function closedMeanwhile(subject: Subject): SessionClosedError {
  return new SessionClosedError(subject, "the session was closed before the request was done");
}
