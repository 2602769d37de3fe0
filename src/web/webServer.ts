/*
 * WebServer: listens, and hands each request of node:http to the application.
 *
 * Strategy: limits are set on node:http where it has them, the head by a deadline that is looked at every second; bodies
 * and handlers have their own (`requestRun.ts`). To drain: `Connection: close` on every answer, idle connections closed
 * at once, the rest after its answer, WebSockets and event streams told to go; past the deadline requests are cancelled, then connections broken off.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { cancelled } from "../core/cancellation.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { Scope } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { suspend } from "../core/suspend.ts";
import type { Upgrade } from "./exchange.ts";
import { refuseOn } from "./badRequest.ts";
import type { DrainOptions } from "./drainOptions.ts";
import { longRepliesUnder } from "./longReplies.ts";
import { makeServer } from "./makeServer.ts";
import { NodeExchange } from "./nodeExchange.ts";
import type { RequestRun } from "./requestRun.ts";
import type { ServerSettings } from "./serverOptions.ts";
import { asksForWebSocket, putBack } from "./upgradeRequest.ts";
import { Vacancy } from "./vacancy.ts";
import { type ConnectionHost, WebConnection } from "./webConnection.ts";

/** How long requests that were cancelled may take to clean up, before their connections are broken off. */
const CLEANING = 1000;

/** Who answers: the application. @internal */
export interface RequestHost {
  /** Whether a route takes connections over. */
  readonly upgrades: boolean;
  accept(exchange: NodeExchange, connection: WebConnection, headerCount: number): void;
}

const CONNECTION: unique symbol = Symbol("ambit.connection");

interface Marked {
  [CONNECTION]?: WebConnection;
}

/** @internal */
export class WebServer implements ConnectionHost {
  readonly scope: Scope;
  readonly creator: Scope;
  readonly settings: ServerSettings;
  draining = false;
  readonly #host: RequestHost;
  readonly #connections = new Set<WebConnection>();
  /** With TLS, what connections are made of; of one whose handshake has not ended, node:https tells nothing more. */
  readonly #sockets = new Set<Socket>();
  /** Who waits for all requests to end, and for all connections. */
  readonly #idle = new Vacancy();
  readonly #left = new Vacancy();
  #server: Server | null = null;
  #address: AddressInfo | string | null = null;
  #closed: Promise<void> | null = null;
  #running = 0;

  constructor(host: RequestHost, settings: ServerSettings, creator: Scope) {
    this.#host = host;
    this.settings = settings;
    this.creator = creator;
    this.scope = new Scope(creator, "open");
    this.scope.body = this;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many requests are under way. */
  get running(): number {
    return this.#running;
  }

  /** Where it listens, or has listened. */
  get address(): AddressInfo | string | null {
    return this.#address;
  }

  /**
   * **Cancellation:** it does not listen then.
   * @throws Node's error when it can't (`EADDRINUSE`, `EACCES`, …)
   */
  async listen(): Promise<void> {
    const server = await makeServer(this.settings);
    const { tls } = this.settings;
    if (tls !== undefined) server.on("connection", (socket: Socket) => this.#keep(socket));
    this.#listenTo(server, tls === undefined ? "connection" : "secureConnection");
    this.#server = server;
    this.#closed = new Promise((resolve) => void server.once("close", resolve));
    const { host, port, path, backlog } = this.settings;
    await suspend<void, WebServer>(
      (wait) => {
        server.once("error", (error) => wait.reject(error));
        server.listen(path === undefined ? { host, port, backlog } : { path, backlog }, () =>
          wait.resolve(undefined),
        );
        return () => void server.close();
      },
      this,
      "WebServer.listen",
    );
    this.#address = server.address();
    server.removeAllListeners("error");
    // Of one connection that could not be accepted: the others go on.
    server.on("error", (exception) =>
      this.#report("a connection could not be accepted", exception),
    );
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#someoneLeft();
    });
  }

  #someoneLeft(): void {
    if (!this.#someoneThere) this.#left.reached();
  }

