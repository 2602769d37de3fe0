/*
 * Those who wait for a connection, in the order in which they came, and the clock that sends away who has waited too long.
 *
 * Strategy: all wait equally long at most, so who came first is due first: one timer, for the first in line, does for all
 * of them. A scope with a deadline for each would cost more than a short statement does.
 */
import type { Loop } from "../core/loop.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { PoolTimeoutError } from "./errors.ts";

/** The pool, as those who wait know it. @internal */
export interface LineHome {
  readonly loop: Loop;
  readonly settings: { readonly acquireTimeout: number };
  /** Somebody has joined. */
  joined(): void;
  /** What who has waited for too long is told. */
  tooLate(): Error;
  /** True when they wait for the server, and not only for each other. */
  outside(): boolean;
}

/** @internal */
export class AcquireLine<L> {
  readonly #home: LineHome;
  readonly #queue = new WaitQueue<L>();
  #timer: { cancel(): void } | null = null;

  constructor(home: LineHome) {
    this.#home = home;
  }

  get size(): number {
    return this.#queue.size;
  }

  /**
   * Waits for its turn.
   *
   * **Cancellation:** leaves the line.
   */
  wait(): Promise<L> {
    return suspend<L, AcquireLine<L>>(AcquireLine.#join, this, "Pool.acquire");
  }

  static #join<L>(this: void, wait: Wait<L>, line: AcquireLine<L>): Cleanup<L, AcquireLine<L>> {
    const { acquireTimeout } = line.#home.settings;
    line.#queue.push(wait);
    if (acquireTimeout !== Infinity) {
      wait.token = line.#home.loop.time() + acquireTimeout;
      if (line.#timer === null) line.#arm();
    }
    line.#home.joined();
    return AcquireLine.#leave;
  }

  static #leave<L>(this: void, wait: Wait<L>, line: AcquireLine<L>): void {
    line.#queue.remove(wait);
    line.#rest();
  }

  /** Takes out who has waited longest; the caller settles it. */
  shift(): Wait<L> | null {
    const first = this.#queue.shift();
    this.#rest();
    return first;
  }

  /** Nobody waits: nothing is to be looked at. */
  #rest(): void {
    if (this.#queue.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    const { first } = this.#queue;
    if (first === null) return;
    const due = first.token as number;
    this.#timer = this.#home.loop.schedule<AcquireLine<L>>(due, AcquireLine.#look, this);
  }

  /** Sends away those whose time is over. */
  static #look<L>(this: void, line: AcquireLine<L>): void {
    line.#timer = null;
    const queue = line.#queue;
    const now = line.#home.loop.time();
    for (let { first } = queue; first !== null; first = queue.first) {
      if (now < (first.token as number)) break;
      queue.shift();
      first.reject(line.#home.tooLate());
    }
    line.#arm();
  }

  [OUTSIDE](): boolean {
    return this.#home.outside();
  }
}

/** A timeout was made by a timer: here its stack names who waited. @internal */
export function whoWaited(error: unknown): unknown {
  if (error instanceof PoolTimeoutError) Error.captureStackTrace(error);
  return error;
}
