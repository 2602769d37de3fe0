/*
 * What `race` and `any` share: several things run as tasks of one group, and what the first of them
 * decides.
 *
 * Strategy: the body of a task group starts a task for each item and waits for the decision; then
 * it cancels the others, and the group waits for their ends, as it does for a cancel from outside.
 * So nothing runs on once the call has ended.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { Awaitable } from "../core/awaitable.ts";
import { cancellable } from "../core/cancellable.ts";
import { asCancellation } from "../core/cancellation.ts";
import { Future } from "../core/future.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { currentTask } from "../core/currentTask.ts";
import { taskGroup, type TaskGroup } from "../core/taskGroup.ts";
import { endOfDecided } from "../core/unwinding.ts";

/** How one item's end counts. @internal */
export interface Judge<T> {
  /** An item has given a value. */
  succeeded(contest: Contest<T>, value: T): void;
  /** An item has failed, or was cancelled; what this throws fails the whole. */
  failed(contest: Contest<T>, error: unknown, cancelled: boolean, index: number): void;
}

/** @internal */
export class Contest<T> {
  readonly #kind: string;
  #running = 0;
  #waiting: Wait<T> | null = null;
  #state: "open" | "won" | "lost" = "open";
  #value: T | undefined;
  /** True once the decision was seen, before a cancel was. */
  #taken = false;

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** How many have not ended. */
  get running(): number {
    return this.#running;
  }

  /** True once it is decided for a value. */
  get won(): boolean {
    return this.#state === "won";
  }

  /** Runs the items to the first decision, and to the end of all. */
  async hold(items: readonly Awaitable<T>[], judge: Judge<T>): Promise<T> {
    this.#running = items.length;
    const holding = taskGroup((group) => this.#start(group, items, judge));
    await endOfDecided(holding, () => this.#taken, ambientScope());
    return this.#value as T;
  }

  async #start(group: TaskGroup, items: readonly Awaitable<T>[], judge: Judge<T>): Promise<void> {
    const tasks = items.map((item, index) =>
      group.spawn(() => this.#compete(item, index, judge), {
        name: nameOf(item, this.#kind, index),
        ...(typeof item === "function" ? { shows: item } : {}),
      }),
    );
    this.#value = await suspend<T, this>(awaitDecision<T>, this, this.#kind);
    this.#taken = true;
    for (const task of tasks) task.cancel(`another one has won the ${this.#kind}`);
  }

  async #compete(item: Awaitable<T>, index: number, judge: Judge<T>): Promise<void> {
    const task = currentTask();
    let value: T;
    try {
      value = await outcomeOf(item);
    } catch (error) {
      this.#running--;
      const asked = task !== null && task.cancelling() > 0;
      return judge.failed(this, error, asCancellation(error, asked) !== undefined, index);
    }
    this.#running--;
    judge.succeeded(this, value);
  }

  /** Decides for a value, if it is open. */
  win(value: T): void {
    if (this.#state !== "open") return;
    this.#state = "won";
    this.#waiting?.resolve(value);
  }

  /** Decides for a failure, if it is open. */
  lose(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "lost";
    this.#waiting?.reject(error);
  }

  /** Decides for a failure with which an item itself fails the group. */
  concede(): void {
    this.#state = "lost";
  }

  /** @internal */
  await(wait: Wait<T>): void {
    this.#waiting = wait;
  }

  /** @internal */
  [INSPECT](): string {
    return `<${this.#kind} running=${this.#running}>`;
  }
}

function awaitDecision<T>(wait: Wait<T>, contest: Contest<T>): void {
  contest.await(wait);
}

function outcomeOf<T>(item: Awaitable<T>): T | PromiseLike<T> {
  if (typeof item === "function") return item();
  return item instanceof Future ? item : cancellable(item);
}

/** @internal */
export function expectCompetitors(items: unknown): void {
  if (!Array.isArray(items)) {
    throw wrongType("items", "an array of functions, tasks or promises", items);
  }
  if (items.length === 0)
    throw outOfRange("items", "at least one function, task or promise", items);
  for (const item of items) {
    const fits = typeof item === "function" || typeof item?.then === "function";
    if (!fits) throw wrongType("items", "functions, tasks or promises", item);
  }
}

function nameOf(item: Awaitable<unknown>, kind: string, index: number): string {
  return `${(typeof item === "function" && item.name) || kind}-${index + 1}`;
}
