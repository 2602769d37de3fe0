/*
 * run and Runner: from plain code into a program of tasks, and out again with nothing left behind.
 *
 * Strategy: a runner is a scope of its own, closed to cancels from outside; `run` awaits the main task, which ties the
 * caller to it. On the way out what is left is cancelled and awaited, again until nothing is (clean-up code may start
 * tasks), then what registered itself (executors, generators) is closed, then failures that nobody looked at are
 * reported.
 * Nesting: `run` inside a running task, a REPL or a notebook makes an inner runner; only the outermost one listens to
 * signals.
 */
import { expectAbortSignal, expectFunction } from "./arguments.ts";
import { cancelled } from "./cancellation.ts";
import { Context } from "./context.ts";
import { enterDebugMode, leaveDebugMode, setLastLook } from "./debugMode.ts";
import { RunnerStateError } from "./errors.ts";
import { INSPECT } from "./inspection.ts";
import type { Loop } from "./loop.ts";
import { ambient, ambientScope, callInContext, Scope } from "./scope.ts";
import { leaveBySignal, SignalWatch } from "./signals.ts";
import { reportPendingAtExit } from "./pendingAtExit.ts";
import { spawnUnder } from "./createTask.ts";
import { tasksUnder } from "./currentTask.ts";
import type { Task, TaskBody } from "./task.ts";
import { watchSteps } from "./steps.ts";
import { cancelTimers } from "./runTimers.ts";
import { formatTaskTree } from "./taskTree.ts";
import { reportUnretrieved } from "./unretrieved.ts";

/** How a program is run. */
export interface RunOptions {
  /** Aborting it cancels the main task. No listener is left on it. */
  readonly signal?: AbortSignal;
  /** Debug mode for this loop: slow steps, late waits, stacks. Default: `AMBIT_DEBUG=1`. */
  readonly debug?: boolean;
  /** Name of the main task. Default `main`. */
  readonly name?: string;
  /** Whether SIGINT and SIGTERM cancel the main task. Default: true for the outermost run. */
  readonly handleSignals?: boolean;
  /** The loop to run on. Default: the caller's. `ambit/testing` gives another. @internal */
  readonly loop?: Loop;
}

let outermost = 0;

setLastLook(reportPendingAtExit);

/** What is to be called at the end of a run. */
interface Closer {
  readonly close: () => PromiseLike<void> | void;
}

const closers = new WeakMap<Scope, Set<Closer>>();

/**
 * Has `close` called when the current run ends: after its tasks, last registered first. For what outlives a task but
 * not the program: pools, caches, executors. What it throws goes to the exception handler.
 *
 * @returns a function that takes it back, for what was closed before
 * @throws TypeError when `close` is not a function
 *
 * @example
 * ```ts
 * import { onRunnerEnd, run } from "ambit";
 *
 * const log: string[] = [];
 * await run(async () => {
 *   onRunnerEnd(() => void log.push("pool closed"));
 *   log.push("main ended");
 * });
 * log; // => ["main ended", "pool closed"]
 * ```
 */
export function onRunnerEnd(close: () => PromiseLike<void> | void): () => void {
  expectFunction("close", close);
  const { runner } = ambientScope();
  const closer = { close };
  const all = closers.get(runner) ?? new Set();
  closers.set(runner, all.add(closer));
  return () => void all.delete(closer);
}

/**
 * Several runs on one loop with one set of context variables (`asyncio.Runner`).
 *
 * Invariant: idle, running one main task at a time, closed.
 *
 * @example
 * ```ts
 * import { Runner, sleep } from "ambit";
 *
 * const runner = new Runner();
 * const first = await runner.run(() => sleep(1, 40));
 * const second = await runner.run(() => sleep(1, 2));
 * await runner.close();
 * first + second; // => 42
 * ```
 */
export class Runner implements AsyncDisposable {
  readonly #options: RunOptions;
  readonly #scope: Scope;
  readonly #nested: boolean;
  #main: Task<unknown> | null = null;
  #closed = false;

  constructor(options: RunOptions = {}) {
    if (options.signal !== undefined) expectAbortSignal("options.signal", options.signal);
    this.#options = options;
    const parent = ambientScope();
    this.#nested = parent.home.body !== null;
    this.#scope = new Scope(parent, "shield", options.loop ?? parent.loop);
    this.#scope.runner = this.#scope;
    this.#scope.body = this;
    this.#scope.home = this.#scope;
    this.#scope.context = parent.home.context?.copy() ?? new Context();
    if (options.debug !== undefined) enterDebugMode(this.getLoop(), options.debug);
    if (this.getLoop().debug) watchSteps(this.getLoop(), ambient);
  }

  /** The loop that it runs on. */
  getLoop(): Loop {
    return this.#scope.loop;
  }

