/*
 * Server: connections that come in, each handled by a task of its own.
 *
 * Strategy: the handlers' tasks hang under a scope of the server's, which hangs under the runner: like a task, a server
 * does not end with who started it, but when the run does. `await using` and `serveForever` tie it to the code around
 * them: when that is cancelled, the server stops listening, the handlers are cancelled, their `finally` blocks run, then
 * the connections are closed.
 * CPython's rules: asyncio/base_events.py, Server. Other than there, a handler's end closes its connection, and leaving
 * an `await using` block cancels the handlers instead of waiting for them.
 */
import { cancelled } from "../core/cancellation.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { ambientScope, Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { Lock } from "../sync/lock.ts";
import type { Listener } from "./listener.ts";
import { keepTrackOf } from "./opened.ts";
import type { StreamReaderOptions } from "./reader.ts";
import { type ConnectionHandler, type Host, Serving } from "./serving.ts";
import { addressWords } from "./socketInfo.ts";
import type { Address, IpAddress } from "./transport.ts";

/** How a server treats its connections. */
export interface ServingOptions extends StreamReaderOptions {
  /**
   * How long the connections may take to send what is left, once the server is cancelled or disposed of, in
   * milliseconds; then they are aborted. Default 5,000.
   */
  readonly closingGrace?: number;
}

const SETTLED: Promise<void> = Promise.resolve();

/**
 * Accepts connections (`asyncio.Server`). Made by `startServer` and `startUnixServer`; made by hand, it takes listeners
 * of one's own.
 *
 * Prints as `<Server serving 127.0.0.1:8080 connections=2>`.
 *
 * **Cancellation:** leaving `await using server = …` and cancelling `serveForever` cancel the handlers and close
 * everything.
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "ambit/streams";
 *
 * const server = await startServer((reader) => reader.read(), { host: "127.0.0.1", port: 0 });
 * const { writer } = await openConnection({ host: "127.0.0.1", port: server.port });
 * server.close(); // nobody new; who is there is served on
 * writer.close();
 * await server.waitClosed();
 * server.isServing(); // => false
 * ```
 */
export class Server implements AsyncDisposable {
  readonly #listeners: readonly Listener[];
  readonly #connections = new Set<Serving>();
  readonly #closers = new WaitQueue();
  readonly #idlers = new WaitQueue();
  readonly #host: Host;
  readonly #scope: Scope;
  readonly #closingGrace: number;
  #untrack: () => void;
  #state: "new" | "serving" | "closed" = "new";
  readonly #starting = new Lock();
  #running = 0;
  #forever = false;

