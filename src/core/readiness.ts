/*
 * A child task that says when it is ready, for `group.start`.
 *
 * Until it is ready the child is its starter's: its failure is thrown there, and the starter's cancel ends it. From then
 * on it is the group's.
 */
import { type CancelledError, InvalidStateError } from "./errors.ts";
import { Future } from "./future.ts";
import { protect } from "./shield.ts";
import type { Task } from "./task.ts";

/** @internal */
export class Readiness<S> {
  readonly #ready = new Future<S>();
  /** The child's body, with `started` handed in. */
  readonly body: () => PromiseLike<unknown>;

  constructor(body: (started: (value: S) => void) => unknown) {
    this.body = async () => await body((value) => this.#started(value));
  }

  #started(value: S): void {
    // The starter has gone, and the child is being cancelled.
    if (this.#ready.cancelled()) return;
    if (this.#ready.done()) throw new InvalidStateError("started was called twice by one child");
    this.#ready.setResult(value);
  }

  /** Takes the end of a child that was not ready yet; false when it was. */
  endedEarly(task: Task<unknown>): boolean {
    if (this.#ready.done()) return this.#ready.cancelled();
    if (task.state === "cancelled") this.#ready.cancelWith(task.outcome as CancelledError);
    else this.#ready.setException(task.exception() ?? endedWithoutWord(task));
    return true;
  }

  /** Waits until the child is ready. */
  async awaitOf(task: Task<unknown>): Promise<S> {
    try {
      return await this.#ready;
    } catch (error) {
      if (task.done()) throw error;
      // The same error: a cancel of the whole group has reached the child already, and counts once.
      task.cancelWith(error as CancelledError);
      await protect(() => task.then(null, () => {}));
      throw task.cancelled() ? error : (task.exception() ?? error);
    }
  }
}

function endedWithoutWord(task: Task<unknown>): InvalidStateError {
  return new InvalidStateError(`${task.name} ended without calling started`);
}
