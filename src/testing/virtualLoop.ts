/*
 * The virtual loop: time that jumps, order that a seed permutes, and a report when nothing can go on.
 *
 * Strategy: the `stepped` wake policy: completed waits, task starts and callbacks go through one ready queue, and
 * between two entries the microtask queue drains (a nextTick asked for in a microtask runs after it). A step is then
 * what a step of a Python task is, and without a seed the order is asyncio's FIFO. With a seed, the next entry is
 * picked at random among the ready ones.
 * When nothing is ready, time jumps to the next timer, unless work outside Ambit is pending (a foreign promise, a
 * socket, a file): then real time passes until it is done. With no timer either, the program is stuck.
 * Limits: foreign timers (`setTimeout`) run in real time; microtask order inside one step is V8's.
 */
import { TimerHandle, TimerQueue } from "../core/clock.ts";
import { type Entry, Loop, type Passing, type Resumable } from "../core/loop.ts";
import { seededRandom } from "./random.ts";

/** What the loop needs to know of the program that it runs. @internal */
export interface Program {
  /** True when some task awaits what is not Ambit's; `waitedMs` is the real time since the program moved last. */
  awaitsOutside(waitedMs: number): boolean;
  /** Nothing can go on; `waitedMs` is the real time that outside work was waited for. */
  stuck(waitedMs: number): void;
}

/** How long real time may pass for outside work before the program counts as stuck, in milliseconds. */
const PATIENCE = 10_000;

/** @internal */
export class VirtualLoop extends Loop {
  readonly #timers = new TimerQueue(() => {});
  readonly #ready: Entry[] = [];
  readonly #random: (() => number) | null;
  readonly #step = (): void => this.#stepOnce();
  #now = 0;
  #steps = 0;
  #scheduled = false;
  #program: Program | null = null;
  #outsideSince = 0;

  constructor(seed?: number) {
    super();
    this.#random = seed === undefined ? null : seededRandom(seed);
  }

  /** How many entries have run: a measure of a schedule's length. */
  get steps(): number {
    return this.#steps;
  }

  time(): number {
    return this.#now;
  }

  wake(entry: Entry): void {
    this.#ready.push(entry);
    this.#goOn();
  }

  resume<T>(wait: Resumable<T>, outcome: T, failed: boolean): void {
    this.wake({ run: () => wait.conclude(outcome, failed) });
  }

  enqueue(entry: Entry): void {
    this.wake(entry);
  }

  begin<A>(run: (argument: A) => void, argument: A): void {
    const turn = new Promise<A>((resolve) => this.wake({ run: () => resolve(argument) }));
    void turn.then(run);
  }

  pass(wait: Passing): void {
    this.wake({ run: () => wait.finish(undefined) });
  }

  withinBudget(): boolean {
    return false;
  }

  schedule<A>(when: number, run: (argument: A) => void, argument: A): TimerHandle {
    const timer = new TimerHandle(this.#timers, when, run, argument);
    this.#timers.push(timer);
    this.#goOn();
    return timer;
  }

  /** Takes charge of a program until {@link VirtualLoop.stop}. */
  start(program: Program): void {
    this.#program = program;
    this.#goOn();
  }

  stop(): void {
    this.#program = null;
  }

  #goOn(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => process.nextTick(this.#step));
  }

  #stepOnce(): void {
    this.#scheduled = false;
    const entry = this.#take();
    if (entry === undefined) return this.#idle();
    this.#outsideSince = 0;
    this.#steps++;
    entry.run();
    this.#goOn();
  }

  #take(): Entry | undefined {
    if (this.#random === null || this.#ready.length < 2) return this.#ready.shift();
    const index = Math.floor(this.#random() * this.#ready.length);
    return this.#ready.splice(index, 1)[0];
  }

  #idle(): void {
    if (this.#program === null) return;
    const waited = this.#outsideSince === 0 ? 0 : performance.now() - this.#outsideSince;
    if (this.#program.awaitsOutside(waited)) return this.#waitOutside(waited);
    this.#outsideSince = 0;
    const next = this.#timers.first;
    if (next === undefined) return this.#stuck(0);
    this.#now = Math.max(this.#now, next.when);
    for (const timer of this.#timers.takeAllDue(this.#now)) this.#ready.push(timer);
    this.#goOn();
  }

  /** The program may cancel what is stuck; then it goes on, or is found stuck again. */
  #stuck(waitedMs: number): void {
    this.#outsideSince = 0;
    this.#program?.stuck(waitedMs);
    if (this.#program !== null) this.#goOn();
  }

  /** Looks again in a moment: what a foreign promise resumes need not come by here. */
  #waitOutside(waited: number): void {
    if (waited === 0) this.#outsideSince = performance.now();
    if (waited > PATIENCE) return this.#stuck(waited);
    this.#scheduled = true;
    if (waited < 2) setImmediate(this.#step);
    else setTimeout(this.#step, 1);
  }
}
