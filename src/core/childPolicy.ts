/*
 * What the end of a child means to its task group.
 *
 * Strategy: one object without state for each of the modes that options choose; a group that is joined by a joiner
 * brings its own (`joinedGroup.ts`).
 */
import type { Task } from "./task.ts";

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

/** A task group as its policy sees it. @internal */
export interface PolicyGroup {
  /** True from the moment that something ends the group. */
  readonly closing: boolean;
  /** Counts an error of the group, and cancels what is left of it. */
  fail(error: unknown): void;
  /** Cancels what is left; the call then ends quietly. */
  cancel(reason?: unknown): void;
}

/** @internal */
export interface ChildPolicy {
  /** True when it does not look at failures: they are reported unless somebody else looks. */
  readonly passive: boolean;
  /** False when `spawn` gives no task. */
  readonly handsOut: boolean;
  /** A child has ended, in the loop's turn. */
  ended(child: Task<unknown>, group: PolicyGroup): void;
}

/** The first failure ends the group. */
const FAIL_FAST: ChildPolicy = {
  passive: false,
  handsOut: true,
  ended(child, group) {
    if (child.state === "rejected") group.fail(child.exception());
  },
};

const FAIL_FAST_DISCARDING: ChildPolicy = { ...FAIL_FAST, handsOut: false };

/** A failure is for who looks at the task. */
const SUPERVISE: ChildPolicy = { passive: true, handsOut: true, ended() {} };

/** Nobody can look at the task. */
const SUPERVISE_DISCARDING: ChildPolicy = {
  passive: true,
  handsOut: false,
  ended(child) {
    if (child.state !== "rejected") return;
    child.runner.loop.callExceptionHandler({
      message: "a task of a discarding group has failed",
      exception: child.exception(),
      task: child,
    });
  },
};

/** @internal */
export function policyFor(options: TaskGroupOptions): ChildPolicy {
  if (options.supervisor === true)
    return options.discarding === true ? SUPERVISE_DISCARDING : SUPERVISE;
  return options.discarding === true ? FAIL_FAST_DISCARDING : FAIL_FAST;
}
