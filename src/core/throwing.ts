/*
 * Cancellations on their way: a wait was cancelled, and the code that waited has not run yet.
 *
 * A second cancel that comes in between is answered by the same CancelledError, as in asyncio: it must not interrupt the
 * clean-up that has not even begun. Once the code runs, another cancel interrupts again.
 *
 * Strategy: a count for each scope, kept outside of it: it costs nothing until something is cancelled.
 */
const throwing = new Map<object, number>();

/** A cancellation is on its way to code that waited in the scope. @internal */
export function beginThrow(scope: object): void {
  throwing.set(scope, (throwing.get(scope) ?? 0) + 1);
}

/** It arrives with the next microtask; to be called just before the promise is rejected. @internal */
export function throwSoon(scope: object): void {
  queueMicrotask(() => {
    const left = (throwing.get(scope) ?? 0) - 1;
    if (left > 0) throwing.set(scope, left);
    else throwing.delete(scope);
  });
}

/** True while a cancellation is on its way to code that waited in one of the scopes. @internal */
export function isThrownIn(scopes: readonly object[]): boolean {
  return throwing.size > 0 && scopes.some((scope) => throwing.has(scope));
}
