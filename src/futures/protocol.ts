/*
 * What a pool and its workers say to each other.
 *
 * Strategy: calls and results travel in batches, flat arrays, one message each way for up to hundreds of them: what a
 * message costs (wake-up, clone header) is many times what a small call does. Two numbers in shared memory are read
 * and written without a message: which call runs and how many have begun, so that the pool knows what a thread that ends
 * must not run again, and which call is asked to stop, so that a hot loop can look.
 */
import type { MessagePort } from "node:worker_threads";
import type { Reference } from "./reference.ts";
import type { ThrownParcel } from "./parcel.ts";
import type { FromCall, Manners, ToCall } from "./talk.ts";
import type { WorkerModule } from "./workerModules.ts";
import type { WatchLimits } from "./workerWatch.ts";

/** In the shared numbers: the id of the call that runs; 0 for none. @internal */
export const RUNNING = 0;
/** In the shared numbers: the id of the call that is to stop; 0 for none. @internal */
export const STOPPING = 1;
/** In the shared numbers: how many calls have begun. @internal */
export const BEGUN = 2;
/** In the shared numbers: the thread's code once it ends by itself, and one more; 0 before. @internal */
export const EXIT = 3;
/** In the shared numbers: the system's number of the thread; 0 where it is not known. @internal */
export const SYSTEM_ID = 4;
/** How many numbers are shared. @internal */
export const SHARED = 5;

/** Values of context variables, by name. @internal */
export type Variables = readonly (readonly [name: string, value: unknown])[];

/** One call on its way to a worker. @internal */
export interface CallMessage {
  readonly id: number;
  /** The number under which its function was told. */
  readonly fn: number;
  /** The arguments; of a chunk, the items, each for a call of its own. */
  readonly args: readonly unknown[];
  /** True for a chunk of `map`: the result is the list of the results; manners for a stream, or where there are callbacks. */
  readonly how: boolean | Manners;
  readonly variables: Variables | null;
  /** The name of the task that submitted it; empty for none. */
  readonly caller: string;
}

/** To the worker; `define` comes before the first call of a function. @internal */
export type ToWorker =
  | { readonly initialize: Reference; readonly args: readonly unknown[] }
  | { readonly define: number; readonly reference: Reference }
  /** Runs of calls, see `callRuns.ts`. */
  | { readonly calls: readonly unknown[] }
  | { readonly watch: WatchLimits }
  /** In place of those before; calls that come later wait until they are loaded. */
  | { readonly modules: readonly WorkerModule[] }
  | { readonly tell: number; readonly what: ToCall }
  | { readonly tree: number; readonly look: TreeWish | null }
  | { readonly stop: number; readonly message: string; readonly reason: unknown };

/** To a thread, which has no end of a pipe that tells it: the pool has no more for it. @internal */
export type ToThread = ToWorker | { readonly leave: true };

/** A tree of tasks that is to be read while the pool's loop stands still. @internal */
export interface TreeWish {
  /** How long it may wait for parts from elsewhere, in milliseconds. */
  readonly within: number;
  /** Where it goes; null for the file of the marks. */
  readonly to: MessagePort | null;
}

/** How one call ended, and how many milliseconds it took. @internal */
export type Ending =
  | { readonly id: number; readonly took: number; readonly value: unknown }
  | { readonly id: number; readonly took: number; readonly thrown: ThrownParcel };

/** From the worker. @internal */
export type FromWorker =
  | { readonly ready: true }
  | { readonly broken: ThrownParcel }
  /** Runs of endings, see `endingRuns.ts`. */
  | { readonly endings: readonly unknown[] }
  | { readonly told: number; readonly what: FromCall }
  | { readonly use: "idle" | "heavy" }
  | { readonly word: string; readonly value: unknown }
  | { readonly tree: number; readonly text: string };

/** What a thread is given at its start. @internal */
export interface ThreadStart {
  readonly name: string;
  readonly shared: Int32Array;
  /** To the pool. A port of its own, which the pool can read while its own thread stands still. */
  readonly port: MessagePort;
  /** Rung with each message, see `blocking.ts`. */
  readonly bell: Int32Array;
  /** True when an initializer will be sent; calls wait until it has run. */
  readonly initializing: boolean;
}
