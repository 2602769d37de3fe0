/*
 * Watch: one value, of which everybody sees the newest (tokio's `watch`, Kotlin's StateFlow).
 *
 * Strategy: the value has a version, and a watcher knows the version that it saw last (`cell.ts`). Nothing is kept of
 * values that were replaced, and nothing of watchers that do not wait: they need not be closed.
 * Limits: setting an equal value is a change, too. `await` unwraps a value that is a promise; iterating does not.
 */
import { FED_THROUGH, feeding, noteFeed } from "../core/feeding.ts";
import { inspect } from "node:util";
import { INSPECT } from "../core/inspection.ts";
import { Cell, type WatchStatistics } from "./cell.ts";
import { ClosedChannelError } from "./errors.ts";
import { waitFor, Watcher } from "./watcher.ts";

/**
 * A value that changes, and that others watch: each sees the newest, none makes who sets it wait.
 *
 * `for await` gives the value of the moment, then the newest after each change, until the watch is closed. Prints as
 * `Watch { value: 'ready', changes: 2, waiting: 1 }`.
 *
 * @example
 * ```ts
 * import { createTask, Watch } from "ambit";
 *
 * const state = new Watch("starting");
 * const ready = createTask(() => state.waitFor((now) => now === "ready"));
 * const watcher = state.subscribe();
 * state.set("loading");
 * state.set("ready");
 * await watcher.changed(); // => "ready"
 * await ready; // => "ready"
 * ```
 */
export class Watch<T> implements AsyncIterable<T>, Disposable {
  readonly #cell: Cell<T>;

  /** @param value the first value */
  constructor(value: T) {
    this.#cell = new Cell(value);
  }

  /** The value of the moment. */
  get value(): T {
    return this.#cell.value;
  }

  /**
   * Sets the value, and wakes who waits for it. An equal value counts as a change, too.
   * @throws {@link ClosedChannelError} when the watch is closed
   */
  set(value: T): void {
    if (this.#cell.closed) throw new ClosedChannelError(`set on ${this[INSPECT]()}`);
    if (feeding.noted) noteFeed(this.#cell, "set");
    this.#cell.set(value);
  }

  /** A watcher that has seen the value of the moment. It need not be closed. */
  subscribe(): Watcher<T> {
    return new Watcher(this.#cell);
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

  /** Ends it: there will be no other value; the last one stays. May be called again. */
  close(): void {
    this.#cell.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The value of the moment, then the newest after each change, until the watch is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.subscribe()[Symbol.asyncIterator]();
  }

  /** The numbers of the moment, frozen. */
  statistics(): WatchStatistics {
    return this.#cell.statistics();
  }

  /** Whose setters are noted as feeding this watch. @internal */
  get [FED_THROUGH](): object {
    return this.#cell;
  }

  /** @internal */
  [INSPECT](): string {
    const { changes, waiting, closed } = this.statistics();
    const value = inspect(this.value, { depth: 0, breakLength: Infinity });
    return `Watch { value: ${value}, changes: ${changes}, waiting: ${waiting}${closed ? ", closed" : ""} }`;
  }
}
