/*
 * Link: what joins a pool to one of its workers, a thread or a process.
 *
 * Strategy: messages both ways, in order, and three marks that are read and written without a message: which call
 * runs, how many have begun, which is asked to stop. What the worker has marked outlives it.
 */
import type { TransferListItem } from "node:worker_threads";
import type { FromWorker, ToWorker } from "./protocol.ts";
import type { TreeLook } from "./workerTrees.ts";

/** How a worker ended. @internal */
export interface WorkerEnd {
  readonly exitCode: number;
  /** `the thread 'pool_0' ended with code 1`. */
  readonly words: string;
  /** What made it end, where that is known. */
  readonly failure: unknown;
}

/** Hears of a worker. @internal */
export interface LinkOwner {
  heard(message: FromWorker): void;
  /** It is gone, and has said all that it will. */
  ended(end: WorkerEnd): void;
}

/** Makes a worker: its link, which tells `owner` from the next turn on. @internal */
export type LinkMaker<L extends Link> = (
  name: string,
  initializing: boolean,
  owner: LinkOwner,
) => L;

/** @internal */
export interface Link {
  /** `thread 3`, `process 1234`. */
  where(): string;
  /** Asks for the worker's tree of tasks, to be read while the loop stands still. */
  look(number: number, within: number): TreeLook;
  /** @throws when something in it cannot be cloned; then nothing was sent */
  send(message: ToWorker, moved: readonly TransferListItem[]): void;
  /** The worker keeps the program alive from now on; or no longer. */
  hold(): void;
  release(): void;
  /** The id of the call that runs; 0 for none. */
  running(): number;
  /** How many calls have begun. */
  begun(): number;
  /** The id of the call that is asked to stop; 0 for none. */
  stopping(): number;
  askToStop(id: number): void;
  /** Hears now what the worker has sent, and whether it is gone: while the loop stands still. Not every link can. */
  hear?(): void;
  /** Ends the worker, which has nothing to do. */
  close(): void;
  /** Ends it, whatever it does; a process by a signal, by default SIGKILL. */
  kill(signal?: NodeJS.Signals): void;
}
