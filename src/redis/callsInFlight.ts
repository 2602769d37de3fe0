/*
 * The calls of a connection that wait for their answers, and the clock that watches them.
 *
 * Strategy: answers come in the order of the calls, so one timer, for the oldest, does for all of them.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import type { Call } from "./call.ts";

/** @internal */
export class CallsInFlight {
  readonly #tooLong: (oldest: Call) => void;
  readonly #calls = new Set<Call>();
  #timer: TimerHandle | null = null;
  #loop: Loop | null = null;
  #drained: (() => void) | null = null;

  /** `tooLong` is told of a call whose answer did not come in its time. */
  constructor(tooLong: (oldest: Call) => void) {
    this.#tooLong = tooLong;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** A call is sent now. */
  add(call: Call, loop: Loop): void {
    this.#calls.add(call);
    call.sentAt = loop.time();
    if (call.limit !== Infinity && (this.#timer === null || this.#loop !== loop))
      this.#arm(call, loop);
  }

  /** A call has ended. */
  remove(call: Call): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#drained?.();
  }

  /** Ends all of them with an error. */
  fail(errorFor: (call: Call) => Error): void {
    for (const call of this.#calls) call.end(errorFor(call), undefined);
  }

  /** Settles when there is none. */
  async drained(): Promise<void> {
    if (this.#calls.size > 0) await uninterruptible<void>((wait) => this.#whenDrained(wait));
  }

  #whenDrained(wait: Wait<void>): void {
    this.#drained = () => wait.resolve();
  }

  /** Looks no more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #arm(call: Call, loop: Loop): void {
    this.#timer?.cancel();
    this.#loop = loop;
    this.#timer = loop.schedule<CallsInFlight>(call.sentAt + call.limit, CallsInFlight.#look, this);
  }

  /** Looks whether the oldest call has waited for too long. */
  static #look(this: void, flight: CallsInFlight): void {
    flight.#timer = null;
    const [oldest] = flight.#calls;
    const loop = flight.#loop as Loop;
    if (oldest === undefined || oldest.limit === Infinity) return;
    if (loop.time() < oldest.sentAt + oldest.limit) flight.#arm(oldest, loop);
    else flight.#tooLong(oldest);
  }
}
