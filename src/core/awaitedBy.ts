/*
 * Who awaits whom: the edges between tasks (`future_add_to_awaited_by`, CPython 3.14).
 *
 * Strategy: nothing is recorded. A future knows its waiters, for it must wake them; each says who waits through it, so
 * that `gather`, `wait`, `shield` and `asCompleted` lead on to the code that waits in them. The children of a group are
 * awaited by the task that opened it. Only what users declare for awaitables of their own is kept here.
 * Limits: who awaits a foreign promise is known to nobody; code outside any task is not listed.
 */
import { inspect } from "node:util";
import { wrongType } from "./arguments.ts";
import { Future } from "./future.ts";
import { awaiterElsewhere } from "./origin.ts";
import type { Scope } from "./scope.ts";
import { Suspension } from "./suspension.ts";
import { Task } from "./task.ts";

/** Who awaits a future, and in which of its waits, where that is known. @internal */
export interface Awaiter {
  readonly future: Future<unknown>;
  readonly wait: Suspension | null;
}

const declared = new WeakMap<Future<unknown>, Set<Future<unknown>>>();

/**
 * Declares that `waiter` awaits `future`, for call graphs and task trees (`asyncio.future_add_to_awaited_by`).
 *
 * For awaitables of one's own that hand a wait on in a way that Ambit does not see; what Ambit itself awaits is known.
 *
 * @throws TypeError when one is not a task or future
 *
 * @example
 * ```ts
 * import { captureCallGraph, createTask, Future, futureAddToAwaitedBy, sleep } from "ambit";
 *
 * const answer = new Future<number>();
 * const asker = createTask(() => sleep(60_000));
 * futureAddToAwaitedBy(answer, asker);
 * captureCallGraph(answer)?.awaitedBy[0]?.future === asker; // => true
 * ```
 */
export function futureAddToAwaitedBy(future: Future<unknown>, waiter: Future<unknown>): void {
  expectFuture("future", future);
  expectFuture("waiter", waiter);
  const waiters = declared.get(future) ?? new Set();
  declared.set(future, waiters);
  waiters.add(waiter);
}

/**
 * Takes back what {@link futureAddToAwaitedBy} declared; does nothing when nothing was.
 *
 * @throws TypeError when one is not a task or future
 */
export function futureDiscardFromAwaitedBy(future: Future<unknown>, waiter: Future<unknown>): void {
  expectFuture("future", future);
  expectFuture("waiter", waiter);
  declared.get(future)?.delete(waiter);
}

function expectFuture(name: string, value: unknown): void {
  if (!(value instanceof Future)) throw wrongType(name, "a task or future", value);
}

/** Who awaits the future now: each once, oldest wait first. @internal */
export function awaitersOf(future: Future<unknown>): Awaiter[] {
  const found = new Map<Future<unknown>, Awaiter>();
  const add = (awaiter: Awaiter | null): void => {
    if (awaiter !== null && !found.has(awaiter.future)) found.set(awaiter.future, awaiter);
  };
  for (const wait of future.awaiters()) add(awaiterAt(wait));
  if (future instanceof Task && !future.done()) add(openerOfGroup(future.scope.parent));
  for (const waiter of declared.get(future) ?? []) add({ future: waiter, wait: null });
  const caller = awaiterElsewhere(future);
  if (caller instanceof Future) add({ future: caller, wait: null });
  return [...found.values()];
}

function awaiterAt(wait: object): Awaiter | null {
  if (!(wait instanceof Suspension) || wait.ring === null) return null;
  const { body } = wait.ring.home;
  return body instanceof Task ? { future: body, wait } : null;
}

/** A group is an open scope that has a body of its own; it belongs to the flow of the task that opened it. */
function openerOfGroup(scope: Scope | null): Awaiter | null {
  if (scope?.border !== "open" || scope.body === null || scope.body instanceof Task) return null;
  const opener = scope.home.body;
  if (!(opener instanceof Task)) return null;
  const wait = opener.scope.pendingWaits().find(({ target }) => target === scope.body) ?? null;
  return { future: opener, wait };
}

/** `A -> B -> A`: a task's name, or what `util.inspect` prints of a future. @internal */
export function cycleWords(cycle: readonly Future<unknown>[]): string {
  return cycle.map((future) => futureName(future)).join(" -> ");
}

/** @internal */
export function futureName(future: Future<unknown>): string {
  return future instanceof Task ? future.name : inspect(future);
}
