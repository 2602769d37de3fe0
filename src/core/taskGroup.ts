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
import { type ChildPolicy, policyFor, type TaskGroupOptions } from "./childPolicy.ts";
import { Children } from "./children.ts";
import { makeTask } from "./createTask.ts";
import { type CancelledError, TaskGroupClosedError } from "./errors.ts";
import { GroupOutcome } from "./groupOutcome.ts";
import { INSPECT } from "./inspection.ts";
import { closeLeftovers, type Leftover } from "./leftovers.ts";
import { conductJoined, type JoinedGroupOptions, type JoinedTaskGroup } from "./joinedGroup.ts";
import { Readiness } from "./readiness.ts";
import { ambientScope, enterScope, Scope } from "./scope.ts";
import { protect } from "./shield.ts";
import type { Task, TaskBody, TaskOptions } from "./task.ts";

/** A task group that hands out no tasks. */
export interface DiscardingTaskGroup extends Omit<TaskGroup, "spawn"> {
  /** Starts a child task that nobody will look at. */
  spawn(body: TaskBody<unknown>, options?: TaskOptions): void;
}

const DEFAULTS: TaskOptions = {};

/**
 * The group that `taskGroup` hands to its body.
 *
 * Invariant: open, then shutting down (something failed or the call was cancelled), then ended.
 */
export class TaskGroup {
  readonly #scope: Scope;
  readonly #policy: ChildPolicy;
  readonly #children: Children = new Children(this);
  readonly #outcome: GroupOutcome;
  #closing = false;
  #ended = false;
  #cancelCalled = false;
  #leftovers: Set<Leftover> | null = null;

  /** @internal */
  constructor(scope: Scope, policy: ChildPolicy) {
    this.#scope = scope;
    this.#policy = policy;
    this.#outcome = new GroupOutcome(scope);
    scope.body = this;
  }

  /** How many children are running. */
  get size(): number {
    return this.#children.size;
  }

  /** @internal */
  get closing(): boolean {
    return this.#closing;
  }

  /**
   * Starts a child task; like `createTask`, but it ends with the group. A failure of it fails the group.
   *
   * Children may spawn more while the call waits for them.
   *
   * @throws {@link TaskGroupClosedError} when the group has ended or is shutting down
   */
  spawn<T>(body: TaskBody<T>, options: TaskOptions = DEFAULTS): Task<T> {
    this.#mustBeOpen("spawn", body, options);
    const task = makeTask(this.#scope, body, options);
    this.#children.follow(task, this.#policy.passive, null);
    return this.#policy.handsOut ? task : (undefined as never);
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
    options: TaskOptions = DEFAULTS,
  ): Promise<S> {
    expectFunction("body", body);
    this.#mustBeOpen("start", body, options);
    const readiness = new Readiness<S>(body);
    const task = makeTask(this.#scope, readiness.body, { shows: body, ...options });
    this.#children.follow(task, this.#policy.passive, readiness);
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
    const what = `${operation} of ${nameOf(body, options)}`;
    throw new TaskGroupClosedError(`${what} into a task group that ${state}`);
  }

  /** A failure before a child was ready is its starter's. @internal */
  childEnded(child: Task<unknown>, readiness: Readiness<unknown> | null): void {
    if (readiness?.endedEarly(child) !== true) this.#policy.ended(child, this);
  }

  /** Runs the body, then waits for the children. @internal */
  async conduct<T>(body: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
    let value: T | undefined;
    try {
      value = await enterScope(this.#scope, body, this);
    } catch (error) {
      this.#bodyFailed(error);
    }
    while (this.#children.size > 0) await this.#join();
    if (this.#leftovers !== null) await this.#closeLeftovers(this.#leftovers);
    this.#ended = true;
    this.#scope.end();
    this.#outcome.throwIfAny(this.#cancelCalled);
    return value as T;
  }

  /** What is to be closed when the children have ended, see `leftovers.ts`. @internal */
  get leftovers(): Set<Leftover> {
    return (this.#leftovers ??= new Set());
  }

  /** None of them may be added any more, nor any child, once there is nothing left. */
  async #closeLeftovers(leftovers: Set<Leftover>): Promise<void> {
    while (leftovers.size > 0 || this.#children.size > 0) {
      const left = [...leftovers];
      leftovers.clear();
      await protect(() => closeLeftovers(left, this.#scope.loop));
      while (this.#children.size > 0) await this.#join();
    }
  }

  /** Waits for the children in the caller's scope; a cancel there has reached them already, and the wait goes on. */
  async #join(): Promise<void> {
    try {
      await this.#children.join(this.#scope.parent as Scope, this);
    } catch (error) {
      this.#interrupted(error as CancelledError);
    }
  }

  #bodyFailed(error: unknown): void {
    const cancellation = asCancellation(error, this.#scope.metCancels() > 0);
    if (cancellation === undefined) this.fail(error);
    else if (this.#closing) this.#outcome.cutShortBy(cancellation);
    else this.#interrupted(cancellation);
  }

  /** @internal */
  fail(error: unknown): void {
    this.#outcome.failedWith(error);
    this.#shutDown("a task of the group has failed");
  }

  /** A cancel from above has reached the children by itself; a second one would interrupt their clean-up. */
  #interrupted(cancellation: CancelledError): void {
    this.#outcome.interruptedBy(cancellation);
    if (this.#closing) return;
    if (!this.#outcome.cancelledFromAbove)
      return this.#shutDown(cancellation.message, cancellation);
    this.#closing = true;
    // Those that were spawned since then, or took it back; the others know this cancel already.
    for (const child of this.#scope.tasksBelow())
      if (!this.#scope.hasReached(child)) child.cancel(cancellation);
  }

  #shutDown(why: string, details?: CancelledError): void {
    if (this.#closing) return;
    this.#closing = true;
    const scope = this.#scope;
    if (scope.ended) return;
    const error = cancelled(why, details);
    // Its own children first, then the body with what that has opened (CPython's order).
    for (const child of scope.children) {
      if (child.border !== "task") continue;
      // Who is ending anyway, because the caller was cancelled, is not interrupted in that.
      if (scope.hasReached(child)) child.spare(error);
      else child.cancel(error);
    }
    scope.cancel(error);
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#ended ? "ended" : this.#closing ? "shutting down" : "open";
    return `<TaskGroup ${state} tasks=${this.#children.size}>`;
  }
}

function nameOf(body: unknown, options: TaskOptions): string {
  return `'${options.name ?? ((body as { name?: string } | null)?.name || "a task")}'`;
}

/**
 * Runs the body with a group to spawn tasks in; ends when body and all children have ended (`asyncio.TaskGroup`).
 *
 * The first failure cancels the rest and is thrown, the same object; later ones are found by `suppressedErrors`. A
 * child that was cancelled by itself is no failure. With a `joiner`, that decides what the children's ends mean and
 * what is returned; see {@link joiners}.
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
export function taskGroup<T, R>(
  body: (group: JoinedTaskGroup<T>) => unknown,
  options: JoinedGroupOptions<T, R>,
): Promise<R>;
export function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T>;
export async function taskGroup(
  body: (group: never) => unknown,
  options: TaskGroupOptions | JoinedGroupOptions<unknown, unknown> = {},
): Promise<unknown> {
  expectFunction("body", body);
  // Awaited, not handed on: a stack then leads from the wait for the children to the caller.
  if ("joiner" in options) return await conductJoined(body, options, openGroup);
  return await openGroup(policyFor(options)).conduct(body as () => unknown);
}

function openGroup(policy: ChildPolicy): TaskGroup {
  return new TaskGroup(new Scope(ambientScope(), "open"), policy);
}
