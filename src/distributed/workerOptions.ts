/*
 * How a worker is made: its options, checked, with what stands for those left out.
 */
import { availableParallelism } from "node:os";
import type { RedisOptions } from "ioredis";
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { Executor } from "../futures/executor.ts";
import { ThreadPoolExecutor } from "../futures/threadPool.ts";
import { expectQueue } from "./callOptions.ts";
import type { PayloadLimits } from "./payload.ts";

/** How a worker is made. */
export interface DistributedWorkerOptions {
  /** Where Redis is; default port 6379 of this machine. */
  readonly redis?: string | RedisOptions;
  /** The queue whose calls it takes. Default `"default"`. */
  readonly queue?: string;
  /** What all keys in Redis begin with. Default `"ambit"`. */
  readonly prefix?: string;
  /** Calls that it runs at a time; at least 1. Default: as many as the machine runs threads at once. */
  readonly concurrency?: number;
  /**
   * Where the functions run: a pool, which is shut down with the worker, or `"inline"`, in this very thread: for functions
   * that only wait for others, for one that computes would hold up the worker. Default: a pool of `concurrency` threads.
   */
  readonly executor?: Executor | "inline";
  /** Milliseconds after which a worker of which nothing is heard counts as lost. Default 15,000. */
  readonly lockDuration?: number;
  /** How often the workers that run a call may be lost, until it is given up. Default 3. */
  readonly maxLosses?: number;
  /** No more than `max` calls begin in `duration` milliseconds, on all workers of the queue together. Default no limit. */
  readonly rateLimit?: { readonly max: number; readonly duration: number };
  /** Milliseconds between looks at what the running calls' submitters want. Default 5000. */
  readonly watchInterval?: number;
  /** The most bytes of a result. Default 32 MiB. */
  readonly maxPayload?: number;
  /** Results of more bytes lie under a key of their own. Default 64 KiB. */
  readonly inlineLimit?: number;
  /** Hears of trouble with Redis, for a log; the worker goes on by itself. */
  readonly onTrouble?: (error: Error) => void;
}

/** @internal */
export interface WorkerSettings {
  readonly redis: string | RedisOptions;
  readonly queue: string;
  readonly prefix: string;
  readonly concurrency: number;
  /** Null where the functions run in this thread. */
  readonly executor: Executor | null;
  readonly lockDuration: number;
  readonly maxLosses: number;
  readonly rateLimit: { readonly max: number; readonly duration: number } | null;
  readonly watchInterval: number;
  readonly limits: PayloadLimits;
  readonly onTrouble: (error: Error) => void;
}

const MIB = 1_048_576;

/** @throws TypeError, RangeError when an option is not what it should be. @internal */
export function workerSettings(options: DistributedWorkerOptions): WorkerSettings {
  const { redis = "redis://localhost:6379", queue = "default", prefix = "ambit" } = options;
  const { concurrency = availableParallelism(), lockDuration = 15_000, maxLosses = 3 } = options;
  const { watchInterval = 5000, maxPayload = 32 * MIB, inlineLimit = MIB / 16 } = options;
  expectQueue({ redis, queue, prefix });
  const numbers = { concurrency, watchInterval, maxPayload, inlineLimit };
  for (const [name, value] of Object.entries(numbers)) expectInteger(`options.${name}`, value, 1);
  expectInteger("options.lockDuration", lockDuration, 100);
  expectInteger("options.maxLosses", maxLosses, 0);
  return {
    redis,
    queue,
    prefix,
    concurrency,
    executor: executorOf(options.executor, concurrency),
    lockDuration,
    maxLosses,
    rateLimit: rateLimitOf(options.rateLimit),
    watchInterval,
    limits: { maxPayload, inlineLimit },
    onTrouble: options.onTrouble ?? ((): void => {}),
  };
}

function executorOf(executor: unknown, concurrency: number): Executor | null {
  if (executor === "inline") return null;
  if (executor === undefined) return new ThreadPoolExecutor({ maxWorkers: concurrency });
  if (executor instanceof Executor) return executor;
  throw typeof executor === "string"
    ? outOfRange("options.executor", '"inline" or an Executor', executor)
    : wrongType("options.executor", '"inline" or an Executor', executor);
}

function rateLimitOf(limit: WorkerSettings["rateLimit"] | undefined): WorkerSettings["rateLimit"] {
  if (limit === undefined || limit === null) return null;
  if (typeof limit !== "object")
    throw wrongType("options.rateLimit", "an object of max and duration", limit);
  expectInteger("options.rateLimit.max", limit.max, 1);
  expectInteger("options.rateLimit.duration", limit.duration, 1);
  return limit;
}
