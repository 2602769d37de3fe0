/*
 * What a pool and its workers say to each other.
 *
 * Strategy: calls and results travel in batches, flat arrays, one message each way for up to hundreds of them: what a
 * message costs (wake-up, clone header) is many times what a small call does. Two numbers in shared memory are read
 * and written without a message: which call runs and how many have begun, so that the pool knows what a thread that ends
 * must not run again, and which call is asked to stop, so that a hot loop can look.
 */
import type { Reference } from "./reference.ts";
import type { ThrownParcel } from "./parcel.ts";

/** In the shared numbers: the id of the call that runs; 0 for none. @internal */
export const RUNNING = 0;
/** In the shared numbers: the id of the call that is to stop; 0 for none. @internal */
export const STOPPING = 1;
/** In the shared numbers: how many calls have begun. @internal */
export const BEGUN = 2;
/** How many numbers are shared. @internal */
export const SHARED = 3;

/** Values of context variables, by name. @internal */
export type Variables = readonly (readonly [name: string, value: unknown])[];

/** One call on its way to a worker. @internal */
export interface CallMessage {
  readonly id: number;
  readonly reference: Reference;
  /** The arguments; of a chunk, the items, each for a call of its own. */
  readonly args: readonly unknown[];
  /** True for a chunk of `map`: the result is the list of the results. */
  readonly chunk: boolean;
  readonly variables: Variables | null;
}

/** To the worker. @internal */
export type ToWorker =
  | { readonly initialize: Reference; readonly args: readonly unknown[] }
  | { readonly calls: readonly CallMessage[] }
  | { readonly stop: number; readonly message: string; readonly reason: unknown };

/** How one call ended, and how many milliseconds it took. @internal */
export type Ending =
  | { readonly id: number; readonly took: number; readonly value: unknown }
  | { readonly id: number; readonly took: number; readonly thrown: ThrownParcel };

/** From the worker. @internal */
export type FromWorker =
  | { readonly ready: true }
  | { readonly broken: ThrownParcel }
  | { readonly endings: readonly Ending[] };

/** What a worker is given at its start. @internal */
export interface WorkerStart {
  readonly name: string;
  readonly shared: Int32Array;
  /** True when an initializer will be sent; calls wait until it has run. */
  readonly initializing: boolean;
}
