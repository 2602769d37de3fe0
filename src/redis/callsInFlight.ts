/*
 * The calls of a connection that wait for their answers, and the clock that watches them.
 *
 * Strategy: answers come in the order of the calls, so one timer, for the oldest, does for all of them. The calls are
 * linked with each other, and let go of their neighbours when they end: a `Set` that grows and shrinks all the time leaves
 * tables behind that hold each other, and with them what was in them, beyond the reach of the quick garbage collection.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import type { Call } from "./call.ts";

/** @internal */
export class CallsInFlight {
  readonly #tooLong: (oldest: Call) => void;
  #oldest: Call | null = null;
  #newest: Call | null = null;
  #timer: TimerHandle | null = null;
  #loop: Loop | null = null;
  #drained: (() => void) | null = null;
  size = 0;

  /** `tooLong` is told of a call whose answer did not come in its time. */
  constructor(tooLong: (oldest: Call) => void) {
    this.#tooLong = tooLong;
  }

  /** A call is sent now. */
  add(call: Call, loop: Loop, now: number): void {
    const newest = this.#newest;
    call.older = newest;
    if (newest === null) this.#oldest = call;
    else newest.newer = call;
    this.#newest = call;
    this.size++;
    call.sentAt = now;
    if (call.limit !== Infinity && (this.#timer === null || this.#loop !== loop))
      this.#arm(call, loop);
  }

  /** A call has ended; one that was never sent, too. */
  remove(call: Call): void {
    const { older, newer } = call;
    if (older === null && this.#oldest !== call) return;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    call.older = call.newer = null;
    if (--this.size === 0) this.#drained?.();
  }

  /** Ends all of them with an error. */
  fail(errorFor: (call: Call) => Error): void {
    for (let call = this.#oldest; call !== null; call = this.#oldest) {
      call.end(errorFor(call), undefined);
      this.remove(call);
    }
  }

  /** Settles when there is none. */
  async drained(): Promise<void> {
    if (this.size > 0) await uninterruptible<void>((wait) => this.#whenDrained(wait));
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
    const oldest = flight.#oldest;
    const loop = flight.#loop as Loop;
    if (oldest === null || oldest.limit === Infinity) return;
    if (loop.time() < oldest.sentAt + oldest.limit) flight.#arm(oldest, loop);
    else flight.#tooLong(oldest);
  }
}
