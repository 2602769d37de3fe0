/*
 * The link to a thread: a Worker of Node's, and marks in memory that both share.
 *
 * Strategy: messages of the thread come over a port of its own, since those of a Worker's own port can't be read while the
 * loop stands still (`blocking.ts`). For the same case it leaves a mark when it ends, and Linux tells whether it is there.
 *
 * Limits: a thread inside native code ends only when that returns.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type ResourceLimits,
  type TransferListItem,
  Worker,
  type WorkerOptions,
} from "node:worker_threads";
import type { TimerHandle } from "../core/clock.ts";
import { getRunningLoop } from "../core/scope.ts";
import { bell } from "./blocking.ts";
import type { Link, LinkOwner } from "./link.ts";
import {
  BEGUN,
  EXIT,
  type FromWorker,
  RUNNING,
  SHARED,
  STOPPING,
  SYSTEM_ID,
  type ThreadStart,
  type ToThread,
  type ToWorker,
} from "./protocol.ts";
import type { TreeLook } from "./workerTrees.ts";
import { inheritedFlags } from "./workerFlags.ts";

/** @internal */
export class ThreadLink implements Link {
  readonly #shared = new Int32Array(new SharedArrayBuffer(4 * SHARED));
  readonly #name: string;
  readonly #owner: LinkOwner;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #grace: number;
  #failure: unknown = undefined;
  /** While it is to exit by itself. */
  #closing: TimerHandle | null = null;
  #ended = false;

  constructor(
    name: string,
    initializing: boolean,
    owner: LinkOwner,
    grace: number,
    resourceLimits?: ResourceLimits,
  ) {
    this.#name = name;
    this.#owner = owner;
    this.#grace = grace;
    const { port1, port2 } = new MessageChannel();
    const workerData: ThreadStart = {
      name,
      shared: this.#shared,
      port: port2,
      bell,
      initializing,
    };
    this.#worker = makeWorker(entryFile(), {
      name,
      workerData,
      transferList: [port2],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // `terminate` adds a listener each time, and an idle thread of a pool that is shut down is told more than once.
    this.#worker.setMaxListeners(0);
    this.#port = port1;
    port1.on("message", (message) => owner.heard(message));
    // The thread keeps the program alive, or does not; what it may say does not.
    port1.unref();
    this.#worker.on("error", (error) => (this.#failure = error));
    this.#worker.on("exit", (exitCode) => this.#end(exitCode));
  }

  /** It has said all that it will. */
  #end(exitCode: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#closing?.cancel();
    this.#receive();
    this.#port.close();
    const failure = this.#failure;
    const words = `the thread '${this.#name}' ${howEnded(failure)} with code ${exitCode}`;
    this.#owner.ended({ exitCode, words, failure });
  }

  #receive(): void {
    const port = this.#port;
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port))
      this.#owner.heard(got.message as FromWorker);
  }

  hear(): void {
    if (this.#ended) return;
    const exit = Atomics.load(this.#shared, EXIT);
    const id = Atomics.load(this.#shared, SYSTEM_ID);
    if (exit !== 0) this.#end(exit - 1);
    else if (id !== 0 && !existsSync(`/proc/self/task/${id}`)) this.#end(1);
    else this.#receive();
  }

  send(message: ToWorker, moved: readonly TransferListItem[]): void {
    this.#port.postMessage(message, moved);
  }

  where(): string {
    return `thread ${this.#worker.threadId}`;
  }

  look(number: number, within: number): TreeLook {
    const { port1, port2 } = new MessageChannel();
    this.send({ tree: number, look: { within, to: port2 } }, [port2]);
    return {
      read: () => (receiveMessageOnPort(port1)?.message as string | undefined) ?? null,
      close: () => port1.close(),
    };
  }

  hold(): void {
    this.#worker.ref();
  }

  release(): void {
    this.#worker.unref();
  }

  running(): number {
    return Atomics.load(this.#shared, RUNNING);
  }

  begun(): number {
    return Atomics.load(this.#shared, BEGUN);
  }

  stopping(): number {
    return Atomics.load(this.#shared, STOPPING);
  }

  askToStop(id: number): void {
    Atomics.store(this.#shared, STOPPING, id);
  }

  /** The thread exits by itself; one that does not is terminated. */
  close(): void {
    if (this.#closing !== null || this.#ended) return;
    this.hold();
    const loop = getRunningLoop();
    this.#closing = loop.schedule(loop.time() + this.#grace, terminate, this);
    this.#port.postMessage({ leave: true } satisfies ToThread);
  }

  kill(): void {
    void this.#worker.terminate();
  }
}

function terminate(link: ThreadLink): void {
  link.kill();
}

/** Threads load compiled code, also when this file runs as TypeScript; `imports` says where. */
function entryFile(): string {
  try {
    return createRequire(import.meta.url).resolve("#futures-thread");
  } catch (cause) {
    throw new Error(
      `the code that runs in Ambit's threads is not beside ${import.meta.url}: keep 'ambit' out of the bundle (external), so that it is loaded from node_modules`,
      { cause },
    );
  }
}

function howEnded(failure: unknown): string {
  const code = (failure as NodeJS.ErrnoException | undefined)?.code;
  return code === "ERR_WORKER_OUT_OF_MEMORY" ? "ran out of memory and ended" : "ended";
}

/** With the process's own flags; Node checks flags only where they are given, and refuses some for threads. */
function makeWorker(entry: string, options: WorkerOptions): Worker {
  const flags = inheritedFlags();
  if (flags.length === process.execArgv.length) return new Worker(entry, options);
  try {
    return new Worker(entry, { ...options, execArgv: flags });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_WORKER_INVALID_EXEC_ARGV") throw error;
    return new Worker(entry, { ...options, execArgv: [] });
  }
}
