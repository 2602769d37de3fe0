/*
 * The production loop, on libuv.
 *
 * Strategy: the `direct` wake policy: completing a wait resolves its promise at once, the cheapest switch there is;
 * V8's microtask queue is the ready queue. All timers share one heap and one timer of Node's, which is kept and
 * re-armed rather than made anew, and is unref'd while no timer is pending, so that it never holds the process. All
 * `sleep(0)` of one turn share one setImmediate.
 * Limits: Node's timers have millisecond resolution and may fire a fraction early; then the timer is armed again, so
 * that no sleep ends before its time.
 */
import { performance } from "node:perf_hooks";
import { TimerHandle, TimerQueue } from "./clock.ts";
import { type Entry, Loop, type Passing, type Resumable } from "./loop.ts";

/** The longest delay that Node's timers take. */
const LONGEST = 2 ** 31 - 1;
/** How long a slice may run before `checkpoint` lets the event loop turn, in milliseconds. */
const BUDGET = 5;
/** How far apart two looks of a checkpoint at the clock should be, in milliseconds. */
const GAP = BUDGET / 5;
/** A checkpoint looks at the clock once in so many calls, at most; fewer when the calls are far apart. */
const LOOKS = 16;

const SETTLED: Promise<void> = Promise.resolve();

/** @internal */
export class UvLoop extends Loop {
  readonly #timers = new TimerQueue(() => this.#timer?.unref());
  readonly #onTimer = (): void => this.#fire();
  readonly #onImmediate = (): void => this.#release();
  #timer: NodeJS.Timeout | null = null;
  #armedFor = Infinity;
  #passing: Passing[] = [];
  #untilLook = 1;
  #looks = 1;
  #sliceStart = 0;
  #lastLook = 0;

  time(): number {
    return performance.now();
  }

  wallTime(): number {
    return Date.now();
  }

  wake(entry: Entry): void {
    entry.run();
  }

  resume<T>(wait: Resumable<T>, outcome: T, failed: boolean): void {
    wait.conclude(outcome, failed);
  }

  enqueue(entry: Entry): void {
    // A reaction of a native promise: the cheapest microtask that keeps the caller's async context.
    void SETTLED.then(() => entry.run());
  }

  begin<A>(run: (argument: A) => void, argument: A): void {
    // Lets go of the argument when it runs: a later error's stack keeps the functions on it alive, with what they hold.
    let next: A | null = argument;
    void SETTLED.then(() => {
      const now = next as A;
      next = null;
      run(now);
    });
  }

  pass(wait: Passing): void {
    if (this.#passing.push(wait) === 1) setImmediate(this.#onImmediate);
  }

  withinBudget(): boolean {
    if (--this.#untilLook > 0) return true;
    return this.#look();
  }

  schedule<A>(when: number, run: (argument: A) => void, argument: A): TimerHandle {
    const timer = new TimerHandle(this.#timers, when, run, argument);
    this.#timers.push(timer);
    if (when < this.#armedFor) this.#arm(when);
    else if (this.#timers.size === 1) this.#timer?.ref();
    return timer;
  }

  #arm(when: number): void {
    const delay = Math.min(Math.max(Math.ceil(when - this.time()), 1), LONGEST);
    this.#armedFor = when;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimer, delay);
  }

  #fire(): void {
    this.#armedFor = Infinity;
    this.#timer = null;
    // All that is due is taken before any of it runs: a timer that starts another never starves the turn.
    for (const timer of this.#timers.takeAllDue(this.time())) timer.run();
    const next = this.#timers.first;
    // One that ran may have armed it for a later one that it started.
    if (next !== undefined && next.when < this.#armedFor) this.#arm(next.when);
  }

  #release(): void {
    const waits = this.#passing;
    this.#passing = [];
    for (const wait of waits) wait.finish(undefined);
  }

  /** Looks at the clock, and adapts how often to look. */
  #look(): boolean {
    const now = performance.now();
    const gap = now - this.#lastLook;
    if (gap > GAP) this.#looks = Math.max(1, Math.floor((this.#looks * GAP) / gap));
    else if (this.#looks < LOOKS) this.#looks <<= 1;
    this.#lastLook = now;
    this.#untilLook = this.#looks;
    if (this.#sliceStart === 0) {
      this.#sliceStart = now;
      setImmediate(() => (this.#sliceStart = 0));
    }
    return now - this.#sliceStart <= BUDGET;
  }
}

/** The loop of all code that runs under no other. @internal */
export const defaultLoop: UvLoop = new UvLoop();
