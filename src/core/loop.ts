/*
 * The loop: the one place that knows time and order.
 *
 * Strategy: Node's own event loop does the work; a Loop says how Ambit uses it: what time it is, when a task may
 * start, how a completed wait resumes its task (the wake policy), where timers live, who hears of errors that reach
 * nobody. There are two: `UvLoop` for production, the virtual one of `ambit/testing`. Everything above is written
 * against this class and never touches a timer of Node's.
 * Limits: a loop cannot be stopped or run "until complete"; the host loop is Node's. asyncio's add_reader, sock_* and
 * policies have no counterpart.
 */
import { inspect } from "node:util";
import { expectFunction, expectMilliseconds } from "./arguments.ts";
import type { TimerHandle } from "./clock.ts";
import { withOrigin } from "./origin.ts";
import { beginThrow, throwSoon } from "./throwing.ts";
import { type ArgumentOptions, Callback, type CallOptions, Handle } from "./handle.ts";

/** Something that waits for its turn: a completed wait, a callback. @internal */
export interface Entry {
  run(): void;
}

/** A wait that has completed. @internal */
export interface Resumable<T> {
  conclude(outcome: T, failed: boolean): void;
}

/** A wait that a full turn of the event loop completes. @internal */
export interface Passing {
  finish(value: undefined): void;
}

/** What an exception handler is told. */
export interface ExceptionContext {
  /** What happened, as one sentence. */
  readonly message: string;
  /** The error, where there is one. */
  readonly exception?: unknown;
  /** The task or future it happened in, where known. */
  readonly task?: object;
  /** The callback it happened in, where it was one. */
  readonly handle?: object;
  /** In debug mode: where in the user's code the task or callback was created, as `file:line`. */
  readonly createdAt?: string;
  /** In debug mode: where work was started that outlived its scope, as `file:line`. */
  readonly startedAt?: string;
  /** In debug mode: the wait that it came from, or was thrown out of, as `file:line`. */
  readonly waitedAt?: string;
  /** In debug mode: the wait that it went on to, as `file:line`. */
  readonly nextWaitAt?: string;
  /** In a worker of an executor: `thread 'pool_0', while it ran 'convert' for task 'upload'`. */
  readonly origin?: string;
  /** More for the reader: where it started, a task tree. */
  readonly details?: string;
}

/** Hears of errors that reach nobody else. */
export type ExceptionHandler = (context: ExceptionContext) => void;

/** Clock, order and error reporting of a program. `getRunningLoop()` gives the one in charge. */
export abstract class Loop {
  /** Reports slow steps, swallowed cancellations and waits that came too late; off unless `run({ debug: true })` or `AMBIT_DEBUG=1`. */
  debug: boolean = process.env["AMBIT_DEBUG"] === "1";
  /** In debug mode, a step that holds the loop for longer than this many milliseconds is reported. Default 100. */
  slowCallbackDuration = 100;
  /** Whether it is noted who feeds what, see `feeding.ts`. @internal */
  readonly keepsNotes: boolean = false;
  #exceptionHandler: ExceptionHandler | null = null;

  /** Milliseconds on the loop's clock; only differences mean anything. */
  abstract time(): number;
  /**
   * Milliseconds since 1970, for what the world outside dates: an expiry, a `Retry-After`. In virtual time it goes on
   * from when the run began, with the virtual clock. It may jump when the system's clock is set: to measure, take
   * {@link Loop.time}.
   */
  abstract wallTime(): number;
  /** Runs what the end of a wait or a task holds up, as the wake policy says; `scope` is where it goes on. @internal */
  abstract wake(entry: Entry, scope?: object): void;
  /** Resumes the code of a completed wait in its scope, as the wake policy says. @internal */
  abstract resume<T>(wait: Resumable<T>, outcome: T, failed: boolean, scope: object): void;
  /** The promise of a wait that a cancel refused, which was asked for before it began. @internal */
  refuse(error: Error, scope: object): Promise<never> {
    beginThrow(scope);
    throwSoon(scope);
    return Promise.reject(error);
  }
  /** Runs the entry on the next turn of the ready queue, in the caller's async context. @internal */
  abstract enqueue(entry: Entry): void;
  /**
   * Calls `run(argument)` on the next turn of the ready queue, in a microtask of its own and in the caller's async
   * context. The argument is no thenable.
   * @internal
   */
  abstract begin<A>(run: (argument: A) => void, argument: A): void;
  /** Finishes the wait after one full turn of the event loop. @internal */
  abstract pass(wait: Passing): void;
  /** True while the running slice may go on without a full turn. @internal */
  abstract withinBudget(): boolean;
  /** Runs `run(argument)` at `when`, in no particular async context. @internal */
  abstract schedule<A>(when: number, run: (argument: A) => void, argument: A): TimerHandle;

