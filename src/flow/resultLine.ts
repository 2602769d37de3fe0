/*
 * The results of a mapping, between the lanes that make them and the code that asks for them.
 *
 * Strategy: each item has a place in one linked line: from the moment it is read when order is
 * kept, from its end when not. Who asks is served from the head; who finds nothing there waits in a
 * FIFO and is handed the next one directly. `ahead` counts what was read and is not handed out yet:
 * the bound on how far the source is read ahead.
 */
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";

/** What an iterator's `next` gives. @internal */
export type Result<R> = IteratorResult<R, undefined>;

/** The end of an iteration. @internal */
export const DONE = { done: true, value: undefined } as const;

/** One item, and its result once that is there. @internal */
export interface Place<T, R> {
  readonly item: T;
  readonly index: number;
  result: Result<R> | null;
  behind: Place<T, R> | null;
}

/** Whose line it is, for diagnostics. @internal */
export interface LineOwner<T, R> {
  readonly line: ResultLine<T, R>;
}

/** @internal */
export class ResultLine<T, R> {
  readonly #ordered: boolean;
  readonly #asking = new WaitQueue<Result<R>>();
  #head: Place<T, R> | null = null;
  #tail: Place<T, R> | null = null;
  #opened = 0;
  /** How many items are being worked on, or finished and not handed out. */
  ahead = 0;
  /** How many are finished and not handed out. */
  ready = 0;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** How many wait for a result. */
  get asking(): number {
    return this.#asking.size;
  }

  /** An item was read. */
  open(item: T): Place<T, R> {
    const place: Place<T, R> = { item, index: this.#opened++, result: null, behind: null };
    this.ahead++;
    if (this.#ordered) this.#append(place);
    return place;
  }

  /** Its result is there. */
  fill(place: Place<T, R>, value: R): void {
    place.result = { done: false, value };
    this.ready++;
    if (!this.#ordered) this.#append(place);
    while (this.#asking.first !== null) {
      const result = this.take();
      if (result === null) return;
      this.#asking.shift()?.resolve(result);
    }
  }

  /** The result that is next, if it is there. */
  take(): Result<R> | null {
    const head = this.#head;
    if (head === null || head.result === null) return null;
    this.#head = head.behind;
    if (head.behind === null) this.#tail = null;
    // An old place must not keep the younger ones alive: the collector would promote each of them.
    head.behind = null;
    this.ahead--;
    this.ready--;
    return head.result;
  }

  /** Waits for the result that is next. */
  ask(owner: LineOwner<T, R>): Promise<Result<R>> {
    return suspend(joinAsking<T, R>, owner, "mapConcurrent");
  }

  /** Those who wait for a result. */
  waits(): Wait<Result<R>>[] {
    const waits: Wait<Result<R>>[] = [];
    for (let at = this.#asking.first; at !== null; at = at.behind) waits.push(at);
    return waits;
  }

  /** @internal */
  join(wait: Wait<Result<R>>): void {
    this.#asking.push(wait);
  }

  /** @internal */
  leave(wait: Wait<Result<R>>): void {
    this.#asking.remove(wait);
  }

  /**
   * There will be no more results: who waits first gets the failure, if there is one, the others
   * the end.
   */
  close(failure: { readonly error: unknown } | null): void {
    if (failure !== null) this.#asking.shift()?.reject(failure.error);
    while (this.#asking.first !== null) this.#asking.shift()?.resolve(DONE);
  }

  /** Nobody wants the results that are there. */
  drop(): void {
    while (this.take() !== null);
  }

  #append(place: Place<T, R>): void {
    if (this.#tail === null) this.#head = place;
    else this.#tail.behind = place;
    this.#tail = place;
  }
}

function joinAsking<T, R>(
  wait: Wait<Result<R>>,
  owner: LineOwner<T, R>,
): Cleanup<Result<R>, LineOwner<T, R>> {
  owner.line.join(wait);
  return leaveAsking;
}

function leaveAsking<T, R>(wait: Wait<Result<R>>, owner: LineOwner<T, R>): void {
  owner.line.leave(wait);
}
