/*
 * BackgroundTasks: tasks that belong to the application, not to a request.
 *
 * Strategy: named, listed, and cancelled before anything that they use is closed. A failure is
 * reported at once: nobody awaits them.
 */
import { wrongType } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { InvalidStateError } from "../core/errors.ts";
import { spawnUnder } from "../core/createTask.ts";
import { Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Task, TaskBody } from "../core/task.ts";
import type { BackgroundOptions } from "./appContext.ts";

/** @internal */
export class BackgroundTasks {
  readonly #tasks = new Set<Task<unknown>>();
  #scope: Scope | null = null;
  #creator: Scope | null = null;

  /** From now on they run, under that scope. */
  start(creator: Scope): void {
    this.#creator = creator;
    this.#scope = new Scope(creator, "open");
    this.#scope.body = this;
  }

  /** Starts one. */
  add<T>(body: TaskBody<T>, options: BackgroundOptions = {}): Task<T> {
    if (typeof body !== "function") throw wrongType("body", "a function", body);
    const { name } = options;
    if (name !== undefined && this.get(name) !== undefined)
      throw new InvalidStateError(
        `addTask '${name}': a task of that name is running; cancel it first`,
      );
    if (this.#scope === null || this.#creator === null)
      throw new InvalidStateError(
        "addTask of an application that is not running: `background` has a task run from each start to each stop",
      );
    const task = spawnUnder(this.#scope, body, name === undefined ? {} : { name }, this.#creator);
    this.#tasks.add(task);
    task.addWaiter({ passive: true, settled: () => this.#ended(task) });
    return task;
  }

  /** Those that have not ended. */
  list(): Task<unknown>[] {
    return [...this.#tasks];
  }

  get(name: string): Task<unknown> | undefined {
    for (const task of this.#tasks) if (task.name === name) return task;
    return undefined;
  }

  /** Cancels all and waits until they have ended. */
  async stop(): Promise<void> {
    const error = cancelled("the application is stopping");
    while (this.#tasks.size > 0) {
      const left = [...this.#tasks];
      for (const task of left) task.cancelWith(error);
      await Promise.all(left.map(endOf));
    }
    this.#scope?.end();
    this.#scope = null;
    this.#creator = null;
  }

  #ended(task: Task<unknown>): void {
    this.#tasks.delete(task);
    if (task.state !== "rejected") return;
    task.look();
    task.getLoop().callExceptionHandler({
      message: `the background task '${task.name}' failed`,
      exception: task.outcome,
      task,
    });
  }
}

/**
 * Waits for its end, whatever that is, without being tied to it.
 *
 * **Cancellation:** the wait ends; the task goes on.
 * @internal
 */
export function endOf(task: Task<unknown>): Promise<void> {
  if (task.done()) return Promise.resolve();
  return suspend<void, Task<unknown>>(
    (wait) => {
      const waiter = { passive: true, settled: () => void wait.resolve(undefined) };
      task.addWaiter(waiter);
      return () => task.removeWaiter(waiter);
    },
    task,
    "end of a task",
  );
}
