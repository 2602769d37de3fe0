/*
 * Waiting for a call while the thread stands still (`Future.result(timeout)` of concurrent.futures).
 *
 * Strategy: the loop does not turn meanwhile, so what it would do for the pool is done here: calls are given out, messages
 * of its threads are taken from their ports. Between two looks the thread sleeps on a bell in shared memory, which every
 * thread of its pools rings when it has sent something. It wakes by itself now and then, to see whether it was itself asked
 * to stop, and whether the threads that it waits for are still there.
 */
import { cancelled } from "../core/cancellation.ts";
import { getRunningLoop } from "../core/scope.ts";
import { cancelRequested } from "./stopFlag.ts";

/** The longest sleep, in milliseconds. */
const SLEEP = 20;

/** Rung by the threads that this thread has started. @internal */
export const bell: Int32Array = new Int32Array(new SharedArrayBuffer(4));

/** In a thread: something was sent. @internal */
export function ring(bell: Int32Array): void {
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}

/** What is waited for. @internal */
export interface Awaited {
  done(): boolean;
  /** Does what the loop would do for it. */
  progress(): void;
}

/**
 * Returns when it is done, or the time is up.
 *
 * @param timeout in milliseconds
 * @throws CancelledError when the call that waits was asked to stop
 * @internal
 */
export function block(awaited: Awaited, timeout: number): void {
  const loop = getRunningLoop();
  const until = loop.time() + timeout;
  for (;;) {
    const rung = Atomics.load(bell, 0);
    awaited.progress();
    if (awaited.done()) return;
    if (cancelRequested()) throw cancelled("the call that waited for another was cancelled");
    const left = until - loop.time();
    if (left <= 0) return;
    Atomics.wait(bell, 0, rung, Math.min(left, SLEEP));
  }
}
