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
  readonly initializer?: () => void;
  /** The most memory for JavaScript's objects in each worker, in MiB. */
  readonly megabytes?: number;
}

export interface Kind {
  /** What its workers are. */
  readonly noun: "thread" | "process";
  readonly open: (options: KindOptions) => PoolExecutor;
}

export const THREADS: Kind = {
  noun: "thread",
  open: ({ prefix, megabytes, ...options }) =>
    new ThreadPoolExecutor({
      ...options,
      ...(megabytes === undefined
        ? {}
        : {
            resourceLimits: { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: 4 },
          }),
      ...(prefix === undefined ? {} : { threadNamePrefix: prefix }),
    }),
};

export const PROCESSES: Kind = {
  noun: "process",
  open: ({ prefix, megabytes, ...options }) =>
    new ProcessPoolExecutor({
      ...options,
      ...(megabytes === undefined ? {} : { maxOldGenerationSizeMb: megabytes }),
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
