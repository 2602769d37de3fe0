/*
 * When a failed download is tried again, and after how long.
 *
 * Strategy: the longest pause doubles with each round through the item's URLs and is drawn at random
 * between 0 and that ("full jitter"); what the server asks for by Retry-After is waited for in full,
 * and by everybody who wants something of that host. One budget holds for the whole run: each retry
 * takes one from it, each file that came gives a tenth back, so that a dead server is not asked
 * attempts times the length of the list.
 */
import { expectLimit, outOfRange, wrongType } from "../core/arguments.ts";

/** When and how often a failed download is tried again. */
export interface DownloadRetry {
  /** How often a file is tried in all, from 1. Default 5. */
  readonly attempts?: number;
  /** The longest first pause, in milliseconds, from 0. Default 500. */
  readonly delay?: number;
  /** The longest pause of all, in milliseconds, from 0. Default 30,000. */
  readonly maxDelay?: number;
  /** The longest Retry-After that is obeyed, in milliseconds; beyond it, it fails. Default 300,000. */
  readonly maxRetryAfter?: number;
  /** How many retries the run has, from 0, Infinity for no limit. Default 1,000. */
  readonly budget?: number;
}

/** @internal */
export type RetryRules = Required<DownloadRetry>;

const DEFAULTS: RetryRules = {
  attempts: 5,
  delay: 500,
  maxDelay: 30_000,
  maxRetryAfter: 300_000,
  budget: 1000,
};

/** @internal */
export function retryRulesOf(input: number | DownloadRetry): RetryRules {
  const given = typeof input === "number" ? { attempts: input } : input;
  if (typeof given !== "object" || given === null)
    throw wrongType("options.retry", "a number of attempts, or an object", given);
  const rules = { ...DEFAULTS, ...given };
  expectLimit("options.retry.attempts", rules.attempts, 1);
  for (const name of ["delay", "maxDelay", "maxRetryAfter", "budget"] as const) {
    const value: unknown = rules[name];
    if (typeof value !== "number") throw wrongType(`options.retry.${name}`, "a number", value);
    if (!(value >= 0)) throw outOfRange(`options.retry.${name}`, "a number of at least 0", value);
  }
  return rules;
}

/** The longest pause before the attempt that follows `round` rounds, in milliseconds. @internal */
export function longestPause(rules: RetryRules, round: number): number {
  if (round <= 0) return 0;
  return Math.min(rules.maxDelay, rules.delay * Math.min(2 ** (round - 1), Number.MAX_VALUE));
}

/** What is left of a run's retries. @internal */
export class RetryBudget {
  readonly #most: number;
  #left: number;

  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /** Takes a retry, if one is left. */
  take(): boolean {
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** A file has come. */
  earn(): void {
    this.#left = Math.min(this.#most, this.#left + 0.1);
  }
}
