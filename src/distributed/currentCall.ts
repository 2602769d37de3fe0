/*
 * What a function that runs on a worker can learn of its call, and tell.
 *
 * Strategy: the call travels as a context variable, so it crosses into the worker's threads and processes by itself.
 */
import { ContextVar } from "../core/contextVar.ts";
import { BETWEEN_MACHINES } from "./payload.ts";
import { tellProgress } from "./progress.ts";

/** The call that runs. */
export interface CurrentCall {
  /** Of the call; the same each time that it is run. */
  readonly id: string;
  /** The task's name. */
  readonly name: string;
  /** 1 the first time; more after the function threw and is tried again. */
  readonly attempt: number;
  /**
   * The same each time the call is run, and different for every other call: keep it beside what the call changes, and look
   * for it first. It is `deduplicationKey` where one was given. The calls of one chunk of `map` share one.
   */
  readonly idempotencyKey: string;
}

/** The name by which the variable is found in threads. @internal */
export const CALL_VARIABLE = "ambit.distributed.call";

/** @internal */
export const callVariable: ContextVar<CurrentCall | null> = new ContextVar<CurrentCall | null>(
  CALL_VARIABLE,
  { defaultValue: null },
);

/**
 * The call that a worker runs here; null elsewhere.
 *
 * A call is run at least once: again when its worker was lost before Redis had the result. What must not happen twice is
 * done under its `idempotencyKey`.
 *
 * @example
 * ```ts
 * import { currentCall } from "ambit/distributed";
 *
 * currentCall(); // => null
 * ```
 */
export function currentCall(): CurrentCall | null {
  return callVariable.get();
}

/**
 * Tells the submitter's `onProgress` how far the call has come; does nothing elsewhere. It may be lost on the way, and what
 * arrives after the outcome is not heard.
 *
 * @throws TypeError when the value cannot be cloned
 */
export function reportProgress(value: unknown): void {
  const call = callVariable.get();
  if (call === null) return;
  if (!BETWEEN_MACHINES.takes(value))
    throw new TypeError("reportProgress: the value cannot be cloned; pass plain data");
  tellProgress({ id: call.id, value });
}