  /**
   * @param handler gets the streams of each connection
   * @param listeners where the connections come from
   */
  constructor(
    handler: ConnectionHandler,
    listeners: readonly Listener[],
    options: ServingOptions = {},
  ) {
    const { closingGrace = 5000, ...reading } = options;
    const creator = ambientScope();
    this.#listeners = listeners;
    this.#closingGrace = closingGrace;
    this.#scope = new Scope(creator.runner, "open");
    this.#scope.body = this;
    this.#untrack = keepTrackOf(this, creator);
    this.#host = {
      scope: this.#scope,
      creator,
      handler,
      reading,
      handlerEnded: () => this.#handlerEnded(),
      connectionEnded: (serving) => this.#connectionEnded(serving),
    };
  }

  /** Where it listens (`sockets`); empty when it does not. */
  get addresses(): readonly Address[] {
    return this.#state === "serving" ? this.#listeners.flatMap((each) => [...each.addresses]) : [];
  }

  /**
   * The port that it listens on; the first, with several.
   * @throws {@link InvalidStateError} when it does not listen on one
   */
  get port(): number {
    const found = this.addresses.find((each): each is IpAddress => typeof each !== "string");
    if (found === undefined)
      throw new InvalidStateError(`port of ${this[INSPECT]()}: it listens on none`);
    return found.port;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Whether it accepts connections. */
  isServing(): boolean {
    return this.#state === "serving";
  }

  /**
   * Begins to accept connections; without effect when it does.
   *
   * **Cancellation:** it does not listen then.
   *
   * @throws Node's error when it cannot (`EADDRINUSE`, `EACCES`, …)
   * @throws {@link InvalidStateError} when it was closed
   */
  async startServing(): Promise<void> {
    if (this.#state === "closed") {
      throw new InvalidStateError(`startServing on ${this[INSPECT]()}: start another server`);
    }
    // One after the other: who is cancelled must not take with it who waits for the same.
    await this.#starting.run(async () => {
      if (this.#state === "new") await this.#listen();
    });
  }

  async #listen(): Promise<void> {
    try {
      for (const listener of this.#listeners) {
        await listener.listen((open) => this.#accept(new Serving(this.#host, open)));
      }
    } catch (error) {
      this.#closeListeners();
      throw error;
    }
    if (this.#state === "new") this.#state = "serving";
    else this.#closeListeners();
  }

  /**
   * Serves until the server is closed; then waits for its connections (`serve_forever`).
   *
   * **Cancellation:** closes the server: the handlers are cancelled and waited for, their connections closed, then the
   * CancelledError passes on. A second cancel closes everything at once.
   *
   * @throws {@link InvalidStateError} when it was closed, or is called a second time meanwhile
   */
  async serveForever(): Promise<void> {
    if (this.#forever) {
      throw new InvalidStateError(`serveForever on ${this[INSPECT]()}, which another task awaits`);
    }
    this.#forever = true;
    try {
      await this.startServing();
      await this.waitClosed();
    } catch (error) {
      await this.#shutDown();
      throw error;
    } finally {
      this.#forever = false;
    }
  }

  /** Stops accepting connections. Those that are there go on. May be called again. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closeListeners();
    this.#settle();
  }

  /** Closes every connection, once what waits is sent. Handlers read the end of the stream (`close_clients`). */
  closeClients(): void {
    for (const each of this.#connections) each.close();
  }

  /** Closes every connection at once; what waits to be sent is lost (`abort_clients`). */
  abortClients(): void {
    for (const each of this.#connections) each.abort();
  }

  /**
   * Waits until the server was closed and all its connections are over, their handlers included (CPython 3.12).
   *
   * **Cancellation:** the wait ends; the server goes on.
   */
  waitClosed(): Promise<void> {
    if (this.#isOver()) return SETTLED;
    return suspend<void, Server>(Server.#startClosing, this, "Server.waitClosed");
  }

  /** Closes the server and its connections at once, and cancels the handlers. */
  abort(): void {
    this.close();
    this.#cancelHandlers();
    this.abortClients();
  }

  /**
   * Closes the server: cancels the handlers, waits for them, closes the connections.
   *
   * **Cancellation:** closes everything at once.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shutDown();
  }

  async #shutDown(): Promise<void> {
    this.close();
    this.#cancelHandlers();
    // A peer that never reads must not hold up the end: neither a handler's last `drain` nor the closing.
    const timer = this.#scope.loop.callLater(this.#closingGrace, () => this.abortClients());
    try {
      if (this.#running > 0) await suspend<void, Server>(Server.#startIdling, this, "Server.close");
      this.closeClients();
      await this.waitClosed();
    } catch (error) {
      this.abortClients();
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #cancelHandlers(): void {
    const error = cancelled("the server is shutting down");
    for (const { task } of this.#connections) task?.cancelWith(error);
  }

  #accept(serving: Serving): void {
    if (this.#state === "closed") return serving.abort();
    this.#connections.add(serving);
    this.#running++;
    serving.start();
  }

  #handlerEnded(): void {
    this.#running--;
    if (this.#running > 0) return;
    settleAll(this.#idlers);
    this.#settle();
  }

  #connectionEnded(serving: Serving): void {
    this.#connections.delete(serving);
    this.#settle();
  }

  #closeListeners(): void {
    for (const listener of this.#listeners) listener.close();
  }

  #isOver(): boolean {
    return this.#state === "closed" && this.#connections.size === 0 && this.#running === 0;
  }

  #settle(): void {
    if (!this.#isOver()) return;
    this.#untrack();
    this.#scope.end();
    settleAll(this.#closers);
  }

  static #startClosing(this: void, wait: Wait<void>, server: Server): Cleanup<void, Server> {
    server.#closers.push(wait);
    return Server.#leaveClosers;
  }

  static #leaveClosers(this: void, wait: Wait<void>, server: Server): void {
    server.#closers.remove(wait);
  }

  static #startIdling(this: void, wait: Wait<void>, server: Server): Cleanup<void, Server> {
    server.#idlers.push(wait);
    return Server.#leaveIdlers;
  }

  static #leaveIdlers(this: void, wait: Wait<void>, server: Server): void {
    server.#idlers.remove(wait);
  }

  /** While handlers run, their own waits tell whether they wait for the world outside. @internal */
  [OUTSIDE](): boolean {
    return this.#running === 0 && this.#listeners.some((each) => each.outside);
  }

  /** @internal */
  [INSPECT](): string {
    const where = this.addresses.map((each) => ` ${addressWords(each)}`).join("");
    const open = this.#connections.size === 0 ? "" : ` connections=${this.#connections.size}`;
    return `<Server ${this.#state}${where}${open}>`;
  }
}

function settleAll(waits: WaitQueue): void {
  for (let wait = waits.shift(); wait !== null; wait = waits.shift()) wait.resolve();
}
