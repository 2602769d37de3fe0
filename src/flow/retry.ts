/*
 * retry: an operation again, after a pause, when it fails.
 *
 * Strategy: the pauses grow exponentially up to a cap and are drawn at random between 0 and that
 * ("full jitter": many clients that failed together do not come back together). One deadline holds
 * for all attempts and pauses. A pause that would not end before it is not begun. A cancellation is
 * never tried again, even where the operation turned it into another error: whether a cancel came
 * during the attempt is told by counting the cancels of the scopes around it.
 */
import {
  expectFunction,
  expectLimit,
  expectMilliseconds,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";
import { isCancelled } from "../core/errors.ts";
import { ambientScope } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { timeout } from "../core/timeouts.ts";

/** How often, and when, `retry` tries again. */
export interface RetryOptions {
  /** How often it is tried in all, at least 1; Infinity for no limit. Default 3. */
  readonly attempts?: number;
  /** The longest first pause, in milliseconds, at least 0. Default 100. */
  readonly delay?: number;
  /** By how much the longest pause grows each time, at least 1. Default 2. */
  readonly factor?: number;
  /** The longest pause of all, in milliseconds; Infinity for no cap. Default 30 000. */
  readonly maxDelay?: number;
  /** Whether a pause is a random part of the longest one, or all of it. Default true. */
  readonly jitter?: boolean;
  /** What `jitter` draws with: numbers from 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
  /** For attempts and pauses together, in milliseconds; Infinity (default) for no limit. */
  readonly timeout?: number;
  /** Whether to try again after this failure; `attempt` counts from 1. Default: always. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean | PromiseLike<boolean>;
}

/**
 * Runs `operation` until it succeeds, with growing random pauses in between, and gives its value.
 *
 * The n-th pause lasts between 0 and `delay * factor ** (n - 1)`, at most `maxDelay`, milliseconds.
 *
 * **Cancellation:** ends the attempt or the pause; nothing is tried again after it, whatever the
 * attempt threw.
 *
 * @param operation gets the number of the attempt, from 1
 * @throws what the last attempt threw: when it was one too many, `retryIf` said no, or no time is
 * left for a pause
 * @throws {@link TimeoutError} when `timeout` ends an attempt
 * @throws RangeError for an option out of its range
 *
 * @example
 * ```ts
 * import { retry } from "ambit";
 *
 * const flaky = async (attempt: number) => {
 *   if (attempt < 3) throw new Error("not yet");
 *   return `attempt ${attempt}`;
 * };
 * await retry(flaky, { attempts: 5, delay: 1 }); // => "attempt 3"
 * ```
 */
export async function retry<T>(
  operation: (attempt: number) => T | PromiseLike<T>,
  options: RetryOptions = {},
): Promise<T> {
  expectFunction("operation", operation);
  const rules = rulesOf(options);
  return timeout(rules.timeout, (limit) => attemptAll(operation, rules, limit.when()));
}

async function attemptAll<T>(
  operation: (attempt: number) => T | PromiseLike<T>,
  rules: Rules,
  deadline: number,
): Promise<T> {
  const scope = ambientScope();
  for (let attempt = 1; ; attempt++) {
    const before = scope.metCancels();
    try {
      return await operation(attempt);
    } catch (error) {
      if (isCancelled(error) || scope.metCancels() > before) throw error;
      if (attempt >= rules.attempts || !(await rules.retryIf(error, attempt))) throw error;
      const pause = pauseAfter(attempt, rules);
      if (scope.loop.time() + pause >= deadline) throw error;
      await sleep(pause);
    }
  }
}

function pauseAfter(attempt: number, { delay, factor, maxDelay, jitter, random }: Rules): number {
  // Capped first: 0 times an overflow would be no number.
  const longest = Math.min(delay * Math.min(factor ** (attempt - 1), Number.MAX_VALUE), maxDelay);
  return jitter ? longest * random() : longest;
}

type Rules = Required<RetryOptions>;

const DEFAULTS: Rules = {
  attempts: 3,
  delay: 100,
  factor: 2,
  maxDelay: 30_000,
  jitter: true,
  random: Math.random,
  timeout: Infinity,
  retryIf: () => true,
};

function rulesOf(options: RetryOptions): Rules {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const rules = { ...DEFAULTS, ...options };
  expectLimit("options.attempts", rules.attempts, 1);
  expectAtLeast("options.delay", rules.delay, 0);
  expectAtLeast("options.factor", rules.factor, 1);
  expectAtLeast("options.maxDelay", rules.maxDelay, 0);
  expectMilliseconds("options.timeout", rules.timeout);
  if (typeof rules.jitter !== "boolean") {
    throw wrongType("options.jitter", "true or false", rules.jitter);
  }
  expectFunction("options.random", rules.random);
  expectFunction("options.retryIf", rules.retryIf);
  return rules;
}

function expectAtLeast(name: string, value: unknown, least: number): void {
  if (typeof value !== "number") throw wrongType(name, `a number of at least ${least}`, value);
  if (!(value >= least)) throw outOfRange(name, `a number of at least ${least}`, value);
}
