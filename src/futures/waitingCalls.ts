/*
 * The calls of a pool that wait for a worker: first come, first served.
 *
 * Strategy: a call that was cancelled, or failed since its function was not found, stays where it is, and is passed over when
 * its turn comes.
 */
import type { CancelledError } from "../core/errors.ts";
import { RingBuffer } from "../queues/ringBuffer.ts";
import type { Call } from "./call.ts";

/** @internal */
export class WaitingCalls {
  readonly #calls = new RingBuffer<Call>();

  /** How many there are, at most: some may be done. */
  get size(): number {
    return this.#calls.size;
  }

  /** How many there are. */
  get count(): number {
    return [...this.#calls].filter((call) => !call.future.done()).length;
  }

  add(call: Call): void {
    this.#calls.push(call);
  }

  /** Calls that were given out and come back: they are the next, in their order. */
  putBack(calls: readonly Call[]): void {
    for (const call of calls) call.comesBack();
    for (const call of calls.toReversed()) this.#calls.putBack(call);
  }

  /** Passes over what is done at the front. */
  skipDone(): void {
    while (this.#calls.first?.future.done() === true) this.#calls.take();
  }

  /** The next one; null when there is none, or its function is being looked for. */
  get next(): Call | null {
    this.skipDone();
    const call = this.#calls.first;
    return call === undefined || call.reference === null ? null : call;
  }

  /** Takes out the next one. */
  take(): Call {
    return this.#calls.take();
  }

  /** Cancels them all. */
  cancel(error: CancelledError): void {
    for (const call of this.#calls) call.future.cancelWith(error);
  }

  /** Takes them all out, and fails them. */
  fail(error: unknown): void {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const call of calls) call.fail(error);
  }
}