  /**
   * Runs `main` as the main task and gives what it returns. Tasks it leaves behind go on until {@link Runner.close}. Its
   * context variables are the runner's, or those of `context`.
   *
   * **Cancellation:** cancelling the caller cancels the main task and waits for its end.
   *
   * @throws what `main` throws
   * @throws {@link RunnerStateError} when it is closed or running
   */
  async run<T>(main: TaskBody<T>, how: { readonly context?: Context } = {}): Promise<T> {
    expectFunction("main", main);
    if (this.#closed) throw new RunnerStateError("run on a Runner that is closed: make a new one");
    if (this.#main !== null)
      throw new RunnerStateError("run on a Runner that is running already: await its run first");
    const { name = "main", signal } = this.#options;
    const { context = this.#scope.context as Context } = how;
    const options = signal === undefined ? { name, context } : { name, context, signal };
    const task = spawnUnder(this.#scope, main, options);
    this.#main = task;
    const watch = this.#watchSignals(task);
    try {
      return await task;
    } finally {
      watch?.close();
      this.#main = null;
    }
  }

  #watchSignals(task: Task<unknown>): SignalWatch | null {
    const wanted = this.#options.handleSignals ?? !this.#nested;
    return wanted ? new SignalWatch((error) => task.cancelWith(error)) : null;
  }

  /** Cancels what is left, waits for it, closes executors, reports failures that nobody looked at. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#main !== null)
      throw new RunnerStateError("close of a Runner that is running: await its run first");
    this.#closed = true;
    await this.#endTasks();
    await this.#callClosers();
    cancelTimers(this.#scope);
    reportUnretrieved(this.#scope);
    this.#scope.end();
    if (this.#options.debug !== undefined) leaveDebugMode(this.getLoop());
  }

  async #endTasks(): Promise<void> {
    for (let left = tasksUnder(this.#scope); left.length > 0; left = tasksUnder(this.#scope)) {
      // One error for all: a child that its group hands the cancel too gets it once.
      const error = cancelled("the run has ended");
      for (const task of left) task.cancelWith(error);
      await Promise.all(left.map((task) => endOf(task)));
      for (const task of left) this.#reportFailure(task);
    }
  }

  #reportFailure(task: Task<unknown>): void {
    if (task.state !== "rejected") return;
    const exception = task.exception();
    const message = "a task failed while run() was shutting down";
    callInContext(task.getContext(), () =>
      this.getLoop().callExceptionHandler({ message, exception, task }),
    );
  }

  async #callClosers(): Promise<void> {
    const all = closers.get(this.#scope) ?? new Set();
    for (const closer of [...all].toReversed()) {
      // One that was taken back meanwhile, by another's closing, is closed.
      if (!all.delete(closer)) continue;
      const { close } = closer;
      try {
        await ambient.run(this.#scope, close);
      } catch (error) {
        this.getLoop().callExceptionHandler({
          message: "closing at the end of run() failed",
          exception: error,
        });
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#closed ? "closed" : this.#main === null ? "idle" : "running";
    return `<Runner ${state}>`;
  }
}

/** Waits for a task's end without being tied to it, and whatever it ended with. */
function endOf(task: Task<unknown>): Promise<void> {
  return new Promise((resolve) => task.addWaiter({ settled: resolve }));
}

/** Says why, when the process is about to end while a program waits for something that can never come. */
function reportStuck(): void {
  process.stderr.write(
    "ambit: the event loop is empty, but run() still waits: nothing is left that could wake these tasks\n" +
      `${formatTaskTree()}\n`,
  );
}

/**
 * Runs `main` as a program: tasks that it leaves behind are cancelled and awaited, then its value is returned
 * (`asyncio.run`).
 *
 * SIGINT and SIGTERM cancel the main task first; when that cancellation leaves `run`, the exit code is 130 or 143, and
 * a program that does not catch it ends with it quietly. The second signal ends the process at once.
 * Inside a running task it nests: the inner program has tasks of its own.
 *
 * **Cancellation:** cancelling the caller, or aborting `options.signal`, cancels the main task and waits for its end.
 *
 * @throws what `main` throws
 * @throws TypeError when `main` is not a function
 *
 * @example
 * ```ts
 * import { run, sleep } from "ambit";
 *
 * const answer = await run(async () => {
 *   await sleep(1);
 *   return 42;
 * });
 * answer; // => 42
 * ```
 */
export async function run<T>(main: TaskBody<T>, options: RunOptions = {}): Promise<T> {
  expectFunction("main", main);
  const runner = new Runner(options);
  if (++outermost === 1) process.on("beforeExit", reportStuck);
  try {
    return await runner.run(main);
  } catch (error) {
    leaveBySignal(error);
    throw error;
  } finally {
    await runner.close();
    if (--outermost === 0) process.off("beforeExit", reportStuck);
  }
}
