/*
 * Submission: one call that a program has handed to an executor, until its outcome is known.
 */
import { createHash } from "node:crypto";
import { asCancellation } from "../core/cancellation.ts";
import type { TimerHandle } from "../core/clock.ts";
import type { CancelledError } from "../core/errors.ts";
import type { FutureState } from "../core/future.ts";
import { ConcurrentFuture } from "../futures/concurrentFuture.ts";
import { appendCall, type CallPlace, placeOfCall } from "../futures/errorStacks.ts";
import { Arriving, type ThrownParcel, unpackThrown } from "../futures/parcel.ts";
import type { RegisteredTask } from "../futures/registered.ts";
import type { CallOptions } from "./callOptions.ts";
import { type DistributedCallEvent, tellEnded } from "./diagnostics.ts";

class CallFuture extends ConcurrentFuture<unknown> {
  /** Null while nobody listens. */
  event: DistributedCallEvent | null = null;
  #onSettled: (() => void) | null = null;

  /** Calls back at once when it is done. @internal */
  whenSettled(callback: () => void): void {
    this.#onSettled = callback;
  }

  /** @internal */
  override settle(state: FutureState, outcome: unknown): void {
    super.settle(state, outcome);
    if (this.event !== null) tellEnded(this.event, state === "fulfilled" ? null : outcome);
    this.#onSettled?.();
  }
}

/** @internal */
export class Submission {
  readonly id: string;
  readonly task: RegisteredTask;
  readonly options: CallOptions;
  readonly future: CallFuture = new CallFuture().runsOutside();
  readonly #place: CallPlace;
  /** Settled when Redis has it, or never will. */
  sent: Promise<unknown> = Promise.resolve();
  /** Due at the call's deadline. */
  deadline: TimerHandle | null = null;
  /** Set once it was asked to stop. */
  cancelling: CancelledError | null = null;
  /** Due when a cancelled call has taken too long. */
  patience: TimerHandle | null = null;
  /** Whether Redis has it. */
  handedOver = false;
  /** How many looks in a row did not find it in Redis. */
  missing = 0;

  constructor(id: string, task: RegisteredTask, options: CallOptions, underWay: number) {
    this.id = id;
    this.task = task;
    this.options = options;
    this.#place = placeOfCall(task.fn, this.future.getLoop().debug ? 0 : underWay);
  }

  /** Whether others may wait for the same call. */
  get shared(): boolean {
    return this.options.deduplicationKey !== undefined;
  }

  succeed(value: unknown): void {
    if (!this.future.done()) this.future.setResult(value);
  }

  /** Fails, unless it is done. */
  fail(error: unknown): void {
    if (this.future.done()) return;
    appendCall(error, this.task.name, this.#place);
    this.future.setException(error);
  }

  /** Ends with what the function threw. */
  endBy(parcel: ThrownParcel): void {
    this.#endWith(unpackThrown(parcel));
  }

  #endWith(thrown: unknown): void {
    if (thrown instanceof Arriving)
      return void thrown.thrown.then((arrived) => this.#endWith(arrived));
    const cancellation = asCancellation(thrown, false);
    if (cancellation === undefined) this.fail(thrown);
    else this.future.endCancelled(this.cancelling ?? cancellation);
  }
}

/** The id of a call that all who submit it with that key share. @internal */
export function sharedId(task: string, key: string): string {
  return `key-${createHash("sha256")
    .update(JSON.stringify([task, key]))
    .digest("hex")
    .slice(0, 40)}`;
}
