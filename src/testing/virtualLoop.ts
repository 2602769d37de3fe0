/*
 * The virtual loop: time that jumps, order that a schedule decides, and a report when nothing can go on.
 *
 * Strategy: the `stepped` wake policy: completed waits, task starts and callbacks go through one ready queue, and
 * between two entries the microtask queue drains (a nextTick asked for in a microtask runs after it). A step is then
 * what a step of a Python task is, and without a seed the order is asyncio's FIFO. Where several are ready, a picker
 * (`schedule.ts`) says which one runs.
 * When nothing is ready, time jumps to the next timer, unless work outside Ambit is pending (a foreign promise, a
 * socket, a file): then real time passes until it is done. With no timer either, the program is stuck.
 * Limits: foreign timers (`setTimeout`) run in real time; microtask order inside one step is V8's.
 */
import { TimerHandle, TimerQueue } from "../core/clock.ts";
import { type Entry, Loop, type Passing, type Resumable } from "../core/loop.ts";
import type { Scope } from "../core/scope.ts";
import { Suspension } from "../core/suspension.ts";
import { beginThrow, throwSoon } from "../core/throwing.ts";
import { IdleLine } from "./idleLine.ts";
import { FIFO, type Picker, type Turn, TurnNames } from "./schedule.ts";
import { StepCount } from "./stepCount.ts";

/** What the loop needs to know of the program that it runs. @internal */
export interface Program {
  /** True when some task awaits what is not Ambit's; `waitedMs` is the real time since the program moved last. */
  awaitsOutside(waitedMs: number): boolean;
  /** Nothing can go on; `waitedMs` is the real time that outside work was waited for. */
  stuck(waitedMs: number): void;
  /** The next timer is due after the time limit. */
  timeIsUp(next: number): void;
  /** Too many steps ran at one instant. */
  livelocked(steps: StepCount): void;
  /** The picker refused to go on. */
  unpickable(error: unknown): void;
}

/** How long real time may pass for outside work before the program counts as stuck, in milliseconds. */
const PATIENCE = 10_000;

/** @internal */
export class VirtualLoop extends Loop {
  override readonly keepsNotes = true;
  /** Those who wait until all others are blocked. */
  readonly blocked: IdleLine = new IdleLine();
  /** Those who wait until nothing is left that could move by itself, timers included. */
  readonly idle: IdleLine = new IdleLine();
  readonly names: TurnNames = new TurnNames();
  picker: Picker = FIFO;
  /** In milliseconds of virtual time. */
  timeLimit = Infinity;
  readonly #timers = new TimerQueue(() => {});
  readonly #ready: Turn[] = [];
  /** The turns of waits that pass one. */
  readonly #passing = new WeakMap<object, Turn>();
  readonly #steps: StepCount;
  readonly #step = (): void => this.#stepOnce();
  readonly #began = Date.now();
  #now = 0;
  #points = 0;
  /** How many turns are left of the round: asyncio looks for due timers once in a round of its ready queue. */
  #round = 0;
  #scheduled = false;
  #halted = false;
  #program: Program | null = null;
  #idleSince = 0;

  constructor(maxSteps: number) {
    super();
    this.#steps = new StepCount(maxSteps);
  }

  /** How often there was a choice. */
  get points(): number {
    return this.#points;
  }

  time(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#began + this.#now;
  }

  wake(entry: Entry, scope: object | null = null): void {
    const what = entry instanceof Suspension ? entry.label : "callback";
    this.#add({ run: () => entry.run(), scope: scope as Scope | null, what });
  }

  resume<T>(wait: Resumable<T>, outcome: T, failed: boolean, scope: object): void {
    const run = (): void => wait.conclude(outcome, failed);
    const turn = this.#passing.get(wait);
    // A cancelled `sleep(0)` keeps its place, as asyncio's bare yield does.
    if (turn !== undefined) turn.run = run;
    else this.#add({ run, scope: scope as Scope, what: labelOf(wait) });
  }

