/*
 * What is said about a call while it runs: the items of a stream, calls back to whoever submitted it, and how they end.
 */
import type { TransferListItem } from "node:worker_threads";
import type { ThrownParcel } from "./parcel.ts";

/** Where in the arguments a function of the caller's stood, and what kind it is of. @internal */
export interface CallbackMark {
  /** `[0, "options", "onProgress"]`. */
  readonly path: readonly (string | number)[];
  /** Null for one that is awaited; else it is one-way, and called no more often than this, in milliseconds. */
  readonly every: number | null;
}

/** How a call differs from a plain one. @internal */
export interface Manners {
  /** How many items may be under way to the reader; null for a call that is no stream. */
  readonly stream: number | null;
  /** Whether it is a chunk of `map`. */
  readonly chunk: boolean;
  readonly callbacks: readonly CallbackMark[];
}

/** To the running call. @internal */
export type ToCall =
  | { readonly more: number }
  | { readonly reply: number; readonly value: unknown }
  | { readonly reply: number; readonly thrown: ThrownParcel };

/** From the running call. @internal */
export type FromCall =
  | { readonly items: readonly unknown[] }
  | { readonly ask: number; readonly of: number; readonly args: readonly unknown[] }
  | { readonly drop: number }
  | { readonly tell: number; readonly args: readonly unknown[] };

/** Says something to the call in its worker, and moves what is listed, if it can; what can't be cloned throws. @internal */
export type Say = (what: ToCall, moved?: readonly TransferListItem[]) => void;
