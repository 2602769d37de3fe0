/*
 * The list of a run, asked for one item at a time without waiting for it: a list that takes its time,
 * as one that comes through a pipe does, must not hold up what is ready without it.
 *
 * What an async list answers or throws is kept until it is taken; who may wait for it is woken. Its
 * `next()` is called in the scope of who asks, so a cancel of that scope reaches what it waits for.
 */
import { ItemSource, type Items } from "../flow/itemSource.ts";

type Answer<T> = IteratorResult<T, unknown>;

/** @internal */
export class ItemFeed<T> {
  readonly #source: ItemSource<T>;
  readonly #wake: () => void;
  #asking = false;
  #answer: Answer<T> | null = null;
  #broken: { readonly error: unknown } | null = null;

  /** @param wake is called when an answer has come, but for one that comes at once */
  constructor(items: Items<T>, wake: () => void) {
    this.#source = new ItemSource(items);
    this.#wake = wake;
  }

  /** There are no more items, and all answers are taken. */
  get ended(): boolean {
    return this.#source.ended && this.#answer === null;
  }

  /** It was asked and has not answered, or has ended. */
  get busy(): boolean {
    return this.#asking || this.#source.ended;
  }

  /** Asks for the next item; not while it is busy, and not before the last answer was taken. */
  ask(): void {
    if (this.#source.synchronous) {
      this.#answer = this.#source.pullNow();
      return;
    }
    this.#asking = true;
    void this.#source.pullInto(this);
  }

  /** The answer, if one has come; what the list threw is thrown. */
  take(): Answer<T> | null {
    if (this.#broken !== null) throw this.#broken.error;
    const answer = this.#answer;
    this.#answer = null;
    return answer;
  }

  resolve(answer: Answer<T>): void {
    this.#asking = false;
    this.#answer = answer;
    this.#wake();
  }

  reject(error: unknown): void {
    this.#asking = false;
    this.#broken = { error };
    this.#wake();
  }

  /** Tells the list that nothing more is wanted. */
  close(): Promise<void> {
    return this.#source.close();
  }
}
