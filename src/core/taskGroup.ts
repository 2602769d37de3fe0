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
import { asCancellation, cancelled } from "./cancellation.ts";
import { INSPECT } from "./inspection.ts";
import { type CancelledError, TaskGroupClosedError } from "./errors.ts";
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import { ambientScope, enterScope, Scope } from "./scope.ts";
import { suspend } from "./suspend.ts";
import type { Wait } from "./suspension.ts";
import { spawnUnder } from "./createTask.ts";
import type { Task, TaskBody, TaskOptions } from "./task.ts";
import { askAgain } from "./unwinding.ts";

const suppressed = new WeakMap<object, unknown[]>();

/**
 * The errors that came after the one that a task group threw, in the order they came.
 *
 * @example
 * ```ts
 * import { sleep, suppressedErrors, taskGroup } from "ambit";
 *
 * const error = await taskGroup(async (group) => {
 *   group.spawn(async () => {
 *     try {
 *       await sleep(60_000);
 *     } finally {
 *       throw new Error("second");
 *     }
 *   });
 *   await sleep(1);
 *   throw new Error("first");
 * }).catch((error: Error) => error);
 * error.message; // => "first"
 * suppressedErrors(error).map(String); // => ["Error: second"]
 * ```
 */
export function suppressedErrors(error: unknown): readonly unknown[] {
  return (typeof error === "object" && error !== null && suppressed.get(error)) || [];
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
  #joining: Wait<void> | null = null;
  #onEmpty: (() => void) | null = null;

  /** @internal */
  constructor(scope: Scope) {
    this.#scope = scope;
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
    if (this.#ended)
      throw new TaskGroupClosedError(
        `spawn of ${nameOf(body, options)} into a task group that has ended`,
      );
    if (this.#closing)
      throw new TaskGroupClosedError(
        `spawn of ${nameOf(body, options)} into a task group that is shutting down`,
      );
    const task = spawnUnder(this.#scope, body, options);
    this.#live++;
    if (task.done()) this.#childEnded(task);
    else task.addWaiter(new ChildEnd(task, (child) => this.#childEnded(child)));
    return task;
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
      throw this.#combined();
    }
    if (this.#cancellation !== null) throw this.#cancellation;
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

  #childEnded(task: Task<unknown>): void {
    this.#live--;
    if (task.state === "rejected") this.#failed(task.exception());
    if (this.#live > 0) return;
    this.#joining?.resolve();
    this.#onEmpty?.();
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

  #combined(): unknown {
    const [first, ...later] = this.#errors;
    if (later.length > 0 && typeof first === "object" && first !== null)
      suppressed.set(first, later);
    return first;
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
  readonly #task: Task<unknown>;
  readonly #tell: (task: Task<unknown>) => void;

  constructor(task: Task<unknown>, tell: (task: Task<unknown>) => void) {
    this.#task = task;
    this.#tell = tell;
  }

  settled(): void {
    this.#task.runner.loop.wake(this);
  }

  run(): void {
    this.#tell(this.#task);
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
export async function taskGroup<T>(body: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
  expectFunction("body", body);
  return new TaskGroup(new Scope(ambientScope(), "open")).conduct(body);
}
