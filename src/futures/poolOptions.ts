/*
 * What pools of threads and pools of processes are told alike, and how it is checked.
 */
import { availableParallelism } from "node:os";
import { expectInteger, expectLimit, expectMilliseconds, outOfRange } from "../core/arguments.ts";
import { type Initializer, initializerOf } from "./initializer.ts";
import type { WatchLimits } from "./workerWatch.ts";

/** How a pool of workers is made, threads or processes. */
export interface PoolOptions {
  /** The most workers; an integer of at least 1. Default: as many as the machine runs at once. */
  readonly maxWorkers?: number;
  /** Called in each worker before its first call; an exported function. If it throws, the pool is broken. */
  readonly initializer?: (...args: never[]) => unknown;
  /** Its arguments; cloned. */
  readonly initArgs?: readonly unknown[];
  /**
   * Milliseconds that a cancelled call has to stop by itself before its worker is ended, and that a worker which is no longer
   * needed has to leave: to write out what it has printed, and to send the spans of its own tracing. Default 1000.
   */
  readonly grace?: number;
  /** Whether who cancels a running call goes on at once; see {@link CallOptions}. Default false. */
  readonly abandonOnCancel?: boolean;
  /** Milliseconds after which an idle worker is ended; Infinity for never. Default 60000. */
  readonly idleTimeout?: number;
  /** So many workers are started with the first call, and are kept when idle; from 0 to `maxWorkers`. Default 0. */
  readonly minWorkers?: number;
  /** Bytes: a worker whose heap is larger, twice after its calls have ended, is replaced. Default Infinity. */
  readonly maxHeap?: number;
}

/** The part of a pool's plan that comes of them. @internal */
export interface PlannedOptions {
  readonly maxWorkers: number;
  readonly minWorkers: number;
  readonly grace: number;
  readonly limits: WatchLimits;
  readonly initializer: Initializer | null;
}

/** @throws RangeError or TypeError for an option that is none @internal */
export function plannedBy(options: PoolOptions): PlannedOptions {
  const { maxWorkers = availableParallelism(), minWorkers = 0, grace = 1000 } = options;
  const { idleTimeout = 60_000, maxHeap = Infinity } = options;
  expectInteger("options.maxWorkers", maxWorkers, 1);
  expectInteger("options.minWorkers", minWorkers, 0);
  if (minWorkers > maxWorkers)
    throw outOfRange("options.minWorkers", "no more than maxWorkers", minWorkers);
  expectMilliseconds("options.grace", grace);
  expectMilliseconds("options.idleTimeout", idleTimeout);
  expectLimit("options.maxHeap", maxHeap, 1);
  const initializer = initializerOf(options.initializer, options.initArgs);
  return {
    maxWorkers,
    minWorkers,
    grace,
    limits: { idle: idleTimeout, heap: maxHeap },
    initializer,
  };
}
