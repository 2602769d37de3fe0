/*
 * SimulatedHost: a machine of a simulated network, with an address, ports, and tasks that run on it.
 *
 * Strategy: what runs on a host runs in a program of its own (`run`), so that a crash reaches all of its tasks, whoever
 * created them; and it has the host for its network, so that the plain `openConnection` and `startServer` go there.
 */
import { expectFunction } from "../../core/arguments.ts";
import { cancelled } from "../../core/cancellation.ts";
import { copyContext, runInContext } from "../../core/contextVar.ts";
import { createTask } from "../../core/createTask.ts";
import { INSPECT } from "../../core/inspection.ts";
import { run } from "../../core/run.ts";
import type { Task, TaskBody } from "../../core/task.ts";
import { openConnection, type TcpConnectOptions } from "../../streams/connect.ts";
import type { Connection } from "../../streams/connection.ts";
import { type Destination, type Network, useNetwork } from "../../streams/network.ts";
import type { Server } from "../../streams/server.ts";
import type { ConnectionHandler } from "../../streams/serving.ts";
import { startServer, type TcpServerOptions } from "../../streams/startServer.ts";
import type { Protocol, Transport } from "../../streams/transport.ts";
import { systemError } from "../systemErrors.ts";
import { type Ports, SimulatedListener } from "./simulatedListener.ts";

/** Thrown by what is asked of a host that has crashed. */
export class HostDownError extends Error {
  override readonly name = "HostDownError";
}

/** What a host needs of its network. @internal */
export interface Cable {
  connect<T>(
    from: SimulatedHost,
    to: Destination,
    ready: (open: (protocol: Protocol) => Transport) => T,
  ): Promise<T>;
  crashed(host: SimulatedHost): void;
  restarted(host: SimulatedHost): void;
}

const FIRST_FREE_PORT = 49_152;
const LOCAL = new Set(["localhost", "127.0.0.1", "::1"]);

/** A host of a simulated network. Made by `network.host(name)`; prints as `<SimulatedHost db 10.0.0.2 up>`. */
export class SimulatedHost {
  /** Its name, by which others connect to it. */
  readonly name: string;
  /** Its address, by which others may connect to it too. */
  readonly address: string;
  readonly #cable: Cable;
  readonly #network: Network;
  readonly #ports = new Map<number, SimulatedListener>();
  readonly #tasks = new Set<Task<unknown>>();
  #nextPort = FIRST_FREE_PORT;
  #isUp = true;

  /** @internal */
  constructor(name: string, address: string, cable: Cable) {
    this.name = name;
    this.address = address;
    this.#cable = cable;
    const ports: Ports = {
      bind: (listener, port) => this.#bind(listener, port),
      unbind: (port, listener) => {
        if (this.#ports.get(port) === listener) this.#ports.delete(port);
      },
    };
    this.#network = {
      connect: (to, ready) => this.#cable.connect(this, to, ready),
      listener: ({ host, port }) =>
        new SimulatedListener(ports, this.address, port, host !== undefined && LOCAL.has(host)),
    };
  }

  /** False from a crash to the restart. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /**
   * Runs a program on the host: in it the plain `openConnection` and `startServer` of `ambit/streams` use the simulated
   * network. When the body ends, its tasks, servers and connections end, as at the end of `run`.
   *
   * **Cancellation:** cancels the program and waits for its end. So does a crash, with a CancelledError that says so.
   *
   * @throws {@link HostDownError} when the host has crashed
   */
  run<T>(body: TaskBody<T>): Task<T> {
    expectFunction("body", body);
    if (!this.#isUp)
      throw new HostDownError(
        `run on the host '${this.name}', which has crashed: restart it first`,
      );
    const program = (): Promise<T> => {
      useNetwork(this.#network);
      return run(body, { name: this.name, handleSignals: false });
    };
    const task = createTask(program, { name: `host ${this.name}`, shows: body });
    this.#tasks.add(task);
    task.addDoneCallback(() => void this.#tasks.delete(task));
    return task;
  }

  /** Opens a connection from this host: `openConnection` of `ambit/streams` for code that does not run on it. */
  openConnection(options: TcpConnectOptions): Promise<Connection> {
    return this.#here(() => openConnection(options));
  }

  /** Starts a server on this host: `startServer` of `ambit/streams` for code that does not run on it. */
  startServer(handler: ConnectionHandler, options: TcpServerOptions): Promise<Server> {
    return this.#here(() => startServer(handler, options));
  }

  #here<T>(call: () => Promise<T>): Promise<T> {
    return runInContext(copyContext(), () => {
      useNetwork(this.#network);
      return call();
    });
  }

  /**
   * Crashes the host: its programs are cancelled, nothing listens on it any more, its connections are reset. (For a host
   * that falls silent instead, cut it off first: `network.isolate(host)`.) Returns when its programs have ended.
   *
   * **Cancellation:** the wait ends; the host is down.
   */
  async crash(): Promise<void> {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#ports.clear();
    const error = cancelled(`the host '${this.name}' has crashed`);
    const tasks = [...this.#tasks];
    for (const task of tasks) task.cancelWith(error);
    this.#cable.crashed(this);
    for (const task of tasks) await task.then(ignore, ignore);
  }

  /** Has the host work again; its programs have to be run anew. Without effect while it is up. */
  restart(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#cable.restarted(this);
  }

  /** What listens on a port, for a host that wants to connect. @internal */
  listenerAt(port: number, from: SimulatedHost): SimulatedListener | null {
    const listener = this.#ports.get(port);
    if (listener === undefined || (listener.isLocal && from !== this)) return null;
    return listener;
  }

  /** A port for the near side of a connection. @internal */
  takePort(): number {
    return this.#nextPort++;
  }

  #bind(listener: SimulatedListener, wanted: number): number {
    const { address } = this;
    if (!this.#isUp) throw systemError("ENETDOWN", "listen", { address, port: wanted });
    const port = wanted === 0 ? this.takePort() : wanted;
    if (this.#ports.has(port)) throw systemError("EADDRINUSE", "listen", { address, port });
    this.#ports.set(port, listener);
    return port;
  }

  /** @internal */
  [INSPECT](): string {
    return `<SimulatedHost ${this.name} ${this.address} ${this.#isUp ? "up" : "down"}>`;
  }
}

function ignore(): void {}
