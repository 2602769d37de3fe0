/*
 * Task groups that are joined by a policy of the user's: a joiner says what the children's ends mean, when it has seen
 * enough, and what the call returns (Java's StructuredTaskScope, JEP 505 and 525).
 *
 * Strategy: the joiner is the group's child policy. Deciding is the group's own quiet cancel; the deadline is a cancel
 * scope around it. Either way the call returns when all children have really ended.
 * Limits: there is no `cancel` and no `start` in such a group: what it returns is for the joiner to say.
 */
import { expectFunction, expectMilliseconds, wrongType } from "./arguments.ts";
import { CancelScope } from "./cancelScope.ts";
import type { ChildPolicy, PolicyGroup } from "./childPolicy.ts";
import { InvalidStateError, TimeoutError } from "./errors.ts";
import { INSPECT } from "./inspection.ts";
import { ambientScope } from "./scope.ts";
import type { Task, TaskBody, TaskOptions } from "./task.ts";
import { endOfDecided } from "./unwinding.ts";

/**
 * Says what the ends of a group's children mean, and what the group's call returns: an `R` from children that give `T`.
 *
 * An object of its own for each group; `joiners` makes the usual ones. The methods are called one at a time, between
 * steps of tasks, and must not wait. What one of them throws fails the group.
 */
export interface Joiner<T, R> {
  /** A child was made, and has not ended; true: enough, cancel all. */
  onSpawn?(task: Task<T>): boolean | void;
  /** A child has ended, with a value, an error or its own cancellation; true: enough, cancel the rest. */
  onComplete?(task: Task<T>): boolean | void;
  /** What the call returns, or throws; called once, when body and all children have ended. */
  result(): R;
  /** What the call returns, or throws, when the deadline came first; without it, a TimeoutError is thrown. */
  onTimeout?(): R;
}

/** A task group that a joiner joins. */
export interface JoinedGroupOptions<T, R> {
  /** Says what the ends of the children mean; for one group only. */
  readonly joiner: Joiner<T, R>;
  /** After so many milliseconds all is cancelled, and `onTimeout` asked. Infinity (default) for no limit. */
  readonly timeout?: number;
}

/** What a joined group needs of the group that it is. */
interface Group extends PolicyGroup {
  readonly size: number;
  spawn<T>(body: TaskBody<T>, options?: TaskOptions): Task<T>;
  conduct(body: () => unknown): Promise<unknown>;
}

/** The group that `taskGroup` hands to its body when it is joined by a {@link Joiner}. */
export class JoinedTaskGroup<T> {
  readonly #group: Group;
  readonly #joining: Joining<T>;

  /** @internal */
  constructor(group: Group, joining: Joining<T>) {
    this.#group = group;
    this.#joining = joining;
  }

  /** How many children are running. */
  get size(): number {
    return this.#group.size;
  }

  /**
   * Starts a child task, of which the joiner is told.
   *
   * @throws {@link TaskGroupClosedError} when the group has ended, or the joiner has seen enough
   */
  spawn<U extends T>(body: TaskBody<U>, options?: TaskOptions): Task<U> {
    const task = this.#group.spawn(body, options);
    this.#joining.spawned(task, this.#group);
    return task;
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#joining.decided ? "decided" : "open";
    return `<JoinedTaskGroup ${state} tasks=${this.size}>`;
  }
}

/** A joiner as the policy of its group. */
class Joining<T> implements ChildPolicy {
  readonly passive = true;
  readonly handsOut = true;
  /** True once the joiner has seen enough. */
  decided = false;
  readonly #joiner: Joiner<T, unknown>;
  readonly #limit: CancelScope;

  constructor(joiner: Joiner<T, unknown>, limit: CancelScope) {
    this.#joiner = joiner;
    this.#limit = limit;
  }

  spawned(child: Task<T>, group: PolicyGroup): void {
    if (this.#joiner.onSpawn?.(child) === true) this.#decide(group);
  }

  ended(child: Task<unknown>, group: PolicyGroup): void {
    // Cut short, by the decision or from outside: its end means nothing any more.
    if (group.closing) return;
    try {
      if (this.#joiner.onComplete?.(child as Task<T>) === true) this.#decide(group);
    } catch (error) {
      group.fail(error);
    }
  }

  #decide(group: PolicyGroup): void {
    this.decided = true;
    // Who loses may clean up in peace.
    this.#limit.deadline = Infinity;
    group.cancel("the joiner has seen enough");
  }
}

const used = new WeakSet<object>();

/** Runs the body of a joined group, and returns what its joiner says. @internal */
export async function conductJoined<T, R>(
  body: (group: never) => unknown,
  options: JoinedGroupOptions<T, R>,
  open: (policy: ChildPolicy) => Group,
): Promise<R> {
  const { joiner, timeout = Infinity } = options;
  expectMilliseconds("options.timeout", timeout);
  useOnce(joiner);
  const limit = new CancelScope({ deadline: ambientScope().loop.time() + timeout });
  const joining = new Joining<T>(joiner, limit);
  const conducting = limit.run(() => {
    const group = open(joining);
    return group.conduct(() => body(new JoinedTaskGroup(group, joining) as never));
  });
  await endOfDecided(conducting, () => joining.decided, ambientScope());
  if (!limit.cancelledCaught) return joiner.result();
  if (joiner.onTimeout !== undefined) return joiner.onTimeout();
  throw new TimeoutError(`the task group timed out after ${timeout} ms`, timeout);
}

function useOnce(joiner: Joiner<never, unknown>): void {
  if (typeof joiner !== "object" || joiner === null)
    throw wrongType("options.joiner", "a joiner, such as `joiners.all()`", joiner);
  expectFunction("options.joiner.result", joiner.result);
  if (used.has(joiner)) {
    throw new InvalidStateError(
      "a joiner joins one task group only, and this one has joined one already: make a new one",
    );
  }
  used.add(joiner);
}