  override refuse(error: Error, scope: object): Promise<never> {
    beginThrow(scope);
    return new Promise((_, reject) => {
      const run = (): void => {
        throwSoon(scope);
        reject(error);
      };
      this.#add({ run, scope: scope as Scope, what: "cancel" });
    });
  }

  enqueue(entry: Entry): void {
    this.wake(entry);
  }

  begin<A>(run: (argument: A) => void, argument: A): void {
    const scope = argument as Scope;
    const turn = new Promise<A>((resolve) =>
      this.#add({ run: () => resolve(argument), scope, what: "start" }),
    );
    void turn.then(run);
  }

  pass(wait: Passing): void {
    const { ring } = wait as unknown as Suspension;
    const run = (): void => wait.finish(undefined);
    const turn: Turn = { run, scope: ring as Scope, what: labelOf(wait) };
    this.#passing.set(wait, turn);
    this.#add(turn);
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

  /** Runs nothing any more: what is left of the program is given up. */
  halt(): void {
    this.#halted = true;
  }

  #add(turn: Turn): void {
    this.names.see(turn.scope);
    this.#ready.push(turn);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#scheduled || this.#halted) return;
    this.#scheduled = true;
    queueMicrotask(() => process.nextTick(this.#step));
  }

  #stepOnce(): void {
    this.#scheduled = false;
    if (this.#halted) return;
    if (this.#round === 0) this.#beginRound();
    const turn = this.#take();
    if (turn === undefined) return this.#rest();
    this.#round--;
    this.#idleSince = 0;
    if (this.#steps.add(turn, this.names)) this.#program?.livelocked(this.#steps);
    turn.run();
    this.#goOn();
  }

  #take(): Turn | undefined {
    if (this.#ready.length < 2) return this.#ready.shift();
    return this.#ready.splice(this.#pick(), 1)[0];
  }

  #pick(): number {
    try {
      return this.picker.pick(this.#ready, this.#points++);
    } catch (error) {
      this.picker = FIFO;
      this.#program?.unpickable(error);
      return 0;
    }
  }

  /** Nothing is ready. */
  #rest(): void {
    if (this.#program === null) return;
    const waited = this.#idleSince === 0 ? 0 : performance.now() - this.#idleSince;
    const { shortest } = this.blocked;
    if (shortest <= waited) return this.blocked.wake(); // which makes them ready
    if (shortest !== Infinity || this.#program.awaitsOutside(waited))
      return this.#waitOutside(waited);
    const next = this.#timers.first;
    if (next === undefined) return this.#end();
    this.#idleSince = 0;
    if (next.when <= this.timeLimit) return this.#jump(next.when);
    this.#program.timeIsUp(next.when);
    this.#goOn();
  }

  #jump(when: number): void {
    if (when > this.#now) this.#steps.timeMoved();
    this.#now = Math.max(this.#now, when);
    this.#goOn();
  }

  /** What is due joins what is ready; what becomes ready meanwhile is for the next round. */
  #beginRound(): void {
    for (const timer of this.#timers.takeAllDue(this.#now)) {
      this.#ready.push({ run: () => timer.run(), scope: null, what: "timer" });
    }
    this.#round = this.#ready.length;
  }

  #end(): void {
    if (this.idle.shortest !== Infinity) return this.idle.wake();
    this.#stuck(0);
  }

  /** The program may cancel what is stuck; then it goes on, or is found stuck again. */
  #stuck(waitedMs: number): void {
    this.#idleSince = 0;
    this.#program?.stuck(waitedMs);
    if (this.#program !== null) this.#goOn();
  }

  /** Looks again in a moment: what a foreign promise resumes need not come by here. */
  #waitOutside(waited: number): void {
    if (waited === 0) this.#idleSince = performance.now();
    if (waited > PATIENCE && this.blocked.shortest === Infinity) return this.#stuck(waited);
    this.#scheduled = true;
    if (waited < 2) setImmediate(this.#step);
    else setTimeout(this.#step, 1);
  }
}

function labelOf(wait: object): string {
  return wait instanceof Suspension ? wait.label : "wait";
}
