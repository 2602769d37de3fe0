/*
 * ThreadPoolExecutor: calls on a pool of threads (`concurrent.futures.ThreadPoolExecutor`, on worker_threads).
 *
 * Limits: a thread has a heap of its own: what it is given is cloned, and module state is not shared.
 */
import type { ResourceLimits } from "node:worker_threads";
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { BETWEEN_THREADS } from "./cloning.ts";
import { BrokenThreadPool } from "./errors.ts";
import { Pool } from "./pool.ts";
import { PoolExecutor } from "./poolExecutor.ts";
import { plannedBy, type PoolOptions } from "./poolOptions.ts";
import { ThreadLink } from "./threadLink.ts";

/** How a pool of threads is made. */
export interface ThreadPoolOptions extends PoolOptions {
  /** Threads are named `${prefix}_0`, `${prefix}_1`, …; default `ThreadPoolExecutor-N`. */
  readonly threadNamePrefix?: string;
  /** Of each thread's memory, as `node:worker_threads` has them. What exceeds them ends the thread, and its call with a {@link WorkerLostError}. */
  readonly resourceLimits?: ResourceLimits;
}

/** What `statistics()` tells. */
export interface ThreadPoolStatistics {
  /** The names of the threads that there are. */
  readonly threads: readonly string[];
  readonly maxWorkers: number;
  /** Calls that wait for a thread. */
  readonly waiting: number;
  /** Calls that a thread has been given. */
  readonly running: number;
}

let pools = 0;

/**
 * A pool of threads.
 *
 * Threads start when they are needed, and an idle pool does not keep the process alive: a program that ends without
 * `shutdown` ends when its calls have. Calls begin in the order of `submit`.
 *
 * **Cancellation:** a call that waits is dropped. A running one sees its `ambientSignal()` aborted, its next wait
 * throws, and `cancelRequested()` is true; when it has not ended after `grace` ms its thread is ended and replaced.
 * Only then does the cancelled awaiter resume; `cancellable(executor.submit(…))` lets it go at once. A thread inside
 * native code (a synchronous hash of a gigabyte) ends only when that returns.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from "ambit/futures";
 *
 * const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
 * const path = pool.module<typeof import("node:path").posix>("node:path/posix");
 * await path.join("a", "b"); // => "a/b"
 * await pool.shutdown();
 * ```
 */
export class ThreadPoolExecutor extends PoolExecutor {
  readonly #maxWorkers: number;
  /** @internal */
  protected override readonly pool: Pool<ThreadLink>;

  /**
   * @throws RangeError or TypeError for an option that is none
   */
  constructor(options: ThreadPoolOptions = {}) {
    super(options);
    const planned = plannedBy(options);
    const { resourceLimits } = options;
    if (resourceLimits !== undefined && typeof resourceLimits !== "object")
      throw wrongType("options.resourceLimits", "an object of limits", resourceLimits);
    const prefix = options.threadNamePrefix ?? `ThreadPoolExecutor-${pools++}`;
    this.#maxWorkers = planned.maxWorkers;
    this.pool = new Pool({
      ...planned,
      executor: this,
      drives: true,
      maxTasks: Infinity,
      prefix,
      medium: BETWEEN_THREADS,
      open: (name, initializing, owner) =>
        new ThreadLink(name, initializing, owner, planned.grace, resourceLimits),
      breakage: (cause) => broken(prefix, cause),
    });
  }

  /** What it is doing now. */
  statistics(): ThreadPoolStatistics {
    const { workers, waiting, running } = this.pool;
    const threads = Array.from(workers, (worker) => worker.name);
    return { threads, maxWorkers: this.#maxWorkers, waiting, running };
  }

  /** @internal */
  [INSPECT](): string {
    return `ThreadPoolExecutor { ${this.pool.describe("threads")} }`;
  }
}

function broken(prefix: string, cause: unknown): BrokenThreadPool {
  return new BrokenThreadPool(
    `a thread of ${prefix} could not start: its initializer threw, or the thread itself failed`,
    { cause },
  );
}
