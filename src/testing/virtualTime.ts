/*
 * Words for tests in virtual time: what time is it, let so much time pass, let everything happen.
 *
 * Strategy: time moves by itself when all are blocked, so these are waits like any other; none of them sets the clock.
 */
import { expectMilliseconds } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { VirtualLoop } from "./virtualLoop.ts";
import { waitAllTasksBlocked, waitIn } from "./waitAllTasksBlocked.ts";

/** Thrown by what exists only in virtual time. */
export class NotVirtualError extends Error {
  override readonly name = "NotVirtualError";
}

function virtualLoop(operation: string): VirtualLoop {
  const loop = getRunningLoop();
  if (loop instanceof VirtualLoop) return loop;
  throw new NotVirtualError(
    `${operation} outside virtual time: call it in a program of runVirtual`,
  );
}

/**
 * Milliseconds of virtual time since the program began.
 * @throws {@link NotVirtualError} outside virtual time
 */
export function currentTime(): number {
  return virtualLoop("currentTime").time();
}

/**
 * Lets `ms` milliseconds pass, and everybody do what that brings about (Kotlin's `advanceTimeBy` with `runCurrent`):
 * each timer on the way fires at its own time, and at the end all other tasks are blocked.
 *
 * **Cancellation:** as of `sleep`.
 *
 * @throws {@link NotVirtualError} outside virtual time
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "ambit";
 * import { advance, currentTime, runVirtual } from "ambit/testing";
 *
 * const log: number[] = [];
 * await runVirtual(async () => {
 *   const ticker = createTask(async () => {
 *     for (;;) log.push(await sleep(10).then(currentTime));
 *   });
 *   await advance(30);
 *   ticker.cancel();
 * });
 * log; // => [10, 20, 30]
 * ```
 */
export async function advance(ms: number): Promise<void> {
  expectMilliseconds("ms", ms);
  virtualLoop("advance");
  await sleep(ms);
  await waitAllTasksBlocked();
}

/**
 * Lets everything happen that will happen by itself, however late (Kotlin's `advanceUntilIdle`): on return, no timer is
 * pending and all other tasks wait for each other. It never comes while something repeats for ever.
 *
 * **Cancellation:** the wait ends.
 *
 * @throws {@link NotVirtualError} outside virtual time
 */
export async function runUntilIdle(): Promise<void> {
  await waitIn(virtualLoop("runUntilIdle").idle, 0, "runUntilIdle");
}