  /** Whether there is a connection, or one to be whose handshake has not ended. */
  get #someoneThere(): boolean {
    return this.#connections.size > 0 || this.#sockets.size > 0;
  }

  #listenTo(server: Server, connection: string): void {
    server.on(connection, (socket: Socket) => void this.#connectionOf(socket));
    server.on("request", (message, response) => this.#take(message, response, false));
    server.on("checkContinue", (message, response) => this.#take(message, response, true));
    if (this.#host.upgrades)
      server.on("upgrade", (message, socket, head) => this.#upgrade(message, socket, head));
    server.on("connect", (_message, socket: Socket) => {
      socket.on("error", () => {});
      refuseOn(socket, 501, this.scope.loop.wallTime());
    });
    server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      const connection = (socket as Marked)[CONNECTION];
      // Nobody could read an answer where the handshake of TLS has failed.
      if (connection === undefined) socket.destroy();
      else connection.malformed(error);
    });
  }

  #connectionOf(socket: Socket): WebConnection {
    const known = (socket as Marked)[CONNECTION];
    if (known !== undefined) return known;
    const connection = new WebConnection(this, socket);
    (socket as Marked)[CONNECTION] = connection;
    this.#connections.add(connection);
    return connection;
  }

  #take(message: IncomingMessage, response: ServerResponse, invites: boolean): void {
    const connection = this.#connectionOf(message.socket);
    const exchange = new NodeExchange(message, response, connection, null, invites);
    this.#host.accept(exchange, connection, this.settings.headerCount);
  }

  #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    // From Node 24 on, `socket` is no socket where the request has a body, but a stream in front of it.
    const connection = this.#connectionOf(message.socket);
    if (!asksForWebSocket(message) && connection.runs.size === 0)
      return putBack(this.#server as Server, message, socket as Socket, head);
    const upgrade: Upgrade = { socket, head };
    // node:http has let go of it: an error of it is ours to hear, and its end is told by its close.
    socket.on("error", () => {});
    const exchange = new NodeExchange(message, null, connection, upgrade, false);
    this.#host.accept(exchange, connection, this.settings.headerCount);
  }

  runBegan(): void {
    this.#running++;
  }

  runEnded(): void {
    this.#running--;
    if (this.#running === 0) this.#idle.reached();
  }

  connectionEnded(connection: WebConnection): void {
    this.#connections.delete(connection);
    this.#someoneLeft();
  }

  /** Stops accepting, waits for what runs, cancels what takes too long, and closes. */
  async drain(options: DrainOptions = {}): Promise<void> {
    const { timeout = this.settings.drainTimeout, lameDuck = this.settings.lameDuck } = options;
    const { idleGrace = 0 } = options;
    const first = !this.draining;
    this.draining = true;
    if (lameDuck > 0 && first) await sleep(lameDuck);
    const { loop } = this.scope;
    const deadline = loop.time() + timeout;
    longRepliesUnder(this.scope).goAway();
    if (idleGrace > 0 && first) await this.#finishConnections(Math.min(idleGrace, timeout));
    this.#stopListening();
    await this.#idleWithin(deadline - loop.time());
    if (this.#running > 0) await this.#cancelRuns();
    for (const { socket } of this.#connections) socket.destroySoon();
    // A client that does not read its last answer is not waited for.
    if (this.#connections.size > 0) await this.#left.within(CLEANING);
    this.#breakOff();
    await (this.#closed ?? Promise.resolve());
    // The server is told of a socket's end before we are.
    if (this.#connections.size > 0) await this.#left.within(CLEANING);
    this.scope.end();
  }

  /** Closes at once: what runs is cancelled and not waited for. */
  abort(): void {
    this.draining = true;
    this.#stopListening();
    for (const run of this.#runs()) run.stop(cancelled("the server was aborted"));
    this.#breakOff();
  }

  #breakOff(): void {
    this.#server?.closeAllConnections();
    for (const { socket } of this.#connections) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #cancelRuns(): Promise<void> {
    const error = cancelled("the server is stopping");
    for (const run of this.#runs()) run.stop(error);
    await this.#idleWithin(CLEANING);
    for (const run of this.#runs()) run.giveUp();
  }

  #runs(): RequestRun[] {
    return [...this.#connections].flatMap(({ runs }) => [...runs]);
  }

  /** Listens no more, and waits that long for clients to leave with their next answer. */
  async #finishConnections(grace: number): Promise<void> {
    // That of node:http would close those that are idle.
    if (this.#server !== null) NetServer.prototype.close.call(this.#server);
    if (this.#someoneThere) await this.#left.within(grace);
  }

  #stopListening(): void {
    this.#server?.close();
    this.#server?.closeIdleConnections();
    for (const connection of this.#connections) connection.closeUnused();
  }

  async #idleWithin(timeout: number): Promise<void> {
    if (this.#running > 0) await this.#idle.within(timeout);
  }

  #report(message: string, exception: unknown): void {
    this.scope.loop.callExceptionHandler({ message, exception });
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return this.#server !== null;
  }

  /** @internal */
  [INSPECT](): string {
    const { address } = this;
    const where =
      address === null
        ? "closed"
        : typeof address === "string"
          ? address
          : `${address.address}:${address.port}`;
    return `<WebServer ${where} connections=${this.#connections.size}>`;
  }
}
