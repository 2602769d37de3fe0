/*
 * The errors that came after the one that was thrown.
 *
 * Strategy: attached to the first error from outside, in a weak map, so that its type, its message and its stack are what
 * they were (Kotlin's rule; asyncio throws an ExceptionGroup instead).
 * Limits: what is thrown that is no object can have nothing attached.
 */

const suppressed = new WeakMap<object, unknown[]>();

/**
 * The errors that came after the one that a task group threw, in the order they came.
 *
 * @example
 * ```ts
 * import { sleep, suppressedErrors, taskGroup } from "ambit";
 *
 * const error = await taskGroup(async (group) => {
 *   group.spawn(async () => {
 *     try {
 *       await sleep(60_000);
 *     } finally {
 *       throw new Error("second");
 *     }
 *   });
 *   await sleep(1);
 *   throw new Error("first");
 * }).catch((error: Error) => error);
 * error.message; // => "first"
 * suppressedErrors(error).map(String); // => ["Error: second"]
 * ```
 */
export function suppressedErrors(error: unknown): readonly unknown[] {
  return (typeof error === "object" && error !== null && suppressed.get(error)) || [];
}

/**
 * Makes one error of several: the first, with the others attached, after those that a group inside has attached. One
 * error may have come several ways, through who awaits the task that failed: it is attached once, and never to itself.
 * @internal
 */
export function combineErrors(errors: readonly unknown[]): unknown {
  const first = errors[0];
  if (errors.length === 1 || typeof first !== "object" || first === null) return first;
  const later = new Set([...suppressedErrors(first), ...errors]);
  later.delete(first);
  if (later.size > 0) suppressed.set(first, [...later]);
  return first;
}
