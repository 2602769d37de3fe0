/*
 * One run of a program on a virtual loop.
 *
 * Strategy: an ordinary `run`. When the program is stuck, or goes on for too long, the report is taken first, then the
 * main task is cancelled so that `finally` blocks run and nothing leaks, then the report is thrown. A program that
 * swallows every cancel is given up: its loop stands still, and its tasks are left behind.
 */
import { cancelled } from "../core/cancellation.ts";
import { currentTask, tasksUnder } from "../core/currentTask.ts";
import { feeding } from "../core/feeding.ts";
import { isOutside } from "../core/outside.ts";
import { run } from "../core/run.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import type { Task, TaskBody } from "../core/task.ts";
import { formatTreeOf } from "../core/taskTree.ts";
import { diagnose } from "./diagnosis.ts";
import { DeadlockError } from "./deadlock.ts";
import { LivelockError, TimeLimitError } from "./limits.ts";
import { OutsideWork } from "./outsideWork.ts";
import type { Picker } from "./schedule.ts";
import type { StepCount } from "./stepCount.ts";
import { type Program, VirtualLoop } from "./virtualLoop.ts";

/** So often is a stuck program cancelled before it is given up. */
const ATTEMPTS = 10;
/** Far more steps than a test takes between two moments of virtual time, and a matter of seconds. */
const MAX_STEPS = 1_000_000;

/** How one run goes. @internal */
export interface RunSettings {
  readonly debug?: boolean | undefined;
  readonly timeLimit?: number | undefined;
  readonly maxSteps?: number | undefined;
}

/** @internal */
export class VirtualRun implements Program {
  readonly loop: VirtualLoop;
  readonly #settings: RunSettings;
  /** Why the program was cancelled; what `conduct` throws. */
  #verdict: unknown = undefined;
  #judged = false;
  /** Rejects when not even a cancel gets the program on. */
  readonly #hopeless: Promise<never>;
  #giveUp!: (error: unknown) => void;
  readonly #outside = new OutsideWork();
  #cancels = 0;
  #runner: Scope | null = null;
  #main: Task<unknown> | null = null;

  constructor(settings: RunSettings) {
    this.#settings = settings;
    feeding.noted = true;
    this.loop = new VirtualLoop(settings.maxSteps ?? MAX_STEPS);
    this.loop.timeLimit = settings.timeLimit ?? Infinity;
    this.#hopeless = new Promise((_, reject) => (this.#giveUp = reject));
  }

  /** Says who runs next where there is a choice. */
  set picker(picker: Picker) {
    this.loop.picker = picker;
  }

  /** Runs the program to its end. */
  async conduct<T>(main: TaskBody<T>): Promise<T> {
    const { debug } = this.#settings;
    const options = {
      loop: this.loop,
      handleSignals: false,
      ...(debug === undefined ? {} : { debug }),
    };
    const body = (): T | PromiseLike<T> => {
      this.#begin();
      return main();
    };
    this.loop.start(this);
    let outcome: T;
    try {
      outcome = await Promise.race([run(body, options), this.#hopeless]);
    } catch (error) {
      throw this.#judged ? this.#verdict : error;
    } finally {
      this.loop.stop();
    }
    if (this.#judged) throw this.#verdict;
    return outcome;
  }

  #begin(): void {
    this.#runner = ambientScope().runner;
    this.#main = currentTask();
  }

  awaitsOutside(waitedMs: number): boolean {
    if (this.#runner === null) return true;
    // What closes at the end of the run is no task.
    if (this.#runner.pendingWaits().some((wait) => isOutside(wait.target))) return true;
    return this.#outside.isAwaitedBy(tasksUnder(this.#runner), waitedMs);
  }

  stuck(waitedMs: number): void {
    const why =
      waitedMs === 0
        ? "no task is ready and no timer is pending; these tasks wait for each other or for nothing"
        : `nothing has happened for ${Math.round(waitedMs)} ms of real time, though work outside Ambit is awaited`;
    this.#judge(
      () => new DeadlockError(why, diagnose(tasksUnder(this.#runner as Scope)), this.#tree()),
      "the program is stuck",
    );
  }

  timeIsUp(next: number): void {
    const limit = this.#settings.timeLimit as number;
    // Clean-up code may take time.
    this.loop.timeLimit = next + limit;
    this.#judge(() => new TimeLimitError(limit, next, this.#tree()), "the time limit is over");
  }

  livelocked(steps: StepCount): void {
    const time = this.loop.time();
    const report = (): Error => new LivelockError(steps.count, time, steps.busiest(), this.#tree());
    this.#judge(report, "the program runs for ever");
  }

  unpickable(error: unknown): void {
    this.#judge(() => error, "the program does not follow its schedule");
  }

  #tree(): string {
    return formatTreeOf(this.#runner as Scope);
  }

  /** The first report stands; each further one is one more attempt to end the program. */
  #judge(report: () => unknown, why: string): void {
    if (!this.#judged) this.#verdict = report();
    this.#judged = true;
    if (++this.#cancels > ATTEMPTS) {
      this.loop.halt();
      return this.#giveUp(this.#verdict);
    }
    const error = cancelled(why);
    for (const task of this.#victims()) task.cancelWith(error);
  }

  /** The main task first; once it has ended, whatever will not end. */
  #victims(): Task<unknown>[] {
    if (this.#main?.done() === false) return [this.#main];
    return tasksUnder(this.#runner as Scope);
  }
}
