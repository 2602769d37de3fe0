/*
 * gather: several things at once, their results in order.
 *
 * Strategy: a Future that its children's ends settle, as in CPython: the first exception goes to the awaiter at once
 * and the others keep running (use `taskGroup` where they should not). Cancelling it cancels the children; it ends
 * when they have ended. It is never `cancelled()` itself: its children are, and it fails with their CancelledError.
 */
import { wrongType } from "./arguments.ts";
import { type Awaitable, ensureFuture, type Outcome } from "./awaitable.ts";
import type { CancelledError } from "./errors.ts";
import { Future } from "./future.ts";
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import { AWAITED } from "./targets.ts";

/** How `gather` treats failures. */
export interface GatherOptions {
  /** Puts errors, CancelledError included, in the place of results. Default false. */
  readonly returnExceptions?: boolean;
}

/** The results of the items, in their places. */
export type Gathered<Items extends readonly Awaitable<unknown>[]> = {
  -readonly [K in keyof Items]: Outcome<Items[K]>;
};

/** Like {@link Gathered}, with an error in any place. */
export type GatheredOrErrors<Items extends readonly Awaitable<unknown>[]> = {
  -readonly [K in keyof Items]: Outcome<Items[K]> | Error;
};

/**
 * Waits for all items and gives their results in order (`asyncio.gather`). Functions are started as tasks; the same
 * task or future twice is waited for once.
 *
 * The first failure is thrown at once, **the others keep running**. A child that was cancelled by itself counts as
 * failed with its CancelledError.
 *
 * **Cancellation:** cancels all children; throws when they have ended, with `returnExceptions` too.
 *
 * @example
 * ```ts
 * import { gather, sleep } from "ambit";
 *
 * await gather([() => sleep(2, "a"), () => sleep(1, 7)]); // => ["a", 7]
 * ```
 */
export function gather<const Items extends readonly Awaitable<unknown>[]>(
  items: Items,
  options: { readonly returnExceptions: true },
): Future<GatheredOrErrors<Items>>;
export function gather<const Items extends readonly Awaitable<unknown>[]>(
  items: Items,
  options?: GatherOptions,
): Future<Gathered<Items>>;
export function gather(
  items: readonly Awaitable<unknown>[],
  options: GatherOptions = {},
): Future<unknown> {
  if (!Array.isArray(items))
    throw wrongType("items", "an array of functions, tasks or promises", items);
  return new Gathering(items, options.returnExceptions === true);
}

class Gathering extends Future<unknown[]> {
  readonly #children: Future<unknown>[];
  readonly #returnExceptions: boolean;
  #live: number;
  #cancellation: CancelledError | null = null;

  constructor(items: readonly Awaitable<unknown>[], returnExceptions: boolean) {
    super();
    this.#returnExceptions = returnExceptions;
    this.#children = items.map((item) => ensureFuture(item));
    const distinct = new Set(this.#children);
    this.#live = distinct.size;
    for (const child of distinct) this.#follow(child);
    if (distinct.size === 0) this.settle("fulfilled", []);
  }

  #follow(child: Future<unknown>): void {
    if (child.done()) this.childEnded(child);
    else child.addWaiter(new ChildEnd(this, child));
  }

  childEnded(child: Future<unknown>): void {
    this.#live--;
    child.look();
    if (this.done()) return;
    if (!this.#returnExceptions && child.state !== "fulfilled" && this.#cancellation === null) {
      return this.settle("rejected", child.outcome);
    }
    if (this.#live === 0) this.#finish();
  }

  #finish(): void {
    if (this.#cancellation !== null) return this.settle("rejected", this.#cancellation);
    this.settle(
      "fulfilled",
      this.#children.map((child) => child.outcome),
    );
  }

  override cancelWith(error: CancelledError): boolean {
    if (this.done()) return this.refuseCancel();
    let any = false;
    for (const child of new Set(this.#children)) {
      any = child.cancelWith(error) || any;
    }
    if (any) this.#cancellation = error;
    return any;
  }

  /** @internal */
  [AWAITED](): readonly Future<unknown>[] {
    return [...new Set(this.#children)].filter((child) => !child.done());
  }

  override describe(): string {
    return "gather";
  }
}

class ChildEnd implements Waiter, Entry {
  readonly #gathering: Gathering;
  readonly #child: Future<unknown>;

  constructor(gathering: Gathering, child: Future<unknown>) {
    this.#gathering = gathering;
    this.#child = child;
  }

  settled(): void {
    this.#gathering.getLoop().wake(this);
  }

  /** Whoever awaits the gathering awaits its children. */
  awaiters(): readonly object[] {
    return this.#gathering.awaiters();
  }

  run(): void {
    this.#gathering.childEnded(this.#child);
  }
}
