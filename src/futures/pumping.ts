/*
 * When a pool looks whom it can give the calls that wait: soon, or when this turn of the event loop is over.
 *
 * Strategy: calls of one microtask go out together. While each worker has something to do, nobody gains by a call being sent
 * at once: then calls of the whole turn go out together, for results come in many messages a turn, and each of them may make
 * its receiver submit the next call. A message for each would cost more than the calls.
 */

import type { Passing } from "../core/loop.ts";
import { defaultLoop } from "../core/uvLoop.ts";

/** @internal */
export class Pumping implements Passing {
  readonly #pump: () => void;
  /** Whether each worker has something to do, and there will be no more workers. */
  readonly #busy: () => boolean;
  #soon = false;
  #later = false;

  constructor(pump: () => void, busy: () => boolean) {
    this.#pump = pump;
    this.#busy = busy;
  }

  /** Something waits, or somebody is free. */
  wake(): void {
    if (this.#soon) return;
    if (this.#busy()) return this.#wakeLater();
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      this.#pump();
    });
  }

  #wakeLater(): void {
    if (this.#later) return;
    this.#later = true;
    // Messages of workers come by the system's loop, also in a run with virtual time.
    defaultLoop.pass(this);
  }

  /** The turn is over. @internal */
  finish(): void {
    this.#later = false;
    if (!this.#soon) this.#pump();
  }
}
