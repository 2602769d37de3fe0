/*
 * Those who wait until a WebSocket's connection is down.
 *
 * Any number may wait, and all go on in the order in which they came. Who is cancelled meanwhile has no patience for the
 * closing handshake: the connection is cut, and whoever else waits finds it down.
 */
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";

/** @internal */
export class Closers {
  readonly #label: string;
  readonly #cut: () => void;
  readonly #waiting = new WaitQueue();

  constructor(label: string, cut: () => void) {
    this.#label = `${label} close`;
    this.#cut = cut;
  }

  wait(): Promise<void> {
    let begun = false;
    const start = (wait: Wait<void>): Cleanup<void, undefined> => {
      begun = true;
      this.#waiting.push(wait);
      return this.#leave;
    };
    const closed = suspend<void>(start, undefined, this.#label);
    // A wait that is refused, because a cancel is due, has no clean-up.
    if (!begun) this.#cut();
    return closed;
  }

  readonly #leave = (wait: Wait<void>): void => {
    this.#waiting.remove(wait);
    this.#cut();
  };

  /** It is down. */
  settle(): void {
    for (let next = this.#waiting.shift(); next !== null; next = this.#waiting.shift())
      next.resolve();
  }
}
