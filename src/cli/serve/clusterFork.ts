/*
 * Workers as processes of node:cluster.
 *
 * Strategy: the supervisor's process listens, accepts, and hands each connection to the next worker that is free
 * (SCHED_RR, Node's default everywhere but on Windows). Other than a listening socket that all processes accept from, this
 * spreads connections evenly, and a worker that stops listening loses none: one that is on its way to it comes back, and
 * is given to another.
 * Limits: that costs the supervisor some microseconds a connection, and nothing a request. When the last worker goes, Node
 * closes the listening socket until there is another. `NODE_CLUSTER_SCHED_POLICY=none` has the system distribute.
 */
import cluster, { type Worker } from "node:cluster";
import { createRequire } from "node:module";
import { outliveConnections } from "./unaccepted.ts";
import { fromWorker, type ToWorker } from "./messages.ts";
import type { Fork, Forked, ForkListener } from "./workerProcess.ts";

/** What a worker finds in its environment. */
export interface WorkerEnv {
  /** How many there are to be. */
  readonly AMBIT_WORKERS: string;
  /** The port to use, when it was left to the system. */
  readonly AMBIT_PORT?: string;
}

/** Makes workers that run with the words of this command line. */
export function clusterFork(args: readonly string[], env: () => WorkerEnv): Fork {
  const listening = new Set<Worker>();
  const exec = createRequire(import.meta.url).resolve("#serve-worker");
  return (worker, listener) => {
    cluster.setupPrimary({ exec, args: [...args] });
    const forked = cluster.fork({ ...env(), AMBIT_WORKER: String(worker) });
    return new ClusterProcess(forked, listener, listening);
  };
}

class ClusterProcess implements Forked {
  readonly #worker: Worker;
  /** Those that get connections, of all processes. */
  readonly #listening: Set<Worker>;

  constructor(worker: Worker, listener: ForkListener, listening: Set<Worker>) {
    this.#worker = worker;
    this.#listening = listening;
    worker.on("message", (message: unknown) => {
      const known = fromWorker(message);
      if (known?.ambit === "ready") listening.add(worker);
      if (known !== null) listener.heard(known);
    });
    worker.on("disconnect", () => void listening.delete(worker));
    outliveConnections(worker.process, () => listening.size > 0);
    // Not at its exit: that may be told of before its last message was read.
    worker.process.on("close", (code: number | null, signal: NodeJS.Signals | null) =>
      listener.ended({ code, signal }),
    );
    // A fork that fails is closed, too; a message that could not be sent is followed by the end.
    worker.on("error", () => {});
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  send(message: ToWorker): void {
    if (message.ambit === "drain") this.#listening.delete(this.#worker);
    // The callback takes the error of a channel that has just been closed.
    if (this.#worker.isConnected()) this.#worker.process.send(message, () => {});
  }

  kill(signal: NodeJS.Signals): void {
    this.#worker.process.kill(signal);
  }
}
