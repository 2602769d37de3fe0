/*
 * Connections that nobody gave back.
 *
 * Strategy: a connection belongs to the task that acquired it, and when that task has ended it is taken back, in whatever
 * state it is: destroyed, and reported. What was acquired outside any task, or was garbage before its task ended, is
 * found when the garbage collector comes by.
 * Limits: who hands a connection to another task keeps it only until his own has ended.
 */
import { currentTask } from "../core/currentTask.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { LeakedConnectionError } from "./errors.ts";

/** What is done about a leak. */
type Recover = () => void;

interface Watched {
  readonly loop: Loop;
  readonly task: Task<unknown> | null;
  readonly what: string;
  readonly recover: Recover;
  done: boolean;
}

const collected = new FinalizationRegistry<Watched>((watched) =>
  found(watched, "its object was garbage"),
);

/** Calls `recover` when `holder` was not released in time. @internal */
export class LeakWatch {
  readonly #watched: Watched;
  readonly #taskEnded = (): void => found(this.#watched, "the task that acquired it has ended");

  constructor(holder: object, what: string, recover: Recover) {
    const task = currentTask();
    this.#watched = { loop: getRunningLoop(), task, what, recover, done: false };
    collected.register(holder, this.#watched, this.#watched);
    task?.addDoneCallback(this.#taskEnded);
  }

  /** It was released. */
  end(): void {
    if (this.#watched.done) return;
    this.#watched.done = true;
    collected.unregister(this.#watched);
    this.#watched.task?.removeDoneCallback(this.#taskEnded);
  }
}

function found(watched: Watched, why: string): void {
  if (watched.done) return;
  watched.done = true;
  collected.unregister(watched);
  const { loop, task, what, recover } = watched;
  recover();
  const exception = new LeakedConnectionError(
    `${what} was not released: ${why}; write \`await using connection = await pool.acquire()\``,
  );
  const message = "a database connection leaked";
  loop.callExceptionHandler(task === null ? { message, exception } : { message, exception, task });
}
