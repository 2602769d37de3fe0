/*
 * mapConcurrent: a function over many items, so many at a time, as an async iterable of results.
 *
 * Strategy: a hand-written async iterator in front of a line of results (`resultLine.ts`) that the
 * lanes (`lanes.ts`) fill. It begins with the first `next()`; its tasks hang under the scope that
 * `mapConcurrent` was called in, so an iterator that is simply dropped ends with that scope.
 * `for await` does not close an iterator whose `next()` throws, so a cancelled or failed one ends
 * all work itself before it throws.
 */
import { expectFunction, expectLimit, wrongType } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import type { CancelledError } from "../core/errors.ts";
import type { Waiter } from "../core/join.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Entry } from "../core/loop.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { expectItems, type Items } from "./itemSource.ts";
import { Lanes, type Mapper } from "./lanes.ts";
import { DONE, type Result, ResultLine } from "./resultLine.ts";

/** How `mapConcurrent` works through its items. */
export interface MapConcurrentOptions {
  /**
   * How many items may be worked on, or finished and not asked for, at a time; at least 1, Infinity
   * for no limit.
   */
  readonly limit: number;
  /** Whether results come in the order of the items (default) or as they finish. */
  readonly ordered?: boolean;
}

/**
 * Calls `fn` for each item, at most `limit` at a time, and gives the results as an async iterable.
 *
 * Begins when first asked for a result, and never reads more than `limit` items ahead of what was
 * asked for. The calls share `limit` tasks. The first failure, of `fn` or of the source, cancels
 * the rest; it is thrown when all has ended and the results from before it are taken. Errors that
 * come after it are found by `suppressedErrors`.
 *
 * **Cancellation:** a cancel of who asks, or leaving the loop, cancels what runs, waits for its end
 * and closes the source; what was finished and not asked for is dropped.
 *
 * @param items an iterable, or an async iterable, which is read one item at a time
 * @param fn gets the item and its index, from 0
 * @throws what `fn` throws; a CancelledError of its own ends the iteration, too
 * @throws RangeError when `options.limit` is less than 1
 *
 * @example
 * ```ts
 * import { mapConcurrent, sleep } from "ambit";
 *
 * const square = async (n: number) => sleep(n, n * n);
 * const squares: number[] = [];
 * for await (const result of mapConcurrent([3, 1, 2], square, { limit: 2 })) squares.push(result);
 * squares; // => [9, 1, 4]
 * ```
 */
export function mapConcurrent<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  fn: (item: T, index: number) => R | PromiseLike<R>,
  options: MapConcurrentOptions,
): AsyncIterableIterator<R, undefined> & AsyncDisposable {
  expectItems("items", items);
  expectFunction("fn", fn);
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object with a `limit`", options);
  const { limit, ordered = true } = options;
  expectLimit("options.limit", limit, 1);
  if (typeof ordered !== "boolean") throw wrongType("options.ordered", "true or false", ordered);
  return new Mapping(items, fn, limit, ordered);
}

class Mapping<T, R> implements AsyncIterableIterator<R, undefined>, AsyncDisposable, Waiter, Entry {
  readonly passive = true;
  readonly line: ResultLine<T, R>;
  readonly #home: Scope = ambientScope();
  readonly #items: Items<T>;
  readonly #fn: Mapper<T, R>;
  readonly #limit: number;
  #lanes: Lanes<T, R> | null = null;
  #over = false;

  constructor(items: Items<T>, fn: Mapper<T, R>, limit: number, ordered: boolean) {
    this.#items = items;
    this.#fn = fn;
    this.#limit = limit;
    this.line = new ResultLine(ordered);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<R>> {
    if (this.#over) return Promise.resolve(DONE);
    const lanes = this.#lanes ?? this.#begin();
    const result = this.line.take();
    if (result === null) return lanes.task.done() ? this.#end(lanes) : this.#later(lanes);
    lanes.refill();
    return Promise.resolve(result);
  }

  #begin(): Lanes<T, R> {
    const lanes = new Lanes(this.#home, this.#items, this.#fn, this.#limit, this.line);
    this.#lanes = lanes;
    lanes.task.addWaiter(this);
    return lanes;
  }

  async #later(lanes: Lanes<T, R>): Promise<Result<R>> {
    try {
      const result = await this.line.ask(this);
      lanes.refill();
      return result;
    } catch (error) {
      await this.#stop(lanes, error as CancelledError);
      throw error;
    }
  }

  async #end(lanes: Lanes<T, R>): Promise<Result<R>> {
    this.#over = true;
    await lanes.task;
    return DONE;
  }

  /** Who iterates awaits the work. @internal */
  awaiters(): readonly object[] {
    return this.line.waits();
  }

  /** All work has ended. @internal */
  settled(): void {
    this.#home.loop.wake(this);
  }

  /** Tells those who wait for a result; who asks later finds the task done. @internal */
  run(): void {
    const { task } = this.#lanes as Lanes<T, R>;
    if (this.line.asking === 0) return;
    this.line.close(task.state === "fulfilled" ? null : { error: task.outcome });
  }

  async return(): Promise<Result<R>> {
    const lanes = this.#lanes;
    if (lanes !== null) await this.#stop(lanes, cancelled("the iteration was left"));
    this.#over = true;
    return DONE;
  }

  /** Ends all work; throws what failed, and a cancel that comes meanwhile. */
  async #stop(lanes: Lanes<T, R>, error: CancelledError): Promise<void> {
    this.#over = true;
    this.line.drop();
    const scope = ambientScope();
    const before = scope.metCancels();
    // A cancel from above has told the lanes already; told twice, they could not clean up.
    if (lanes.task.cancelling() === 0) lanes.task.cancelWith(error);
    try {
      await lanes.task;
    } catch (end) {
      if (!lanes.task.cancelled() || scope.metCancels() > before) throw end;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#lanes === null ? "not begun" : this.#over ? "over" : "running";
    const numbers = `running=${this.#lanes?.running ?? 0} ready=${this.line.ready}`;
    return `<mapConcurrent ${state} limit=${this.#limit} ${numbers}>`;
  }
}
