/*
 * Which waits are for the world outside the program: a socket, a file, a child process.
 *
 * Virtual time stands still for them. A wait without a target counts as one; a wait that names its target, for the
 * sake of diagnostics, says so through the target's method under `OUTSIDE`.
 */

/** Under this key the target of a wait tells whether the wait is for work outside the program. @internal */
export const OUTSIDE: unique symbol = Symbol("ambit.outside");

interface Awaited {
  [OUTSIDE](): boolean;
}

/** The target of a wait for a promise of which nobody knows what it rests on. @internal */
export const UNCERTAIN = { toString: (): string => "a promise" };

/** Whether a wait on `target` is for work outside the program. @internal */
export function isOutside(target: unknown): boolean {
  if (target === undefined) return true;
  if (typeof target !== "object" || target === null || !(OUTSIDE in target)) return false;
  return (target as Awaited)[OUTSIDE]();
}
