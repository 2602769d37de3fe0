/*
 * checkStreamPair: whether streams of one's own behave as streams must.
 */
import { expectFunction, expectMilliseconds } from "../core/arguments.ts";
import { isCancelled } from "../core/errors.ts";
import { timeout } from "../core/timeouts.ts";
import { CHECKS, type StreamPair } from "./streamChecks.ts";

/** How streams are checked. */
export interface StreamCheckOptions {
  /** How long each check may take, in milliseconds of the loop's clock. Default 10,000. */
  readonly timeLimit?: number;
}

/** Thrown by `checkStreamPair`: names the check; its `cause` is what went wrong. */
export class StreamCheckError extends Error {
  override readonly name = "StreamCheckError";
  /** The check that failed: a sentence of what streams must do. */
  readonly check: string;

  /** @internal */
  constructor(check: string, cause: unknown) {
    super(`"${check}" does not hold: ${String(cause)}`, { cause });
    this.check = check;
  }
}

/**
 * Checks that a transport of one's own behaves as connections must, with readers and writers on top of it (trio's
 * `check_two_way_stream`): order, back-pressure, half-close, cancelled reads, closing, aborting. For each check, and for
 * each direction, it asks for a fresh pair and aborts it afterwards.
 *
 * **Cancellation:** the check that runs is cancelled, its pair aborted.
 *
 * @param makePair gives two connections, each of which reads what the other writes
 * @returns how many checks were made
 * @throws {@link StreamCheckError} for the first check that fails
 *
 * @example
 * ```ts
 * import { checkStreamPair, memoryStreamPair, runVirtual } from "ambit/testing";
 *
 * await runVirtual(() => checkStreamPair(async () => memoryStreamPair())); // => 20
 * ```
 */
export async function checkStreamPair(
  makePair: () => StreamPair | PromiseLike<StreamPair>,
  { timeLimit = 10_000 }: StreamCheckOptions = {},
): Promise<number> {
  expectFunction("makePair", makePair);
  expectMilliseconds("options.timeLimit", timeLimit);
  let count = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    for (const isReversed of [false, true]) {
      const [one, other] = await makePair();
      try {
        await timeout(timeLimit, () => (isReversed ? check(other, one) : check(one, other)));
      } catch (error) {
        if (isCancelled(error)) throw error;
        throw new StreamCheckError(name, error);
      } finally {
        for (const { writer } of [one, other]) writer.transport.abort();
      }
      count++;
    }
  }
  return count;
}
