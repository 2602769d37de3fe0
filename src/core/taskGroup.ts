/*
 * Task groups: no child outlives its group.
 *
 * Strategy: the group's scope is an open scope of its caller's flow; children hang under it as tasks, so a cancel from
 * above reaches body and children by itself. The first failure (body's or a child's) cancels the group's scope. The
 * call waits for the children in its caller's scope, again after every interruption, until none is left.
 * The first error itself is thrown; later ones are attached to it (`suppressedErrors`), so the type of what is caught
 * does not depend on a race (Kotlin's rule; asyncio throws an ExceptionGroup here).
 * The user's code, and what ends it:
 *   await taskGroup(async (group) => { group.spawn(a); throw x })   a is cancelled, x is thrown
 *   await taskGroup(async (group) => { group.spawn(a); await b() }) a fails: b is cancelled, a's error is thrown
 */
import { expectFunction } from "./arguments.ts";
import { asCancellation, cancelled, cancelledFor } from "./cancellation.ts";
import { INSPECT } from "./inspection.ts";
import { type CancelledError, TaskGroupClosedError } from "./errors.ts";
import type { Waiter } from "./join.ts";
import type { Entry, Loop } from "./loop.ts";
import { Readiness } from "./readiness.ts";
import { ambientScope, enterScope, Scope } from "./scope.ts";
import { suspend } from "./suspend.ts";
import type { Wait } from "./suspension.ts";
import { spawnUnder } from "./createTask.ts";
import type { Task, TaskBody, TaskOptions } from "./task.ts";
import { combineErrors } from "./suppressedErrors.ts";
import { askAgain } from "./unwinding.ts";

/** How a task group treats its children. */
export interface TaskGroupOptions {
  /**
   * A child's failure ends neither its siblings nor the group (Kotlin's `supervisorScope`); it is reported once if nobody
   * looks at it. Default false.
   */
  readonly supervisor?: boolean;
  /**
   * Children are let go as they end and `spawn` gives no task: for groups that live as long as a server (Swift's
   * `DiscardingTaskGroup`). As a supervisor, a failure is reported at once. Default false.
   */
  readonly discarding?: boolean;
}

/** A task group that hands out no tasks. */
export interface DiscardingTaskGroup extends Omit<TaskGroup, "spawn"> {
  /** Starts a child task that nobody will look at. */
  spawn(body: TaskBody<unknown>, options?: TaskOptions): void;
}

/**
 * The group that `taskGroup` hands to its body.
 *
 * Invariant: open, then shutting down (something failed or the call was cancelled), then ended.
 */
export class TaskGroup {
  readonly #scope: Scope;
  #live = 0;
  #closing = false;
  #ended = false;
  #errors: unknown[] = [];
  #cancellation: CancelledError | null = null;
  readonly #outerBefore: number;
  readonly #options: TaskGroupOptions;
  #cancelCalled = false;
  #joining: Wait<void> | null = null;
  #onEmpty: (() => void) | null = null;

  /** @internal */
  constructor(scope: Scope, options: TaskGroupOptions) {
    this.#scope = scope;
    this.#options = options;
    scope.body = this;
    this.#outerBefore = scope.outerCancels();
  }

  /** How many children are running. */
  get size(): number {
    return this.#live;
  }

  /**
   * Starts a child task; like `createTask`, but it ends with the group. A failure of it fails the group.
   *
   * Children may spawn more while the call waits for them.
   *
   * @throws {@link TaskGroupClosedError} when the group has ended or is shutting down
   */
  spawn<T>(body: TaskBody<T>, options: TaskOptions = {}): Task<T> {
    this.#mustBeOpen("spawn", body, options);
    const task = spawnUnder(this.#scope, body, options);
    this.#follow(task, (child) => this.#childFailed(child));
    return this.#options.discarding === true ? (undefined as never) : task;
  }

  /**
   * Starts a child task and waits until it says that it is ready (trio's `nursery.start`): `body` calls `started(value)`,
   * and that value is returned while the child goes on in the group.
   *
   * **Cancellation:** cancelling who starts it cancels the child and waits for its end.
   *
   * @throws what the child fails with before it is ready: that is the starter's failure, not the group's
   * @throws {@link InvalidStateError} when the child ends without having called `started`
   * @throws {@link TaskGroupClosedError} when the group has ended or is shutting down
   *
   * @example
   * ```ts
   * import { sleep, taskGroup } from "ambit";
   *
   * await taskGroup(async (group) => {
   *   const port = await group.start(async (started: (port: number) => void) => {
   *     await sleep(1); // until it listens
   *     started(8080);
   *     await sleep(5); // serves
   *   });
   *   port; // => 8080
   * });
   * ```
   */
  async start<S>(
    body: (started: (value: S) => void) => unknown,
    options: TaskOptions = {},
  ): Promise<S> {
    expectFunction("body", body);
    this.#mustBeOpen("start", body, options);
    const readiness = new Readiness<S>(body);
    const task = spawnUnder(this.#scope, readiness.body, { shows: body, ...options });
    this.#follow(task, (child) => {
      if (!readiness.endedEarly(child)) this.#childFailed(child);
    });
    return readiness.awaitOf(task);
  }

