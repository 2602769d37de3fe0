/**
 * The executors with workers of their own, for tests that hold for both.
 */
import { run } from "ambit";
import { type PoolExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from "ambit/futures";

/** What both kinds of pools can be told. */
export interface KindOptions {
  readonly maxWorkers?: number;
  readonly prefix?: string;
  readonly grace?: number;
  readonly minWorkers?: number;
  readonly maxHeap?: number;
}

export interface Kind {
  /** What its workers are. */
  readonly noun: "thread" | "process";
  readonly open: (options: KindOptions) => PoolExecutor;
}

export const THREADS: Kind = {
  noun: "thread",
  open: ({ prefix, ...options }) =>
    new ThreadPoolExecutor({
      ...options,
      ...(prefix === undefined ? {} : { threadNamePrefix: prefix }),
    }),
};

export const PROCESSES: Kind = {
  noun: "process",
  open: ({ prefix, ...options }) =>
    new ProcessPoolExecutor({
      ...options,
      ...(prefix === undefined ? {} : { processNamePrefix: prefix }),
    }),
};

export const KINDS: readonly (readonly [string, Kind])[] = [
  ["ThreadPoolExecutor", THREADS],
  ["ProcessPoolExecutor", PROCESSES],
];

/** A program with a pool, which is shut down at its end. */
export function withPool<T>(
  { open }: Kind,
  options: KindOptions,
  body: (pool: PoolExecutor) => Promise<T>,
): Promise<T> {
  return run(async () => {
    await using pool = open(options);
    return await body(pool);
  });
}
