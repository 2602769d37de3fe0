/*
 * What a run has scheduled for later with `callLater` and `callAt`, so that its end takes back what is not due yet, as
 * closing asyncio's loop does: Node's loop is not closed, and would wait for it.
 * Limits: outside `run` there is no end; nothing is noted there.
 */
interface Pending {
  cancel(): void;
}

const pending = new WeakMap<object, Set<Pending>>();

/** @internal */
export function timerScheduled(run: object, timer: Pending): void {
  const timers = pending.get(run) ?? new Set();
  pending.set(run, timers.add(timer));
}

/** It was called or cancelled. @internal */
export function timerGone(run: object, timer: Pending): void {
  pending.get(run)?.delete(timer);
}

/** The run has ended. @internal */
export function cancelTimers(run: object): void {
  for (const timer of pending.get(run) ?? []) timer.cancel();
}
