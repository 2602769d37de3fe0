/*
 * A function that is called soon after a future is done: in no task, but in the run and async context in which it was
 * given, and with its own copy of the context variables.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { wrongType } from "./arguments.ts";
import { Context } from "./context.ts";
import type { Debugged } from "./debugMode.ts";
import { type CallOptions, functionWords } from "./handle.ts";
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import { callInContext, copyOfContext } from "./scope.ts";
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
  readonly #inAsyncContext = AsyncLocalStorage.snapshot();
  readonly #context: Context;

  constructor(future: Settled, callback: (future: never) => void, options: CallOptions = {}) {
    this.#future = future;
    this.callback = callback;
    this.#context = options.context ?? copyOfContext();
    if (!(this.#context instanceof Context))
      throw wrongType("options.context", "a Context", options.context);
  }

  settled(): void {
    this.#future.getLoop().enqueue(this);
  }

  run(): void {
    this.#inAsyncContext(callInContext, this.#context, () => this.#take(this.#future.getLoop()));
  }

  #take(loop: CallbackLoop): void {
    if (!loop.debug) return this.#call(loop);
    const words = `done callback ${functionWords(this.callback)}`;
    timeCallback({ loop, words, handle: this.#future, created: [] }, () => this.#call(loop));
  }

  #call(loop: CallbackLoop): void {
    const callback = this.callback as (future: Settled) => void;
    loop.guard(() => callback(this.#future));
  }
}
