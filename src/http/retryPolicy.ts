/*
 * When a request is tried again, and after how long.
 *
 * Pure: it decides; retry.ts waits and sends. The pauses grow exponentially up to a cap and are drawn
 * between 0 and that ("full jitter"), but never end before the server's `Retry-After`. What may have
 * reached the server is sent again only if that does no harm: an idempotent method. What surely has
 * not (no connection was made) may be sent again with any method. A body has to be replayable.
 */
import { expectFunction, expectLimit, outOfRange, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { isCancelled } from "../core/errors.ts";
import { ClientConnectionError, ConnectorError, TlsError } from "./connectionErrors.ts";
import { ClientTimeoutError } from "./errors.ts";
import { IDEMPOTENT } from "./idempotent.ts";
import { redact } from "./redaction.ts";
import { retryAfter } from "./retryAfter.ts";
import { RetryBudget, type RetryBudgetOptions } from "./retryBudget.ts";
import type { ClientResponse } from "./response.ts";

/** An attempt that did not succeed: `response` or `error` tells how. */
export interface FailedAttempt {
  readonly method: string;
  /** With secrets masked. */
  readonly url: string;
  /** From 1. */
  readonly attempt: number;
  /** The answer, whatever its status; its body is not read. */
  readonly response?: ClientResponse;
  /** What was thrown instead. */
  readonly error?: unknown;
}

/** What `onRetry` is told. */
export interface Retry extends FailedAttempt {
  /** The pause before the next attempt, in milliseconds. */
  readonly delay: number;
}

/** How often, when and for what a request is tried again. */
export interface RetryOptions {
  /** How often it is tried in all, at least 1; Infinity for no limit. Default 3. */
  readonly attempts?: number;
  /** The longest first pause, in milliseconds; it doubles each time. Default 500. */
  readonly delay?: number;
  /** The longest pause of all, in milliseconds, `Retry-After` aside. Default 30,000. */
  readonly maxDelay?: number;
  /**
   * The longest `Retry-After` that is waited for, in milliseconds. Of a server that wants more, the
   * answer is given to the caller. Default 60,000.
   */
  readonly maxRetryAfter?: number;
  /** The statuses that are tried again. Default 408, 425, 429, 500, 502, 503, 504. */
  readonly statuses?: Iterable<number>;
  /**
   * The methods that may be sent again even if the server may have had them. Default the idempotent
   * ones: DELETE, GET, HEAD, OPTIONS, PUT, TRACE; and any with an `idempotency-key` header.
   */
  readonly methods?: Iterable<string>;
  /**
   * Decides in place of `statuses` and of what errors are tried again; undefined leaves it to them.
   * Methods, bodies, attempts and the budget are asked all the same.
   */
  readonly retryIf?: (failed: FailedAttempt) => boolean | undefined;
  /** What all requests of the policy share; null for no bound. Default a new {@link RetryBudget}. */
  readonly budget?: RetryBudget | RetryBudgetOptions | null;
  /** Called before each pause. */
  readonly onRetry?: (retry: Retry) => void;
  /** What the pauses are drawn with: numbers from 0 up to, not including, 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** Whether a request may be sent again, as far as it itself is concerned. @internal */
export interface Repeatable {
  readonly method: string;
  readonly url: string;
  /** Its body may be opened again. */
  readonly replayable: boolean;
  /** The server knows a repetition for one. */
  readonly keyed: boolean;
}

const STATUSES = [408, 425, 429, 500, 502, 503, 504];

/**
 * Decides about retries: the option `retry` of a session or a request. Its budget is shared by all
 * that use it.
 *
 * Tried again are answers of some statuses, failed connections (but not for a certificate) and
 * timeouts. A body that breaks off while the caller reads it is not: the answer was given already.
 *
 * @example
 * ```ts
 * import { ClientSession, RetryPolicy } from "ambit/http";
 *
 * const retry = new RetryPolicy({ attempts: 2, delay: 1 });
 * await using session = new ClientSession({ retry });
 * const error = await session.get("http://127.0.0.1:9/").catch((error: unknown) => error);
 * (error as { attempt: number }).attempt; // => 2
 * ```
 */
export class RetryPolicy {
  /** How often a request is tried in all. */
  readonly attempts: number;
  /** What its requests share; null for no bound. */
  readonly budget: RetryBudget | null;
  readonly #delay: number;
  readonly #maxDelay: number;
  readonly #maxRetryAfter: number;
  readonly #statuses: ReadonlySet<number>;
  readonly #methods: ReadonlySet<string>;
  readonly #retryIf: RetryOptions["retryIf"];
  readonly #onRetry: RetryOptions["onRetry"];
  readonly #random: () => number;

  /**
   * @throws RangeError for an option out of its range
   * @throws TypeError for one of the wrong type
   */
  constructor(options: RetryOptions = {}) {
    const { attempts = 3, delay = 500, maxDelay = 30_000, maxRetryAfter = 60_000 } = options;
    const { statuses = STATUSES, methods = IDEMPOTENT, budget, random = Math.random } = options;
    expectLimit("options.attempts", attempts, 1);
    expectFunction("options.random", random);
    if (options.retryIf !== undefined) expectFunction("options.retryIf", options.retryIf);
    if (options.onRetry !== undefined) expectFunction("options.onRetry", options.onRetry);
    this.attempts = attempts;
    this.#delay = checkedMs("delay", delay);
    this.#maxDelay = checkedMs("maxDelay", maxDelay);
    this.#maxRetryAfter = checkedMs("maxRetryAfter", maxRetryAfter);
    this.#statuses = new Set(statuses);
    this.#methods = new Set(methods);
    this.budget =
      budget === null || budget instanceof RetryBudget ? budget : new RetryBudget(budget);
    this.#retryIf = options.retryIf;
    this.#onRetry = options.onRetry;
    this.#random = random;
  }

  /**
   * How long to pause before the next attempt, in milliseconds; null when there is to be none. Takes
   * a retry out of the budget. `now` is in milliseconds since 1970.
   * @internal
   */
  pause(request: Repeatable, failed: FailedAttempt, now: number): number | null {
    if (failed.attempt >= this.attempts || !request.replayable) return null;
    if (!this.#wants(failed) || !this.#mayRepeat(request, failed)) return null;
    const asked = failed.response === undefined ? null : retryAfter(failed.response.headers, now);
    if (asked !== null && asked > this.#maxRetryAfter) return null;
    if (this.budget?.withdraw() === false) return null;
    const delay = (asked ?? 0) + this.#jitter(failed.attempt);
    this.#onRetry?.({ ...failed, delay });
    return delay;
  }

  #wants(failed: FailedAttempt): boolean {
    if (failed.error !== undefined && isCancelled(failed.error)) return false;
    const word = this.#retryIf?.(failed);
    if (word !== undefined) return word;
    if (failed.response !== undefined) return this.#statuses.has(failed.response.status);
    return isPassing(failed.error);
  }

  #mayRepeat({ method, keyed }: Repeatable, { error }: FailedAttempt): boolean {
    return keyed || this.#methods.has(method) || neverSent(error);
  }

  #jitter(attempt: number): number {
    // Capped first: 0 times an overflow would be no number.
    const growth = Math.min(2 ** (attempt - 1), Number.MAX_SAFE_INTEGER);
    return Math.min(this.#delay * growth, this.#maxDelay) * this.#random();
  }

  /** @internal */
  [INSPECT](): string {
    return `<RetryPolicy attempts=${this.attempts}>`;
  }
}

/** What went wrong may be over the next time. */
function isPassing(error: unknown): boolean {
  if (error instanceof ClientTimeoutError) return true;
  return error instanceof ClientConnectionError && !(error instanceof TlsError);
}

/** There was no connection, so the server has had nothing. */
function neverSent(error: unknown): boolean {
  if (error instanceof ConnectorError) return true;
  return (
    error instanceof ClientTimeoutError &&
    (error.kind === "connect" || error.kind === "socketConnect")
  );
}

function checkedMs(name: string, ms: number): number {
  if (typeof ms !== "number") throw wrongType(`options.${name}`, "a number of milliseconds", ms);
  if (ms >= 0) return ms;
  throw outOfRange(`options.${name}`, "a number of milliseconds of at least 0", ms);
}

/** What the option `retry` may be: a policy, how one is made, or how often to try in all. */
export type RetryInput = RetryPolicy | RetryOptions | number | null;

/** Checks the option `retry`. @internal */
export function retryPolicyOf(input: RetryInput | undefined): RetryPolicy | null {
  if (input === undefined || input === null) return null;
  if (input instanceof RetryPolicy) return input;
  if (typeof input === "number") return new RetryPolicy({ attempts: input });
  if (typeof input === "object") return new RetryPolicy(input);
  throw wrongType("options.retry", "a RetryPolicy, its options, or a number of attempts", input);
}

/** What is told of a request that failed. @internal */
export function failedAttempt(
  { method, url }: Repeatable,
  attempt: number,
  outcome: { readonly response: ClientResponse } | { readonly error: unknown },
): FailedAttempt {
  return { method, url: redact(url), attempt, ...outcome };
}
