/*
 * The flag by which a call that never awaits learns that it is to stop.
 *
 * Strategy: each kind of worker has a mark that the pool can set; to look costs some nanoseconds, so a hot loop can.
 */
import { currentTask } from "../core/currentTask.ts";

let asked: (() => boolean) | null = null;

/** In a worker: how it is seen that the running call is to stop. @internal */
export function watchStops(look: () => boolean): void {
  asked = look;
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
  return asked === null ? (currentTask()?.cancelling() ?? 0) > 0 : asked();
}