  /**
   * Calls `callback` in the next turn, after what is ready now, in the order of the calls (`loop.call_soon`). It runs in
   * no task, but in the caller's run and async context, with a copy of its context variables or with `options.context`.
   * What it throws goes to the exception handler.
   *
   * @example
   * ```ts
   * import { getRunningLoop, sleep } from "ambit";
   *
   * const log: string[] = [];
   * getRunningLoop().callSoon((name: string) => log.push(name), { args: ["soon"] });
   * log.push("now");
   * await sleep(0);
   * log; // => ["now", "soon"]
   * ```
   */
  callSoon(callback: () => void, options?: CallOptions): Handle;
  callSoon<A extends readonly unknown[]>(
    callback: (...args: A) => void,
    options: ArgumentOptions<A>,
  ): Handle;
  callSoon(callback: Called, options: CallOptions = {}): Handle {
    expectFunction("callback", callback);
    const handle = new Handle(new Callback(this, callback, options, this.callSoon));
    this.enqueue(handle);
    return handle;
  }

  /**
   * Calls `callback` after `ms` milliseconds, or soon when that is not more than 0, as {@link Loop.callSoon} does
   * (`loop.call_later`). Of two that are due together, the earlier call comes first. What is not due at the end of the
   * run is not called.
   */
  callLater(ms: number, callback: () => void, options?: CallOptions): TimerHandle;
  callLater<A extends readonly unknown[]>(
    ms: number,
    callback: (...args: A) => void,
    options: ArgumentOptions<A>,
  ): TimerHandle;
  callLater(ms: number, callback: Called, options: CallOptions = {}): TimerHandle {
    expectMilliseconds("ms", ms);
    expectFunction("callback", callback);
    return this.#callAt(this.time() + ms, new Callback(this, callback, options, this.callLater));
  }

  /** Calls `callback` when the loop's clock reaches `when`, as {@link Loop.callLater} does (`loop.call_at`). */
  callAt(when: number, callback: () => void, options?: CallOptions): TimerHandle;
  callAt<A extends readonly unknown[]>(
    when: number,
    callback: (...args: A) => void,
    options: ArgumentOptions<A>,
  ): TimerHandle;
  callAt(when: number, callback: Called, options: CallOptions = {}): TimerHandle {
    expectMilliseconds("when", when);
    expectFunction("callback", callback);
    return this.#callAt(when, new Callback(this, callback, options, this.callAt));
  }

  #callAt(when: number, callback: Callback): TimerHandle {
    const handle = this.schedule(when, runCallback, callback);
    callback.waitsFor(handle);
    return handle;
  }

  /** Who hears of errors that reach nobody; null is the default, which prints to standard error. */
  getExceptionHandler(): ExceptionHandler | null {
    return this.#exceptionHandler;
  }

  /** Replaces the exception handler; null restores the default. */
  setExceptionHandler(handler: ExceptionHandler | null): void {
    if (handler !== null) expectFunction("handler", handler);
    this.#exceptionHandler = handler;
  }

  /**
   * Tells the exception handler. Never throws: a handler that does, at once or as an async function, is reported by the
   * default one, with what it was told; what cannot be printed (an `inspect` of the user's throws) is told by its
   * message alone.
   */
  callExceptionHandler(report: ExceptionContext): void {
    const context = withOrigin(report);
    if (this.#exceptionHandler === null) return this.#tellDefault(context);
    try {
      const told: unknown = this.#exceptionHandler(context);
      if (told instanceof Promise)
        told.catch((error: unknown) => this.#handlerThrew(context, error));
    } catch (error) {
      this.#handlerThrew(context, error);
    }
  }

  #handlerThrew(context: ExceptionContext, error: unknown): void {
    this.#tellDefault(context);
    this.#tellDefault({ message: "the exception handler threw", exception: error });
  }

  #tellDefault(context: ExceptionContext): void {
    try {
      this.defaultExceptionHandler(context);
    } catch {
      process.stderr.write(
        `ambit: ${context.message}\n(the rest of this report cannot be printed)\n`,
      );
    }
  }

  /** Prints the context to standard error. */
  defaultExceptionHandler(context: ExceptionContext): void {
    const lines = [`ambit: ${context.message}`];
    if (context.origin !== undefined) lines.push(`in: ${context.origin}`);
    if (context.task !== undefined) lines.push(`task: ${inspect(context.task)}`);
    if (context.details !== undefined) lines.push(context.details);
    if (context.exception !== undefined) lines.push(inspect(context.exception));
    process.stderr.write(`${lines.join("\n")}\n`);
  }

  /** Runs a callback of the user's; what it throws goes to the exception handler. @internal */
  guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.callExceptionHandler({ message: "a callback threw", exception: error });
    }
  }
}

type Called = (...args: never[]) => void;

function runCallback(callback: Callback): void {
  callback.run();
}
