/*
 * The flag by which a call that never awaits learns that it is to stop.
 *
 * Strategy: a number in memory that the pool and the thread share; to look costs some nanoseconds, so a hot loop can.
 */
import { currentTask } from "../core/currentTask.ts";
import { RUNNING, STOPPING } from "./protocol.ts";

let shared: Int32Array | null = null;

/** In a worker: where the pool writes. @internal */
export function watchFlag(numbers: Int32Array): void {
  shared = numbers;
}

/**
 * True when the running call was asked to stop: for loops that never await, in a worker of an executor. Elsewhere: when
 * the running task was cancelled.
 *
 * @example
 * ```ts
 * import { cancelRequested } from "ambit/futures";
 *
 * export function countPrimes(upTo: number): number {
 *   let found = 0;
 *   for (let n = 2; n < upTo && !cancelRequested(); n++) if (isPrime(n)) found++;
 *   return found;
 * }
 * const isPrime = (n: number) => !Array.from({ length: n }, (_, i) => i).some((i) => i > 1 && n % i === 0);
 * countPrimes(20); // => 8
 * ```
 */
export function cancelRequested(): boolean {
  if (shared === null) return (currentTask()?.cancelling() ?? 0) > 0;
  const running = Atomics.load(shared, RUNNING);
  return running !== 0 && Atomics.load(shared, STOPPING) === running;
}
