/*
 * One trip of a request over a connection: what undici is given for it, and how it is taken back.
 *
 * A request that has to be sent again makes another trip, over another connection; what it sends and
 * what comes of it belong to its exchange. The trip is itself the options of its dispatch, so it costs
 * no object of its own; hence none of its members may be named like another option of undici's.
 * Traps of undici 7: `abort` works only once a request has been sent, which is when the trip has its
 * controller; before that, its connection goes, or the request is refused when its turn comes.
 */
import type { Dispatcher } from "undici";
import type { Connection } from "./connection.ts";
import type { Connector, Sendable } from "./connector.ts";
import { isStale } from "./failure.ts";
import { IDEMPOTENT } from "./idempotent.ts";
import { UnsentError } from "./openingError.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Sending } from "./sending.ts";

type Controller = Dispatcher.DispatchController;

/** @internal */
export class Trip implements Dispatcher.DispatchOptions {
  readonly path: string;
  readonly method: string;
  headers: string[];
  /** To undici's types a string; whatever an Outgoing has, in truth. */
  body: string | null = null;
  readonly #connection: Connection;
  #controller: Controller | null = null;

  constructor(connection: Connection, { path, method, headers }: Sending) {
    this.#connection = connection;
    this.path = path;
    this.method = method;
    this.headers = headers as string[];
  }

  /** Sets out. What opens a body may throw; then nothing was sent. */
  begin(outgoing: Outgoing | null, request: Sendable): void {
    if (outgoing !== null) {
      this.body = outgoing.content() as string;
      this.headers = outgoing.framed() as string[];
    }
    this.#connection.dispatch(this, request);
  }

  /** The head is about to be written. */
  send(outgoing: Outgoing | null, controller: Controller): void {
    this.#controller = controller;
    outgoing?.begin(this.#connection);
  }

  /** True once something of it may have reached the server. */
  get sent(): boolean {
    return this.#controller !== null;
  }

  get httpVersion(): string {
    return this.#connection.httpVersion;
  }

  /** True when it is a proxy that is spoken to. */
  get forwarded(): boolean {
    return this.#connection.route.forwarded;
  }

  /**
   * Whether another trip may do better, which failed before a head came: nothing of it has reached a
   * server; or the server closed a connection that had been idle.
   */
  repeatable(error: Error): boolean {
    if (error instanceof UnsentError) return true;
    return this.#connection.used && IDEMPOTENT.has(this.method) && isStale(error);
  }

  lend(): boolean {
    return this.#connection.lend();
  }

  pause(): void {
    this.#controller?.pause();
    this.#connection.hold(true);
  }

  resume(): void {
    this.#connection.hold(false);
    this.#controller?.resume();
  }

  /** The answer has come whole: the connection may serve another request. */
  end(connector: Connector): void {
    connector.giveBack(this.#connection);
  }

  /** Takes the request back. */
  abandon(connector: Connector, request: Sendable): void {
    connector.abandon(this.#connection, request, this.#controller);
  }
}
