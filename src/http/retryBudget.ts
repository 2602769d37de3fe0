/*
 * How many retries there may be, in all: a token bucket that many requests share.
 *
 * When a server is down, every request fails, and retries without a bound multiply the load just
 * then. Strategy (Finagle's and gRPC's): each request puts a part of a token in, each retry takes a
 * whole one out; so in the long run retries are at most that part of the requests. What is in it at
 * the beginning, and is its most, lets a few requests retry all they want.
 */
import { INSPECT } from "../core/inspection.ts";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** How a budget is made. */
export interface RetryBudgetOptions {
  /** Retries per request in the long run, from 0 to 1. Default 0.2. */
  readonly share?: number;
  /** Retries that are there from the beginning, and the most that are saved up. Default 10. */
  readonly reserve?: number;
}

/**
 * A bound on retries, shared by all requests of a session, or of several.
 *
 * @example
 * ```ts
 * import { RetryBudget } from "ambit/http";
 *
 * const budget = new RetryBudget({ share: 0.5, reserve: 1 });
 * [budget.withdraw(), budget.withdraw()]; // => [true, false]
 * budget.deposit();
 * budget.deposit();
 * budget.withdraw(); // => true
 * ```
 */
export class RetryBudget {
  readonly #share: number;
  readonly #reserve: number;
  #tokens: number;

  /** @throws RangeError for a share that is not from 0 to 1, or a reserve below 0 */
  constructor(options: RetryBudgetOptions = {}) {
    const { share = 0.2, reserve = 10 } = options;
    this.#share = checked("share", share, 1);
    this.#reserve = checked("reserve", reserve, Infinity);
    this.#tokens = reserve;
  }

  /** The retries that it would allow now; a fraction. */
  get balance(): number {
    return this.#tokens;
  }

  /** A request begins. */
  deposit(): void {
    this.#tokens = Math.min(this.#reserve, this.#tokens + this.#share);
  }

  /** Takes a retry out; false when there is none. */
  withdraw(): boolean {
    // Ten deposits of 0.1 are a little less than 1.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }

  /** @internal */
  [INSPECT](): string {
    return `<RetryBudget balance=${Math.round(this.#tokens * 10) / 10}>`;
  }
}

function checked(name: string, value: number, most: number): number {
  const expected = `a number from 0 to ${most}`;
  if (typeof value !== "number") throw wrongType(`options.${name}`, expected, value);
  if (value >= 0 && value <= most) return value;
  throw outOfRange(`options.${name}`, expected, value);
}
