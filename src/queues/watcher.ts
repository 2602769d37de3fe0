/*
 * A watcher: one reader of a watch, and what it has seen.
 */
import { expectFunction } from "../core/arguments.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { FED_THROUGH } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { type Cell, ended, type Seen } from "./cell.ts";
import { DONE, iterating } from "./getter.ts";

/**
 * What `watch.subscribe` gives: sees the newest value, and waits for another one.
 *
 * `for await` gives the value of the moment, then the newest after each change: values that were replaced while the loop's
 * body ran are left out. It ends when the watch is closed. Prints as `Watcher { changed: false }`.
 *
 * **Cancellation:** a cancelled wait has seen nothing.
 */
export class Watcher<T> implements AsyncIterable<T>, Selectable<T> {
  readonly #cell: Cell<T>;
  /** @internal */
  readonly seen: Seen;

  /** @internal */
  constructor(cell: Cell<T>) {
    this.#cell = cell;
    this.seen = { version: cell.version };
  }

  /** The newest value; looking at it does not count as having seen it. */
  get value(): T {
    return this.#cell.value;
  }

  /** True when a value was set that this watcher has not seen. */
  hasChanged(): boolean {
    return this.seen.version < this.#cell.version;
  }

  /**
   * Waits until a value was set that this watcher has not seen, and gives the newest.
   *
   * **Cancellation:** the value counts as not seen. Not waiting, it is no point of cancellation.
   *
   * @throws {@link EndOfChannel} when the watch is closed, before or meanwhile, and its last value was seen
   */
  changed(): Promise<T> {
    if (this.hasChanged()) return Promise.resolve(this.#see());
    if (this.#cell.closed) return rejected(ended("Watcher.changed"));
    return suspend<T, Watcher<T>>(Watcher.#start, this, "Watcher.changed");
  }

  /**
   * Waits until the value is one that `condition` is true of, and gives it: the value of the moment, or the first one that
   * is set, even if it is replaced at once. `condition` is called in the step in which a value is set.
   *
   * **Cancellation:** the wait ends. Not waiting, it is no point of cancellation.
   *
   * @throws what `condition` throws
   * @throws {@link EndOfChannel} when the watch is closed, before or meanwhile
   */
  waitFor(condition: (value: T) => boolean): Promise<T> {
    return waitFor(this.#cell, condition, this);
  }

  /** As a clause of `select`: `changed`. */
  asClause(): Clause<T> {
    return new Clause(
      () => this.hasChanged() || this.#cell.closed,
      () => this.changed(),
    );
  }

  /** The value of the moment, then the newest after each change, until the watch is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    let first = true;
    return {
      next: () => {
        const now = first;
        first = false;
        return this.#next(now);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Whose setters are noted as feeding this watcher. @internal */
  get [FED_THROUGH](): object {
    return this.#cell;
  }

  /** @internal */
  [INSPECT](): string {
    return `Watcher { changed: ${this.hasChanged()}${this.#cell.closed ? ", closed" : ""} }`;
  }

  async #next(now: boolean): Promise<IteratorResult<T, undefined>> {
    if (now || this.hasChanged()) return { done: false, value: this.#see() };
    if (this.#cell.closed) return DONE;
    return suspend<IteratorResult<T, undefined>, Watcher<T>>(
      Watcher.#startNext,
      this,
      "Watcher.changed",
    );
  }

  #see(): T {
    this.seen.version = this.#cell.version;
    return this.#cell.value;
  }

  static #start<T>(this: void, wait: Wait<T>, watcher: Watcher<T>): Cleanup<T, Watcher<T>> {
    watcher.#cell.join(wait);
    return Watcher.#leave;
  }

  static #startNext<T>(
    this: void,
    wait: Wait<IteratorResult<T, undefined>>,
    watcher: Watcher<T>,
  ): Cleanup<unknown, Watcher<T>> {
    watcher.#cell.join(iterating(wait));
    return Watcher.#leave;
  }

  static #leave<T>(this: void, wait: Wait<unknown>, watcher: Watcher<T>): void {
    watcher.#cell.leave(wait);
  }
}

/** Waits for a certain value, through a watch or a watcher. @internal */
export async function waitFor<T>(
  cell: Cell<T>,
  condition: (value: T) => boolean,
  through: object,
): Promise<T> {
  expectFunction("condition", condition);
  if (condition(cell.value)) {
    cell.note(through);
    return cell.value;
  }
  if (cell.closed) throw ended("waitFor");
  return suspend<T, object>(
    (wait) => {
      wait.token = condition;
      cell.join(wait);
      return () => cell.leave(wait);
    },
    through,
    "Watch.waitFor",
  );
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}
