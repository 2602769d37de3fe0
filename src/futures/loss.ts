/*
 * What a call fails with that ended with its worker.
 */
import { WorkerLostError } from "./errors.ts";
import type { WorkerEnd } from "./link.ts";
import type { Reference } from "./reference.ts";

/** @param how `while it ran` @internal */
export function lossOf(
  reference: Reference | null,
  { words, exitCode, failure }: WorkerEnd,
  how: string,
): WorkerLostError {
  const why = failure === undefined ? {} : { cause: failure };
  return new WorkerLostError(`${words} ${how} '${reference?.name}'`, exitCode, why);
}
