/*
 * The running children of a task group, and who waits until there are none.
 *
 * Strategy: one small object for each child, which is the child's waiter and the loop's entry at once. An end is told
 * in the loop's turn, as a done callback of asyncio is, and never inside `spawn`: an eager child that has failed
 * already must not cancel the code that is just spawning its siblings (gh-128550).
 */
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import type { Readiness } from "./readiness.ts";
import type { Scope } from "./scope.ts";
import { suspend } from "./suspend.ts";
import type { Wait } from "./suspension.ts";
import type { Task } from "./task.ts";

/** Hears of each child's end. @internal */
export interface Parent {
  childEnded(child: Task<unknown>, readiness: Readiness<unknown> | null): void;
}

/** @internal */
export class Children {
  readonly #parent: Parent;
  #live = 0;
  #joining: Wait<void> | null = null;
  #onEmpty: (() => void) | null = null;

  constructor(parent: Parent) {
    this.#parent = parent;
  }

  /** How many have not ended. */
  get size(): number {
    return this.#live;
  }

  /** Counts a child until its end was told; `readiness` is that of a child that its starter waits for. */
  follow(child: Task<unknown>, passive: boolean, readiness: Readiness<unknown> | null): void {
    this.#live++;
    const end = new ChildEnd(this, child, passive, readiness);
    if (child.done()) child.runner.loop.enqueue(end);
    else child.addWaiter(end);
  }

  /** @internal */
  ended(child: Task<unknown>, readiness: Readiness<unknown> | null): void {
    this.#live--;
    this.#parent.childEnded(child, readiness);
    if (this.#live > 0) return;
    this.#joining?.resolve();
    this.#onEmpty?.();
  }

  /** Waits in the group's caller until none is left. A cancel there is thrown, and the children go on. */
  join(caller: Scope, group: object): Promise<void> {
    // Work that was left floating may not wait any more, but its children are cancelled and must end first.
    if (caller.ended) return new Promise((resolve) => (this.#onEmpty = resolve));
    return suspend<void, object>((wait) => void (this.#joining = wait), group, "taskGroup");
  }
}

class ChildEnd implements Waiter, Entry {
  readonly passive: boolean;
  private readonly children: Children;
  private readonly child: Task<unknown>;
  private readonly readiness: Readiness<unknown> | null;

  constructor(
    children: Children,
    child: Task<unknown>,
    passive: boolean,
    readiness: Readiness<unknown> | null,
  ) {
    this.children = children;
    this.child = child;
    this.passive = passive;
    this.readiness = readiness;
  }

  settled(): void {
    this.child.runner.loop.wake(this);
  }

  run(): void {
    this.children.ended(this.child, this.readiness);
  }
}