  /**
   * Cancels body and children; the call then ends quietly, with `undefined` for a body that was cut short (CPython 3.15).
   * Without effect after the first call, and on a group that has ended.
   */
  cancel(reason?: unknown): void {
    if (this.#ended || this.#cancelCalled) return;
    this.#cancelCalled = true;
    const error = cancelledFor("the task group", reason);
    this.#shutDown(error.message, error);
  }

  #mustBeOpen(operation: string, body: unknown, options: TaskOptions): void {
    if (!this.#ended && !this.#closing) return;
    const state = this.#ended ? "has ended" : "is shutting down";
    throw new TaskGroupClosedError(
      `${operation} of ${nameOf(body, options)} into a task group that ${state}`,
    );
  }

  /** Counts a child until it has ended. */
  #follow(task: Task<unknown>, onEnd: (task: Task<unknown>) => void): void {
    this.#live++;
    const ended = (): void => {
      this.#live--;
      onEnd(task);
      if (this.#live === 0) this.#emptied();
    };
    if (task.done()) ended();
    else task.addWaiter(new ChildEnd(task.runner.loop, ended, this.#options.supervisor === true));
  }

  #childFailed(task: Task<unknown>): void {
    if (task.state !== "rejected") return;
    if (this.#options.supervisor !== true) return this.#failed(task.exception());
    if (this.#options.discarding !== true) return;
    task.runner.loop.callExceptionHandler({
      message: "a task of a discarding group has failed",
      exception: task.exception(),
      task,
    });
  }

  #emptied(): void {
    this.#joining?.resolve();
    this.#onEmpty?.();
  }

  /** Runs the body, then waits for the children. @internal */
  async conduct<T>(body: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
    let value: T | undefined;
    try {
      value = await enterScope(this.#scope, body, this);
    } catch (error) {
      this.#bodyFailed(error);
    }
    while (this.#live > 0) await this.#join();
    this.#ended = true;
    this.#scope.end();
    this.#throwOutcome();
    return value as T;
  }

  #throwOutcome(): void {
    if (this.#errors.length > 0) {
      if (this.#cancelledFromAbove())
        askAgain(this.#scope.parent as Scope, this.#cancellation ?? cancelled());
      throw combineErrors(this.#errors);
    }
    const ownCancel = this.#cancelCalled && !this.#cancelledFromAbove();
    if (this.#cancellation !== null && !ownCancel) throw this.#cancellation;
  }

  /** Waits for the children in the caller's scope; a cancel there has reached them already, and the wait goes on. */
  async #join(): Promise<void> {
    const caller = this.#scope.parent as Scope;
    // Work that was left floating may not wait any more, but its children are cancelled and must end first.
    if (caller.ended) return new Promise((resolve) => (this.#onEmpty = resolve));
    try {
      await suspend(waitForChildren, this, "taskGroup");
    } catch (error) {
      this.#interrupted(error as CancelledError);
    }
  }

  /** @internal */
  joinWith(wait: Wait<void>): void {
    this.#joining = wait;
  }

  #bodyFailed(error: unknown): void {
    const cancellation = asCancellation(
      error,
      this.#scope.cancels > 0 || this.#scope.outerCancels() > 0,
    );
    if (cancellation === undefined) this.#failed(error);
    else if (!this.#closing) this.#interrupted(cancellation);
    else if (this.#errors.length === 0) this.#cancellation ??= cancellation;
  }

  #failed(error: unknown): void {
    this.#errors.push(error);
    this.#shutDown("a task of the group has failed");
  }

  /** A cancel from above has reached the children by itself; a second one would interrupt their clean-up. */
  #interrupted(cancellation: CancelledError): void {
    this.#cancellation = cancellation;
    if (!this.#cancelledFromAbove()) return this.#shutDown(cancellation.message, cancellation);
    this.#closing = true;
    // Those that were spawned since then; the others know this cancel already.
    for (const child of this.#scope.tasksBelow())
      if (child.cancels === 0) child.cancel(cancellation);
  }

  #cancelledFromAbove(): boolean {
    return this.#scope.outerCancels() > this.#outerBefore;
  }

  #shutDown(why: string, details?: CancelledError): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#scope.cancel(cancelled(why, details));
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#ended ? "ended" : this.#closing ? "shutting down" : "open";
    return `<TaskGroup ${state} tasks=${this.#live}>`;
  }
}

function waitForChildren(wait: Wait<void>, group: TaskGroup): void {
  group.joinWith(wait);
}

function nameOf(body: unknown, options: TaskOptions): string {
  return `'${options.name ?? ((body as { name?: string } | null)?.name || "a task")}'`;
}

/** Tells the group in the loop's turn, as a done callback of asyncio does. */
class ChildEnd implements Waiter, Entry {
  readonly passive: boolean;
  readonly run: () => void;
  readonly #loop: Loop;

  constructor(loop: Loop, run: () => void, passive: boolean) {
    this.#loop = loop;
    this.run = run;
    this.passive = passive;
  }

  settled(): void {
    this.#loop.wake(this);
  }
}

/**
 * Runs the body with a group to spawn tasks in; ends when body and all children have ended (`asyncio.TaskGroup`).
 *
 * The first failure cancels the rest and is thrown, the same object; later ones are found by `suppressedErrors`. A
 * child that was cancelled by itself is no failure.
 *
 * **Cancellation:** a cancel of the caller cancels body and children, waits for them and passes on.
 *
 * @returns what the body returned
 *
 * @example
 * ```ts
 * import { sleep, taskGroup } from "ambit";
 *
 * const sum = await taskGroup(async (group) => {
 *   const a = group.spawn(() => sleep(2, 40));
 *   const b = group.spawn(() => sleep(1, 2));
 *   return (await a) + (await b);
 * });
 * sum; // => 42
 * ```
 */
export function taskGroup<T>(
  body: (group: DiscardingTaskGroup) => T | PromiseLike<T>,
  options: TaskGroupOptions & { readonly discarding: true },
): Promise<T>;
export function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T>;
export async function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options: TaskGroupOptions = {},
): Promise<T> {
  expectFunction("body", body);
  return new TaskGroup(new Scope(ambientScope(), "open"), options).conduct(body);
}
