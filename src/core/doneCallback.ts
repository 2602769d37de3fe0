/*
 * A function that is called soon after a future is done, in the async context in which it was given.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Debugged } from "./debugMode.ts";
import { functionWords } from "./handle.ts";
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import { timeCallback } from "./steps.ts";

interface CallbackLoop extends Debugged {
  enqueue(entry: Entry): void;
  guard(callback: () => void): void;
}

/** What a done callback hears of, and is called with. */
interface Settled {
  getLoop(): CallbackLoop;
}

/** @internal */
export class DoneCallback implements Waiter, Entry {
  readonly passive = true;
  readonly callback: (future: never) => void;
  readonly #future: Settled;
  readonly #bound: (future: Settled) => void;

  constructor(future: Settled, callback: (future: never) => void) {
    this.#future = future;
    this.callback = callback;
    this.#bound = AsyncLocalStorage.bind(callback as (future: Settled) => void);
  }

  settled(): void {
    this.#future.getLoop().enqueue(this);
  }

  run(): void {
    const loop = this.#future.getLoop();
    if (!loop.debug) return this.#call(loop);
    const words = `done callback ${functionWords(this.callback)}`;
    timeCallback({ loop, words, handle: this.#future, created: [] }, () => this.#call(loop));
  }

  #call(loop: CallbackLoop): void {
    loop.guard(() => this.#bound(this.#future));
  }
}
