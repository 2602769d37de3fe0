/*
 * runVirtual: a program in virtual time.
 *
 * Strategy: an ordinary `run` on a virtual loop. When the program is stuck, the report is taken first, then the main
 * task is cancelled so that `finally` blocks run and nothing leaks, then the report is thrown.
 */
import { expectFunction } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { run } from "../core/run.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { currentTask, tasksUnder } from "../core/currentTask.ts";
import type { Task, TaskBody } from "../core/task.ts";
import { formatTreeOf } from "../core/taskTree.ts";
import { DeadlockError } from "./deadlock.ts";
import { OutsideWork } from "./outsideWork.ts";
import { type Program, VirtualLoop } from "./virtualLoop.ts";

/** So often is a stuck program cancelled before it is given up. */
const ATTEMPTS = 10;

/** How a program runs in virtual time. */
export interface VirtualOptions {
  /** Permutes the order of what is ready; the same seed gives the same order. Left out: first come, first served. */
  readonly seed?: number;
  /** Debug mode. Default: `AMBIT_DEBUG=1`. */
  readonly debug?: boolean;
}

/**
 * Runs `main` as `run` does, on a virtual clock: sleeping costs no time, and order is repeatable.
 *
 * Time begins at 0 and jumps to the next timer when nothing is ready and no work outside Ambit is pending.
 *
 * **Cancellation:** as of `run`.
 *
 * @throws {@link DeadlockError} when nothing can go on; the program is cancelled first
 * @throws what `main` throws
 *
 * @example
 * ```ts
 * import { getRunningLoop, sleep } from "ambit";
 * import { runVirtual } from "ambit/testing";
 *
 * const elapsed = await runVirtual(async () => {
 *   await sleep(3_600_000);
 *   return getRunningLoop().time();
 * });
 * elapsed; // => 3600000
 * ```
 */
export async function runVirtual<T>(main: TaskBody<T>, options: VirtualOptions = {}): Promise<T> {
  expectFunction("main", main);
  const loop = new VirtualLoop(options.seed);
  const watched = new WatchedProgram(loop);
  const debug = options.debug === undefined ? {} : { debug: options.debug };
  const body = (): T | PromiseLike<T> => {
    watched.begin();
    return main();
  };
  try {
    return await Promise.race([
      run(body, { loop, handleSignals: false, ...debug }),
      watched.hopeless,
    ]);
  } catch (error) {
    throw watched.deadlock ?? error;
  } finally {
    loop.stop();
  }
}

class WatchedProgram implements Program {
  deadlock: DeadlockError | null = null;
  /** Rejects when not even a cancel gets the program on: its tasks are left behind. */
  readonly hopeless: Promise<never>;
  #giveUp!: (error: DeadlockError) => void;
  readonly #outside = new OutsideWork();
  #stuckTimes = 0;
  #runner: Scope | null = null;
  #main: Task<unknown> | null = null;

  constructor(loop: VirtualLoop) {
    this.hopeless = new Promise((_, reject) => (this.#giveUp = reject));
    loop.start(this);
  }

  begin(): void {
    this.#runner = ambientScope().runner;
    this.#main = currentTask();
  }

  awaitsOutside(waitedMs: number): boolean {
    if (this.#runner === null) return true;
    return this.#outside.isAwaitedBy(tasksUnder(this.#runner), waitedMs);
  }

  stuck(waitedMs: number): void {
    const tree = formatTreeOf(this.#runner as Scope);
    const why =
      waitedMs === 0
        ? "no task is ready and no timer is pending; these tasks wait for each other or for nothing"
        : `nothing has happened for ${Math.round(waitedMs)} ms of real time, though work outside Ambit is awaited`;
    this.deadlock ??= new DeadlockError(why, tree);
    if (++this.#stuckTimes > ATTEMPTS) return this.#giveUp(this.deadlock);
    const error = cancelled("the program is stuck");
    for (const task of this.#victims()) task.cancelWith(error);
  }

  /** The main task first; once it has ended, whatever will not end. */
  #victims(): Task<unknown>[] {
    if (this.#main?.done() === false) return [this.#main];
    return tasksUnder(this.#runner as Scope);
  }
}
