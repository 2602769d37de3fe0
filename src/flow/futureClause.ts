/*
 * A task or future as a clause of `select`: watched, not awaited, so that losing does not cancel it.
 */
import { Clause } from "../core/clause.ts";
import type { Future } from "../core/future.ts";
import type { Waiter } from "../core/join.ts";
import type { Entry } from "../core/loop.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";

/** @internal */
export function futureClause<T>(future: Future<T>): Clause<T> {
  return new Clause(
    () => future.done(),
    async () => (future.done() ? future.result() : suspend<T, Future<T>>(watch, future, "select")),
  );
}

function watch<T>(wait: Wait<T>, future: Future<T>): Cleanup<T, Future<T>> {
  const end = new FutureEnd(wait, future);
  future.addWaiter(end);
  return () => future.removeWaiter(end);
}

class FutureEnd<T> implements Waiter, Entry {
  readonly passive = true;
  readonly #wait: Wait<T>;
  readonly #future: Future<T>;

  constructor(wait: Wait<T>, future: Future<T>) {
    this.#wait = wait;
    this.#future = future;
  }

  settled(): void {
    this.#future.getLoop().wake(this);
  }

  run(): void {
    const { state, outcome } = this.#future;
    if (state === "fulfilled") this.#wait.resolve(outcome as T);
    else if (this.#wait.reject(outcome)) this.#future.look();
  }
}
