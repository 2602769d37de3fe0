/*
 * Sayings: what a submitter is saying to Redis just now, so that its end can wait for it.
 */
import { cancellable } from "../core/cancellable.ts";
import { moveOnAfter } from "../core/cancelScope.ts";

/** How long an end waits for what is being said, in milliseconds. */
const PARTING = 1000;

/** @internal */
export class Sayings {
  readonly #all = new Set<Promise<unknown>>();
  readonly #onChange: () => void;

  /** @param onChange called when there are none any more, and when there are some again */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get some(): boolean {
    return this.#all.size > 0;
  }

  add(saying: Promise<unknown>): void {
    this.#all.add(saying);
    if (this.#all.size === 1) this.#onChange();
    const over = (): void => {
      this.#all.delete(saying);
      if (this.#all.size === 0) this.#onChange();
    };
    saying.then(over, over);
  }

  /** Waits until all that is being said now is said, but not for long. */
  over(): Promise<void> {
    return lastWord(Promise.allSettled(this.#all));
  }
}

/** Waits until that is said, but not for long: Redis may be out of reach. @internal */
export async function lastWord(saying: Promise<unknown>): Promise<void> {
  await moveOnAfter(PARTING, () => cancellable(saying));
}
