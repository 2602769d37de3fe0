/*
 * Timers: one 4-ary heap per loop, ordered by due time, then by creation.
 *
 * Strategy: most timers are timeouts that get cancelled, so a timer knows its place in the heap and leaves it at once
 * (no dead entries that hold memory until they are due); timers of one duration arrive in order, which makes a push a
 * plain append. A timer runs a function with one argument, so that a sleep needs no closure.
 * Limits: knows no real time; the loop decides when to look.
 */
import type { Context } from "./context.ts";
import { Callback, handleWords } from "./handle.ts";
import { INSPECT } from "./inspection.ts";

const ARITY = 4;

/** Places of a timer that is not in the heap. */
const OUTSIDE = -1;
const CANCELLED = -2;

/** A call that is due at a time of the loop's clock; `callLater` and `callAt` return it (`asyncio.TimerHandle`). */
export class TimerHandle {
  /** When it is due, in milliseconds of the loop's clock. */
  readonly when: number;
  /** @internal */
  index = OUTSIDE;
  /** @internal */
  readonly order: number;
  readonly #queue: TimerQueue;
  #run: ((argument: never) => void) | null;
  readonly #argument: unknown;

  /** @internal */
  constructor(queue: TimerQueue, when: number, run: (argument: never) => void, argument: unknown) {
    this.when = when;
    this.order = queue.nextOrder();
    this.#queue = queue;
    this.#run = run;
    this.#argument = argument;
  }

  /** Takes the call back; without effect once it ran. */
  cancel(): void {
    if (this.#run === null) return;
    this.#run = null;
    this.#queue.drop(this);
    this.index = CANCELLED;
    if (this.#argument instanceof Callback) this.#argument.drop();
  }

  /** True after {@link TimerHandle.cancel} took effect. */
  cancelled(): boolean {
    return this.index === CANCELLED;
  }

  /** The context variables that the callback runs with; undefined for a timer of Ambit's own. */
  getContext(): Context | undefined {
    return this.#argument instanceof Callback ? this.#argument.getContext() : undefined;
  }

  /** @internal */
  [INSPECT](): string {
    const callback = this.#argument instanceof Callback ? this.#argument : null;
    const state = this.cancelled() ? "cancelled" : this.#run === null ? "finished" : "";
    return handleWords("TimerHandle", [state, `when=${this.when}`], callback);
  }

  /** @internal */
  run(): void {
    const run = this.#run as ((argument: unknown) => void) | null;
    this.#run = null;
    if (run !== null) run(this.#argument);
  }
}

function earlier(a: TimerHandle, b: TimerHandle): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}

/** The timers of one loop. @internal */
export class TimerQueue {
  readonly #heap: TimerHandle[] = [];
  readonly #emptied: () => void;
  #orders = 0;

  /** `emptied` is called when the last timer was cancelled. */
  constructor(emptied: () => void) {
    this.#emptied = emptied;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The timer that is due first. */
  get first(): TimerHandle | undefined {
    return this.#heap[0];
  }

  nextOrder(): number {
    return this.#orders++;
  }

  push(timer: TimerHandle): void {
    this.#heap.push(timer);
    this.#up(timer, this.#heap.length - 1);
  }

  /** Takes out the timers that are due at `now`, in order. */
  takeAllDue(now: number): TimerHandle[] {
    const due: TimerHandle[] = [];
    for (
      let first = this.#heap[0];
      first !== undefined && first.when <= now;
      first = this.#heap[0]
    ) {
      this.remove(first);
      due.push(first);
    }
    return due;
  }

  /** Takes out a timer that was cancelled. */
  drop(timer: TimerHandle): void {
    this.remove(timer);
    if (this.#heap.length === 0) this.#emptied();
  }

  remove(timer: TimerHandle): void {
    const index = timer.index;
    if (index < 0) return;
    timer.index = OUTSIDE;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    if (index > 0 && earlier(last, this.#heap[parentOf(index)] as TimerHandle))
      this.#up(last, index);
    else this.#down(last, index);
  }

  #up(timer: TimerHandle, from: number): void {
    const heap = this.#heap;
    let index = from;
    while (index > 0) {
      const parent = parentOf(index);
      const above = heap[parent] as TimerHandle;
      if (!earlier(timer, above)) break;
      this.#place(above, index);
      index = parent;
    }
    this.#place(timer, index);
  }

  #down(timer: TimerHandle, from: number): void {
    let index = from;
    for (;;) {
      const child = this.#earliestChild(index);
      if (child === undefined || !earlier(child, timer)) break;
      const next = child.index;
      this.#place(child, index);
      index = next;
    }
    this.#place(timer, index);
  }

  #earliestChild(index: number): TimerHandle | undefined {
    const heap = this.#heap;
    const first = index * ARITY + 1;
    const end = Math.min(first + ARITY, heap.length);
    let best = heap[first];
    for (let at = first + 1; at < end; at++) {
      const other = heap[at] as TimerHandle;
      if (earlier(other, best as TimerHandle)) best = other;
    }
    return best;
  }

  #place(timer: TimerHandle, index: number): void {
    this.#heap[index] = timer;
    timer.index = index;
  }
}

function parentOf(index: number): number {
  return (index - 1) >> 2;
}
