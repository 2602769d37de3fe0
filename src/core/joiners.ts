/*
 * The usual joiners: all, any, allSettled, until (the names of Promise's functions, Java's meanings).
 *
 * Strategy: each keeps the tasks in the order in which they were spawned and reads their outcomes when all have ended;
 * what it decides while they run is only whether it has seen enough.
 */
import { expectFunction } from "./arguments.ts";
import { InvalidStateError } from "./errors.ts";
import { ExceptionGroup } from "./exceptionGroup.ts";
import type { Joiner } from "./joinedGroup.ts";
import { combineErrors } from "./suppressedErrors.ts";
import type { Task } from "./task.ts";

/** A joiner that keeps its tasks. */
abstract class Keeper<T, R> implements Joiner<T, R> {
  protected readonly tasks: Task<T>[] = [];

  onSpawn(task: Task<T>): void {
    this.tasks.push(task);
  }

  abstract onComplete(task: Task<T>): boolean;
  abstract result(): R;
}

/** The error or the cancellation that a task has ended with. */
function failureOf(task: Task<unknown>): unknown {
  return task.cancelled() ? task.outcome : task.exception();
}

class All<T> extends Keeper<T, T[]> {
  #failed: Task<T> | null = null;

  onComplete(task: Task<T>): boolean {
    if (task.state === "fulfilled") return false;
    this.#failed = task;
    return true;
  }

  result(): T[] {
    const first = this.#failed;
    if (first === null) return this.tasks.map((task) => task.result());
    const later = this.tasks.filter((task) => task !== first && task.state === "rejected");
    throw combineErrors([first, ...later].map(failureOf));
  }
}

class Any<T> extends Keeper<T, T> {
  #winner: Task<T> | null = null;

  onComplete(task: Task<T>): boolean {
    if (task.state !== "fulfilled") return false;
    this.#winner = task;
    return true;
  }

  result(): T {
    // Looked at, all of them: no failure of a loser is reported.
    const errors = this.tasks.filter((task) => task.state !== "fulfilled").map(failureOf);
    if (this.#winner !== null) return this.#winner.result();
    if (this.tasks.length === 0)
      throw new InvalidStateError("joiners.any joined a group in which no task was spawned");
    throw new ExceptionGroup(errors, `all ${errors.length} have failed`);
  }
}

class AllSettled<T> extends Keeper<T, PromiseSettledResult<T>[]> {
  onComplete(): boolean {
    return false;
  }

  result(): PromiseSettledResult<T>[] {
    return this.tasks.map((task) =>
      task.state === "fulfilled"
        ? { status: "fulfilled", value: task.result() }
        : { status: "rejected", reason: failureOf(task) },
    );
  }
}

class Until<T> extends Keeper<T, Task<T>[]> {
  readonly #enough: (task: Task<T>) => boolean;

  constructor(enough: (task: Task<T>) => boolean) {
    super();
    this.#enough = enough;
  }

  onComplete(task: Task<T>): boolean {
    return this.#enough(task);
  }

  result(): Task<T>[] {
    return this.tasks;
  }

  onTimeout(): Task<T>[] {
    return this.tasks;
  }
}

/**
 * Makes joiners for `taskGroup(body, { joiner })`, one for each group. All of them: who is left when they have seen
 * enough is cancelled, and waited for; a cancel from outside that comes meanwhile is left for the next wait.
 *
 * - `all<T>()` gives the values in the order of spawning; the first failure ends the group and is thrown. A child that
 *   was cancelled by itself has failed with its CancelledError.
 * - `any<T>()` gives the first value, and drops the failures of others; when all have failed, throws an {@link ExceptionGroup} of their failures, in the
 *   order of spawning.
 * - `allSettled<T>()` gives what became of each, as `Promise.allSettled` does; no failure ends the group.
 * - `until<T>(enough)` calls `enough` with each task that has ended, goes on until that gives true, and returns all
 *   tasks, in the order of spawning. At the deadline, too, it returns them: those that had not ended are cancelled.
 *
 * @example
 * ```ts
 * import { joiners, sleep, taskGroup } from "ambit";
 *
 * const fastest = await taskGroup(
 *   (group) => {
 *     for (const ms of [30, 10, 20]) group.spawn(() => sleep(ms, `mirror ${ms}`));
 *   },
 *   { joiner: joiners.any<string>(), timeout: 1000 },
 * );
 * fastest; // => "mirror 10"
 * ```
 */
export const joiners: {
  all<T>(): Joiner<T, T[]>;
  any<T>(): Joiner<T, T>;
  allSettled<T>(): Joiner<T, PromiseSettledResult<T>[]>;
  until<T>(enough: (task: Task<T>) => boolean): Joiner<T, Task<T>[]>;
} = {
  all: <T>() => new All<T>(),
  any: <T>() => new Any<T>(),
  allSettled: <T>() => new AllSettled<T>(),
  until: <T>(enough: (task: Task<T>) => boolean) => {
    expectFunction("enough", enough);
    return new Until<T>(enough);
  },
};
