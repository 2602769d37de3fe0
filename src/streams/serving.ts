/*
 * Serving: one connection of a server, and the task of its handler.
 *
 * Strategy: the task hangs under the server's scope and runs with the context variables of who started the server. When
 * the handler ends, however it ends, the connection is closed after what was written is sent; an error goes to the
 * loop's exception handler and touches no other connection.
 */
import { isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Scope } from "../core/scope.ts";
import { spawnUnder } from "../core/createTask.ts";
import type { Task } from "../core/task.ts";
import { StreamReader, type StreamReaderOptions } from "./reader.ts";
import { addressWords } from "./socketInfo.ts";
import { StreamProtocol } from "./streamProtocol.ts";
import type { Protocol, Transport } from "./transport.ts";
import { StreamWriter } from "./writer.ts";

/**
 * Handles one connection of a server, in a task of its own. When it ends, the connection is closed; a plain function
 * that hands the streams on to a task returns that task.
 */
export type ConnectionHandler = (reader: StreamReader, writer: StreamWriter) => unknown;

/** What a connection needs of its server. @internal */
export interface Host {
  readonly scope: Scope;
  /** Whose context variables the handlers get. */
  readonly creator: Scope;
  readonly handler: ConnectionHandler;
  readonly reading: StreamReaderOptions;
  handlerEnded(serving: Serving): void;
  connectionEnded(serving: Serving): void;
}

/** One connection of a server. @internal */
export class Serving {
  readonly transport: Transport;
  readonly #host: Host;
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #protocol: StreamProtocol;
  #task: Task<void> | null = null;

  constructor(host: Host, open: (protocol: Protocol) => Transport) {
    this.#host = host;
    this.#reader = new StreamReader(host.reading);
    this.#protocol = new StreamProtocol(this.#reader, () => host.connectionEnded(this));
    this.transport = open(this.#protocol);
    this.#protocol.connectionMade(this.transport);
    this.#writer = new StreamWriter(this.transport, this.#protocol, this.#reader, true);
  }

  /** Starts the handler's task. */
  start(): void {
    const { scope, creator, handler } = this.#host;
    const shows = handler as (...args: never[]) => unknown;
    this.#task = spawnUnder(scope, () => this.#handle(), { shows }, creator);
    // A task that is cancelled before its turn never runs its body.
    this.#task.addWaiter({ passive: true, settled: () => this.#handlerEnded() });
  }

  get task(): Task<void> | null {
    return this.#task;
  }

  close(): void {
    this.#writer.close();
  }

  abort(): void {
    this.#writer.transport.abort();
  }

  async #handle(): Promise<void> {
    try {
      await this.#host.handler(this.#reader, this.#writer);
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.#report(error);
    }
  }

  #report(exception: unknown): void {
    const { peername } = this.transport.info;
    const whom = peername === undefined || peername === "" ? "" : ` for ${addressWords(peername)}`;
    this.#host.scope.loop.callExceptionHandler({
      message: `the handler of a connection${whom} failed; the connection is closed`,
      exception,
      ...(this.#task === null ? {} : { task: this.#task }),
    });
  }

  #handlerEnded(): void {
    this.#writer.close();
    this.#host.handlerEnded(this);
  }

  /** @internal */
  [INSPECT](): string {
    return this.#writer[INSPECT]();
  }
}
