/*
 * The error classes of executors (`concurrent.futures`).
 */

/** Thrown by `submit` and `map` of an executor that was shut down, or in a process that is ending. */
export class ExecutorShutdownError extends Error {
  override readonly name = "ExecutorShutdownError";
}

/** An executor that cannot run anything any more: its calls fail with this, and so does every later `submit`. */
export class BrokenExecutor extends Error {
  override readonly name: string = "BrokenExecutor";
}

/** A thread pool whose initializer failed, or whose threads cannot start. `cause` says why. */
export class BrokenThreadPool extends BrokenExecutor {
  override readonly name = "BrokenThreadPool";
}

/** A process pool whose initializer failed, or whose processes cannot start (`cause` says why) or were ended by `terminateWorkers`. */
export class BrokenProcessPool extends BrokenExecutor {
  override readonly name = "BrokenProcessPool";
}

/**
 * A thread or process that ended while it ran the call: by `process.exit`, for want of memory, or because somebody killed
 * it. The pool goes on without it.
 */
export class WorkerLostError extends Error {
  override readonly name = "WorkerLostError";
  /** The exit code of the thread or process; minus a signal's number when a signal ended it (Python's `exitcode`). */
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** A function that another thread cannot find: it is no export of a module that can be imported again. */
export class UnreachableFunctionError extends TypeError {
  override readonly name = "UnreachableFunctionError";
}
