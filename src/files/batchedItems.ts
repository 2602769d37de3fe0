/*
 * BatchedItems: items that come in batches, given out one by one.
 *
 * Strategy: an item of the batch at hand costs one settled promise; only the next batch is waited for, by one step at a
 * time, in the order in which they were asked for. Leaving it interrupts a step that waits: that one ends, done.
 * `for await` does not close an iterator whose `next` throws, so a step that fails closes it itself; a cancelled one does
 * if the cancel takes the loop with it, that is, if the scope has met it that the iterator was made in:
 *   for await (const line of tail(path)) …                  the task is cancelled: closed
 *   await moveOnAfter(10, () => lines.next());               the deadline passes: the next step goes on
 */
import { CancelScope } from "../core/cancelScope.ts";
import { isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { Lock } from "../sync/lock.ts";

type Step<T> = IteratorResult<T, undefined>;

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

/** @internal */
export abstract class BatchedItems<T>
  implements AsyncIterableIterator<T, undefined>, AsyncDisposable
{
  readonly #isResumable: boolean;
  readonly #turn = new Lock();
  readonly #home = ambientScope();
  readonly #cancels = this.#home.metCancels();
  #batch: readonly T[] = [];
  #at = 0;
  #fetching: CancelScope | null = null;
  #over = false;
  #closed = false;
  #takeBack: (() => void) | null = null;

  /** What diagnostics call it. */
  protected abstract readonly label: string;

  /** @param isResumable whether a fetch that was cancelled can be repeated and has lost nothing */
  constructor(isResumable: boolean) {
    this.#isResumable = isResumable;
  }

  /**
   * The next items; null when there are no more. Never called twice at once.
   */
  protected abstract fetch(): Promise<readonly T[] | null>;
  /** Gives back what is held open. Called once, in peace. */
  protected abstract close(): Promise<void> | void;

  /** From now on something is open: one that is forgotten is closed at the end of its run. */
  protected closeWithRun(): void {
    this.#takeBack ??= onRunnerEnd(() => this.return().then(() => {}));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Step<T>> {
    if (this.#at < this.#batch.length) return Promise.resolve(this.#take());
    if (this.#over) return Promise.resolve(DONE);
    return this.#turn.run(() => this.#more());
  }

  async return(): Promise<Step<T>> {
    this.#over = true;
    this.#batch = [];
    this.#at = 0;
    this.#fetching?.cancel("the iteration was left");
    await protect(() => this.#turn.run(() => this.#close()));
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  [INSPECT](): string {
    return `<${this.label}${this.#closed ? " closed" : ""}>`;
  }

  #take(): Step<T> {
    return { done: false, value: this.#batch[this.#at++] as T };
  }

  async #more(): Promise<Step<T>> {
    try {
      while (this.#at >= this.#batch.length) {
        if (this.#over || !(await this.#fetch())) return await this.#end();
      }
      return this.#take();
    } catch (error) {
      if (!this.#isResumable || !isCancelled(error) || this.#isLost()) await this.#end();
      throw error;
    }
  }

  /** Whether nobody will go on with it. */
  #isLost(): boolean {
    return this.#home.ended || this.#home.metCancels() > this.#cancels;
  }

  async #fetch(): Promise<boolean> {
    this.closeWithRun();
    const scope = new CancelScope();
    this.#fetching = scope;
    try {
      const { value } = await scope.run(() => this.fetch());
      if (value === undefined || value === null || this.#over) return false;
      this.#batch = value;
      this.#at = 0;
      return true;
    } finally {
      this.#fetching = null;
    }
  }

  async #end(): Promise<Step<T>> {
    this.#over = true;
    await protect(() => this.#close());
    return DONE;
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#takeBack?.();
    await this.close();
  }
}
