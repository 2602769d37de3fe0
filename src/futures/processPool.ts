/*
 * ProcessPoolExecutor: calls on a pool of child processes (`concurrent.futures.ProcessPoolExecutor`).
 *
 * Limits: everything is copied, also what `transfer` marks; a process takes 40 to 60 MB and as many milliseconds to
 * start. A pool of threads is cheaper where nothing must be killed.
 */
import { inspect } from "node:util";
import { expectInteger, expectLimit, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { BrokenProcessPool } from "./errors.ts";
import { Pool } from "./pool.ts";
import { PoolExecutor } from "./poolExecutor.ts";
import { plannedBy, type PoolOptions } from "./poolOptions.ts";
import { type ChildPlan, ProcessLink } from "./processLink.ts";
import { processFlags } from "./workerFlags.ts";
import { BETWEEN_PROCESSES } from "./wire.ts";

/** How a pool of processes is made. */
export interface ProcessPoolOptions extends PoolOptions {
  /** Processes are named `${prefix}_0`, `${prefix}_1`, …, which `ps` shows; default `ProcessPoolExecutor-N`. */
  readonly processNamePrefix?: string;
  /** A process is replaced after so many calls, a chunk of `map` being one; at least 1. Default Infinity. */
  readonly maxTasksPerChild?: number;
  /**
   * The most memory for JavaScript's objects in each process, in MiB; at least 16. What exceeds it ends the process, and its
   * call with a {@link WorkerLostError}. Default: what Node.js takes.
   */
  readonly maxOldGenerationSizeMb?: number;
  /** Flags of Node.js for the processes. Default: this process's own, without those for debugging and watching. */
  readonly execArgv?: readonly string[];
  /** Environment variables of the processes. Default: this process's own, as they are when a process starts. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What `statistics()` tells. */
export interface ProcessPoolStatistics {
  /** The processes that there are. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  readonly maxWorkers: number;
  /** Calls that wait for a process. */
  readonly waiting: number;
  /** Calls that a process has been given. */
  readonly running: number;
}

let pools = 0;

/**
 * A pool of child processes: for what must be killed when it is cancelled, may crash, or leaks.
 *
 * Processes start when they are needed, and an idle pool does not keep the program alive: one that ends without
 * `shutdown` ends when its calls have, and its processes are killed with it, however it ends. They are in a session of
 * their own: Ctrl-C reaches the program only. They write to the program's stdout and stderr; their stdin is empty.
 *
 * Arguments and results are cloned. What `transfer` marks is copied, too; a SharedArrayBuffer is refused.
 *
 * A process that is lost (`kill -9`, `process.exit`, out of memory) fails the call that it ran with a
 * {@link WorkerLostError}; calls that it had been sent and had not begun go to another. No call ever runs twice: a
 * process marks each call before it begins, where the mark outlives it. (CPython breaks the whole pool.)
 *
 * **Cancellation:** a call that waits is dropped. A running one sees its `ambientSignal()` aborted, its next wait
 * throws, and `cancelRequested()` is true; when it has not ended after `grace` ms its process is killed (SIGKILL, also
 * for what it has started and waits for) and replaced. That ends native code and `execSync`, too. Only then does the
 * cancelled awaiter resume; `cancellable(executor.submit(…))` lets it go at once.
 *
 * @example
 * ```ts
 * import { ProcessPoolExecutor } from "ambit/futures";
 *
 * const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
 * const path = pool.module<typeof import("node:path").posix>("node:path/posix");
 * await path.join("a", "b"); // => "a/b"
 * await pool.shutdown();
 * ```
 */
export class ProcessPoolExecutor extends PoolExecutor {
  readonly #maxWorkers: number;
  /** @internal */
  protected override readonly pool: Pool<ProcessLink>;

  /**
   * @throws RangeError or TypeError for an option that is none
   */
  constructor(options: ProcessPoolOptions = {}) {
    super(options);
    const planned = plannedBy(options);
    const { maxTasksPerChild = Infinity } = options;
    expectLimit("options.maxTasksPerChild", maxTasksPerChild, 1);
    const plan = planOf(options, planned.grace);
    const prefix = options.processNamePrefix ?? `ProcessPoolExecutor-${pools++}`;
    this.#maxWorkers = planned.maxWorkers;
    this.pool = new Pool({
      ...planned,
      executor: this,
      drives: false,
      maxTasks: maxTasksPerChild,
      prefix,
      medium: BETWEEN_PROCESSES,
      open: (name, initializing, owner) => new ProcessLink(name, initializing, owner, plan()),
      breakage: (cause) => broken(prefix, cause),
    });
  }

  /**
   * Shuts it down without waiting for its calls, and sends SIGTERM to its processes (CPython 3.14,
   * `terminate_workers`). Calls that have begun fail with a {@link BrokenProcessPool}, the others are cancelled. A
   * process that handles SIGTERM ends when that says so.
   *
   * **Cancellation:** the caller stops waiting; the processes end all the same.
   *
   * @returns fulfilled when the processes have ended
   */
  async terminateWorkers(): Promise<void> {
    await this.pool.abandon("SIGTERM", ended(this, "SIGTERM"));
  }

  /**
   * As {@link ProcessPoolExecutor.terminateWorkers}, with SIGKILL (CPython 3.14, `kill_workers`).
   *
   * **Cancellation:** the caller stops waiting; the processes end all the same.
   *
   * @returns fulfilled when the processes have ended
   */
  async killWorkers(): Promise<void> {
    await this.pool.abandon("SIGKILL", ended(this, "SIGKILL"));
  }

  /** What it is doing now. */
  statistics(): ProcessPoolStatistics {
    const { workers, waiting, running } = this.pool;
    const processes = Array.from(workers, ({ name, link }) => ({ name, pid: link.pid }));
    return { processes, maxWorkers: this.#maxWorkers, waiting, running };
  }

  /** @internal */
  [INSPECT](): string {
    return `ProcessPoolExecutor { ${this.pool.describe("processes")} }`;
  }
}

/** The environment may change until a process starts. */
function planOf(options: ProcessPoolOptions, grace: number): () => ChildPlan {
  const { execArgv, env, maxOldGenerationSizeMb = 0 } = options;
  if (maxOldGenerationSizeMb !== 0)
    expectInteger("options.maxOldGenerationSizeMb", maxOldGenerationSizeMb, 16);
  if (execArgv !== undefined && !Array.isArray(execArgv))
    throw wrongType("options.execArgv", "a list of flags", execArgv);
  if (env !== undefined && (typeof env !== "object" || env === null))
    throw wrongType("options.env", "an object", env);
  return () => ({
    execArgv: execArgv ?? processFlags(),
    env: env ?? process.env,
    heap: maxOldGenerationSizeMb,
    grace,
  });
}

function ended(executor: ProcessPoolExecutor, signal: string): BrokenProcessPool {
  return new BrokenProcessPool(`the processes of ${inspect(executor)} were ended by ${signal}`);
}

function broken(prefix: string, cause: unknown): BrokenProcessPool {
  return new BrokenProcessPool(
    `a process of ${prefix} could not start: its initializer threw, or the process itself failed`,
    { cause },
  );
}
