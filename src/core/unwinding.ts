/*
 * What an error means to the scope that it leaves.
 *
 * A scope that was cancelled turns its own cancellation, and no other, into something else: `timeout` into a
 * TimeoutError, `moveOnAfter` into a quiet end. An outer cancel wins over an inner deadline: whether one came is told
 * by counting the cancels of the scopes above, before and after (CPython's rule, `task.cancelling()` at entry). One that was
 * asked for before and is delivered inside counts as coming (CPython's `timeout` takes that for its own when its deadline
 * passes in the clean-up, so that the cancel is lost).
 */
import { asCancellation } from "./cancellation.ts";
import { CancelledError } from "./errors.ts";
import type { Scope } from "./scope.ts";

/** `own`: this scope's cancellation; `outer`: one from above; `error`: anything else. @internal */
export interface Verdict {
  readonly whose: "own" | "outer" | "error";
  /** What to throw on, where it is not turned into something else. */
  readonly error: unknown;
}

/** @internal */
export function judge(scope: Scope, outerBefore: number, error: unknown): Verdict {
  const outer = scope.outerCancels() > outerBefore;
  const cancellation = asCancellation(error, outer || scope.cancels > 0);
  if (cancellation === undefined) return { whose: "error", error };
  if (outer) return { whose: "outer", error: takeOuter(scope, cancellation) };
  return { whose: scope.cancels > 0 ? "own" : "error", error: cancellation };
}

/**
 * The outer request, if it is still open, is delivered by what is thrown now: in its own words, unless it is one from
 * above that is being thrown (of two, the first gives the message).
 */
function takeOuter(scope: Scope, thrown: CancelledError): CancelledError {
  const request = scope.parent?.claim() ?? thrown;
  return scope.cancels > 0 ? request : thrown;
}

/** Asks again for an outer cancel that was delivered, but whose CancelledError another error replaced. @internal */
export function askAgain(scope: Scope, error: CancelledError): void {
  let cancelledScope: Scope | null = null;
  for (let at = scope; ; at = at.parent as Scope) {
    if (at.cancels > 0) cancelledScope = at;
    if (at === scope.owner) break;
  }
  cancelledScope?.ask(error);
}

/**
 * Waits for the end of work that decides something and then ends its losers. What was decided has happened: a cancel that
 * comes while the losers are ending is left for the caller's next wait (completion beats cancellation).
 * @internal
 */
export async function endOfDecided(
  work: PromiseLike<unknown>,
  isDecided: () => boolean,
  caller: Scope,
): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isDecided() || !(error instanceof CancelledError)) throw error;
    askAgain(caller, error);
  }
}
