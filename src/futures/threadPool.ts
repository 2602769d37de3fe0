/*
 * ThreadPoolExecutor: calls on a pool of threads (`concurrent.futures.ThreadPoolExecutor`, on worker_threads).
 *
 * Limits: a thread has a heap of its own: what it is given is cloned, and module state is not shared.
 */
import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";
import {
  expectInteger,
  expectLimit,
  expectMilliseconds,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { BETWEEN_THREADS } from "./cloning.ts";
import { BrokenThreadPool } from "./errors.ts";
import { initializerOf } from "./initializer.ts";
import { Pool } from "./pool.ts";
import { PoolExecutor } from "./poolExecutor.ts";
import { ThreadLink } from "./threadLink.ts";

/** How a pool of threads is made. */
export interface ThreadPoolOptions {
  /** The most threads; an integer of at least 1. Default: as many as the machine runs at once. */
  readonly maxWorkers?: number;
  /** Threads are named `${prefix}_0`, `${prefix}_1`, …; default `ThreadPoolExecutor-N`. */
  readonly threadNamePrefix?: string;
  /** Called in each thread before its first call; an exported function. If it throws, the pool is broken. */
  readonly initializer?: (...args: never[]) => unknown;
  /** Its arguments; cloned. */
  readonly initArgs?: readonly unknown[];
  /** Milliseconds that a cancelled call has to stop by itself before its thread is ended. Default 1000. */
  readonly grace?: number;
  /** Whether who cancels a running call goes on at once; see {@link CallOptions}. Default false. */
  readonly abandonOnCancel?: boolean;
  /** Milliseconds after which an idle thread is ended; Infinity for never. Default 60000. */
  readonly idleTimeout?: number;
  /** So many threads are started with the first call, and are kept when idle; from 0 to `maxWorkers`. Default 0. */
  readonly minWorkers?: number;
  /** Bytes: a thread whose heap is larger, twice after its calls have ended, is replaced. Default Infinity. */
  readonly maxHeap?: number;
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

  constructor(options: ThreadPoolOptions = {}) {
    super();
    const { maxWorkers = availableParallelism(), grace = 1000, minWorkers = 0 } = options;
    const { idleTimeout = 60_000, maxHeap = Infinity, resourceLimits } = options;
    expectInteger("options.maxWorkers", maxWorkers, 1);
    expectMilliseconds("options.grace", grace);
    expectMilliseconds("options.idleTimeout", idleTimeout);
    expectInteger("options.minWorkers", minWorkers, 0);
    if (minWorkers > maxWorkers)
      throw outOfRange("options.minWorkers", "no more than maxWorkers", minWorkers);
    expectLimit("options.maxHeap", maxHeap, 1);
    if (resourceLimits !== undefined && typeof resourceLimits !== "object")
      throw wrongType("options.resourceLimits", "an object of limits", resourceLimits);
    const prefix = options.threadNamePrefix ?? `ThreadPoolExecutor-${pools++}`;
    const { abandonOnCancel = false } = options;
    if (abandonOnCancel) this.options = { abandonOnCancel };
    this.#maxWorkers = maxWorkers;
    this.pool = new Pool({
      executor: this,
      maxWorkers,
      drives: true,
      maxTasks: Infinity,
      prefix,
      grace,
      initializer: initializerOf(options.initializer, options.initArgs),
      medium: BETWEEN_THREADS,
      open: (name, initializing, owner) =>
        new ThreadLink(name, initializing, owner, resourceLimits),
      minWorkers,
      limits: { idle: idleTimeout, heap: maxHeap },
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
