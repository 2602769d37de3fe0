/*
 * Deliberately wrong kernels: each is the source with one rule broken. The oracle must tell every one of them from
 * CPython, or it proves nothing.
 *
 * A change is a replacement in one file of `src`; its text must stand there exactly once, else the mutant did not apply
 * and that is an error by itself.
 */

export interface Mutant {
  /** What it does wrong, in a few words. */
  readonly name: string;
  /** In `src`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "cancel is not delivered",
    file: "core/scope.ts",
    from: "for (const wait of below.waits) wait.cancel(error);\n",
    to: "",
  },
  {
    name: "cancel is delivered twice",
    file: "core/scope.ts",
    from: "if (!isThrownIn(below.scopes)) this.ask(error);\n    } else if",
    to: "if (!isThrownIn(below.scopes)) this.ask(error);\n    } else this.ask(error);\n    if",
  },
  {
    name: "second cancel before the first arrived interrupts the clean-up",
    file: "core/scope.ts",
    from: "if (!isThrownIn(below.scopes)) this.ask(error);",
    to: "this.ask(error);",
  },
  {
    name: "cancel with no wait pending is forgotten",
    file: "core/scope.ts",
    from: "if (!isThrownIn(below.scopes)) this.ask(error);",
    to: "",
  },
  {
    name: "cancel message is lost",
    file: "core/cancellation.ts",
    from: "if (reason === undefined) return",
    to: "if (reason !== null) return",
  },
  {
    name: "uncancel is ignored",
    file: "core/scope.ts",
    from: "if (this.cancels > 0) this.cancels--;",
    to: "",
  },
  {
    name: "uncancel to zero keeps the request",
    file: "core/scope.ts",
    from: "      this.drop();\n    }\n    return this.cancels;",
    to: "    }\n    return this.cancels;",
  },
  {
    name: "a task cancelled before its start runs",
    file: "core/task.ts",
    from: "if (request !== null) {",
    to: "if (request === undefined) {",
  },
  {
    name: "cancelling the awaiter does not cancel the task",
    file: "core/join.ts",
    from: "const taken = (this.target as Joinable).cancelWith(error);",
    to: "const taken = false; return this.abandon(error);",
  },
  {
    name: "done callbacks run at once",
    file: "core/doneCallback.ts",
    from: "this.#future.getLoop().enqueue(this);",
    to: "this.run();",
  },
  {
    name: "timeout is not converted",
    file: "core/timeouts.ts",
    from: 'if (verdict?.whose !== "own") throw verdict?.error ?? error;',
    to: "throw verdict?.error ?? error;",
  },
  {
    name: "timeout converts a cancel from outside",
    file: "core/unwinding.ts",
    from: "const outer = scope.outerCancels() > outerBefore;",
    to: "const outer = scope.outerCancels() > outerBefore && scope.cancels === 0;",
  },
  {
    name: "reschedule is ignored",
    file: "core/cancelScope.ts",
    from: "if (this.#scope !== null && !this.#scope.ended) this.#arm(this.#scope);",
    to: "",
  },
  {
    name: "waitFor drops a late value",
    file: "core/timeouts.ts",
    from: "return await scope.enter(() => body(handle));",
    to: "const late = await scope.enter(() => body(handle)); if (scope.cancelCalled) throw timedOut(ms); return late;",
  },
  {
    name: "sleep(0) does not yield",
    file: "core/sleep.ts",
    from: 'if (ms <= 0) return suspend(passTurn, ms, "sleep");',
    to: "if (ms <= 0) return SETTLED;",
  },
  {
    name: "sleep ends early",
    file: "core/sleep.ts",
    from: "loop.time() + ms, complete, wait",
    to: "loop.time() + ms - (ms > 3 ? 1 : 0), complete, wait",
  },
  {
    name: "gather cancels the siblings of a failure",
    file: "core/gather.ts",
    from: 'return this.settle("rejected", child.outcome);',
    to: 'for (const each of this.#children) if (each !== child) each.cancel(); return this.settle("rejected", child.outcome);',
  },
  {
    name: "gather gives results in the order of the ends",
    file: "core/gather.ts",
    from: "this.#live--;\n    child.look();",
    to: "this.#live--; this.#children.push(...this.#children.splice(this.#children.indexOf(child), 1));\n    child.look();",
  },
  {
    name: "cancelled gather leaves its children",
    file: "core/gather.ts",
    from: "any = child.cancelWith(error) || any;",
    to: "any = (child === this.#children[0] && child.cancelWith(error)) || any;",
  },
  {
    name: "wait cancels at its timeout",
    file: "core/wait.ts",
    from: "function finish(watch: Watch): void {",
    to: "function finish(watch: Watch): void {\n  for (const each of watch.result().pending) each.cancel();",
  },
  {
    name: "wait overlooks exceptions",
    file: "core/wait.ts",
    from: 'const failed = future.state === "rejected" &&',
    to: 'const failed = future.state === "pending" &&',
  },
  {
    name: "shield is none",
    file: "core/shield.ts",
    from: "return () => end.leave();",
    to: "return () => { end.leave(); future.cancel(); };",
  },
  {
    name: "asCompleted gives the last one first",
    file: "core/asCompleted.ts",
    from: "value: this.#ready.shift() as Finished",
    to: "value: this.#ready.pop() as Finished",
  },
  {
    name: "group forgets a child",
    file: "core/children.ts",
    from: "return this.#live;",
    to: "return Math.max(0, this.#live - 1);",
  },
  {
    name: "group does not cancel the siblings of a failure",
    file: "core/taskGroup.ts",
    from: 'this.#shutDown("a task of the group has failed");',
    to: "this.#closing = true;",
  },
  {
    name: "group throws the last error",
    file: "core/suppressedErrors.ts",
    from: "const first = errors[0];",
    to: "const first = errors.at(-1);",
  },
  {
    name: "lock is unfair",
    file: "sync/lock.ts",
    from: "const next = this.waiters.shift();",
    to: "const next = lastOf(this.waiters);",
  },
  {
    name: "lock is not handed over",
    file: "sync/lock.ts",
    from: "if (next === null) return;",
    to: "if (next !== null) return;",
  },
  {
    name: "semaphore lets one barge in",
    file: "sync/semaphore.ts",
    from: "if (next === null) this.#value++;",
    to: "if (next === null || this.waiters.size > 0) this.#value++;",
  },
  {
    name: "semaphore loses the permit of a release",
    file: "sync/semaphore.ts",
    from: "if (next === null) this.#value++;",
    to: "if (next === null) return;",
  },
  {
    name: "event wakes one only",
    file: "sync/event.ts",
    from: "for (let next = this.waiters.shift(); next !== null; next = this.waiters.shift())",
    to: "for (let next = this.waiters.shift(); next !== null; next = null)",
  },
  {
    name: "condition does not take the lock again when cancelled",
    file: "sync/condition.ts",
    from: "const again = await this.#takeLock();",
    to: "if (interrupted !== null) throw interrupted;\n    const again = await this.#takeLock();",
  },
  {
    name: "notification is lost",
    file: "sync/condition.ts",
    from: "for (let left = Math.min(count, this.waiters.size); left > 0; left--)",
    to: "for (let left = Math.min(count, this.waiters.size - 1); left > 0; left--)",
  },
  {
    name: "notify wakes the newest",
    file: "sync/condition.ts",
    from: "this.waiters.shift()?.resolve();",
    to: "lastOf(this.waiters)?.resolve();",
  },
  {
    name: "barrier index is wrong",
    file: "sync/barrier.ts",
    from: "let index = 0;",
    to: "let index = 1;",
  },
  {
    name: "barrier abort does not wake who waits",
    file: "sync/barrier.ts",
    from: 'this.#state = "broken";\n    this.#sendAway(this.#inside);',
    to: 'this.#state = "broken";',
  },
  {
    name: "queue join ends too early",
    file: "queues/queue.ts",
    from: "if (this.#unfinished === 0) return SETTLED;",
    to: "if (this.#unfinished <= 1) return SETTLED;",
  },
  {
    name: "shutdown does not wake who waits to get",
    file: "queues/queue.ts",
    from: 'dismiss(at, this.#refusal("get"));',
    to: "void at;",
  },
  {
    name: "immediate shutdown keeps the items",
    file: "queues/queue.ts",
    from: "if (immediate) this.#drop();",
    to: "",
  },
  {
    name: "lifo queue gives the oldest",
    file: "queues/lifoQueue.ts",
    from: "return this.#items.pop() as T;",
    to: "return this.#items.shift() as T;",
  },
  {
    name: "priority queue gives the largest",
    file: "queues/priorityQueue.ts",
    from: "return order < 0 ||",
    to: "return order > 0 ||",
  },
  {
    name: "queue takes one more than it may",
    file: "queues/queue.ts",
    from: "return this.#maxsize !== 0 && this.#store.size >= this.#maxsize;",
    to: "return this.#maxsize !== 0 && this.#store.size > this.#maxsize;",
  },
  {
    name: "context variables are shared with the creator",
    file: "core/task.ts",
    from: "context === null || context.size === 0 ? null : context.copy()",
    to: "context === null || context.size === 0 ? null : context",
  },
  {
    name: "eager task starts late",
    file: "core/task.ts",
    from: "if (options.eager === true)",
    to: "if (options.eager === undefined && options.name === null)",
  },
];

/** For mutants that take the newest of those who wait. */
export const LAST_OF =
  "\nfunction lastOf(waiters: any): any {\n  let at = waiters.first;\n  if (at === null) return null;\n  while (at.behind !== null) at = at.behind;\n  waiters.remove(at);\n  return at;\n}\n";

/** The file's source with the mutant's change. */
export function mutate(mutant: Mutant, source: string): string {
  const found = source.split(mutant.from).length - 1;
  if (found !== 1) {
    throw new Error(
      `The mutant '${mutant.name}' does not apply: its text stands ${found} times in src/${mutant.file}`,
    );
  }
  const changed = source.replace(mutant.from, () => mutant.to);
  return mutant.to.includes("lastOf(") ? changed + LAST_OF : changed;
}
