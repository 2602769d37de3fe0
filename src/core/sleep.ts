/*
 * Sleeping, and letting others run.
 *
 * Strategy: a sleep is one wait and one timer of the loop's queue, with static functions and no closure. `sleep(0)`
 * passes one full turn of the event loop, shared with every other `sleep(0)` of that turn. `checkpoint` is a bare
 * microtask until the running slice has used its budget.
 */
import { expectMilliseconds } from "./arguments.ts";
import type { TimerHandle } from "./clock.ts";
import { ambient, rootScope } from "./scope.ts";
import { suspend } from "./suspend.ts";
import type { Cleanup, Wait } from "./suspension.ts";

/**
 * Waits for `ms` milliseconds, then gives `value` (`asyncio.sleep`). Never ends early.
 *
 * `ms <= 0` lets one full turn of the event loop pass, I/O included; `Infinity` sleeps until it is cancelled.
 *
 * **Cancellation:** ends the sleep at once; its timer is gone.
 *
 * @param ms milliseconds
 * @throws RangeError when `ms` is NaN
 *
 * @example
 * ```ts
 * import { sleep } from "ambit";
 *
 * await sleep(1, "rested"); // => "rested"
 * ```
 */
export function sleep(ms: number): Promise<void>;
export function sleep<T>(ms: number, value: T): Promise<T>;
export function sleep(ms: number, value?: unknown): Promise<unknown> {
  expectMilliseconds("ms", ms);
  if (value !== undefined) return sleep(ms).then(() => value);
  if (ms <= 0) return suspend(passTurn, ms, "sleep");
  return suspend(startTimer, ms, "sleep");
}

const SETTLED: Promise<void> = Promise.resolve();

/**
 * Lets others run if the running slice has used its budget of about 5 ms; otherwise costs one microtask.
 *
 * For long computations between two waits: call it often, it is cheap.
 *
 * **Cancellation:** a requested cancel is thrown here.
 *
 * @example
 * ```ts
 * import { checkpoint } from "ambit";
 *
 * let sum = 0;
 * for (let i = 0; i < 1000; i++) {
 *   sum += i;
 *   await checkpoint();
 * }
 * sum; // => 499500
 * ```
 */
export function checkpoint(): Promise<void> {
  const scope = ambient.getStore() ?? rootScope;
  if (scope.owner.undelivered === 0 && !scope.ended && scope.loop.withinBudget()) return SETTLED;
  return suspend(passTurn, 0, "checkpoint");
}

function passTurn(wait: Wait<void>): void {
  wait.loop.pass(wait);
}

function startTimer(wait: Wait<void>, ms: number): Cleanup<void, number> | undefined {
  if (ms === Infinity) return undefined;
  const { loop } = wait;
  wait.token = loop.schedule(loop.time() + ms, complete, wait);
  return stopTimer;
}

function complete(wait: Wait<void>): void {
  wait.resolve();
}

function stopTimer(wait: Wait<void>): void {
  (wait.token as TimerHandle).cancel();
}
