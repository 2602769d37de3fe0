/*
 * RateLimiter: so many per so long, with a burst, in turn.
 *
 * Strategy: a token bucket, kept as one number: the time at which it will be full again. To take n
 * tokens moves that time on by n intervals; they are there once it lies no further ahead than a
 * full bucket's worth. So nothing counts up in the background, and a timer that fires at the
 * computed instant finds what it was set for, whatever the rounding. One timer at most, for the
 * first in the queue; a big request at the head is not overtaken by small ones behind it.
 */
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import type { TimerHandle } from "../core/clock.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";

/** The rate of a {@link RateLimiter}. */
export interface RateLimiterOptions {
  /** How many tokens come in `per` milliseconds; more than 0. */
  readonly rate: number;
  /** Milliseconds, more than 0. Default 1000. */
  readonly per?: number;
  /**
   * How many tokens are kept for later, and there at the start; an integer from 1. Default: `rate`,
   * rounded up.
   */
  readonly burst?: number;
}

/** What `limiter.statistics()` tells. */
export interface RateLimiterStatistics {
  /** How many come in `per` milliseconds. */
  readonly rate: number;
  /** Milliseconds. */
  readonly per: number;
  /** How many are kept at most. */
  readonly burst: number;
  /** How many whole tokens are there now. */
  readonly available: number;
  /** How many wait to acquire. */
  readonly waiting: number;
}

/**
 * Milliseconds by which sums of fractions may be off: the last of a burst must not wait for a
 * rounding error.
 */
const SLACK = 1e-6;

const SETTLED: Promise<void> = Promise.resolve();

/**
 * Lets through `rate` per `per` milliseconds, and up to `burst` at once after a quiet time.
 *
 * Those who wait are served in the order in which they came. It goes by the clock of the loop it is
 * used on. Prints as `RateLimiter { available: 3, burst: 5, waiting: 0 }`.
 *
 * **Cancellation:** a cancelled `acquire` has taken nothing; those behind it move up.
 *
 * @example
 * ```ts
 * import { getRunningLoop, RateLimiter, run } from "ambit";
 *
 * const elapsed = await run(async () => {
 *   const limiter = new RateLimiter({ rate: 1, per: 10 });
 *   const started = getRunningLoop().time();
 *   for (let i = 0; i < 3; i++) await limiter.acquire();
 *   return getRunningLoop().time() - started;
 * });
 * elapsed >= 20; // => true
 * ```
 */
export class RateLimiter implements Selectable<void> {
  readonly #rate: number;
  readonly #per: number;
  readonly #burst: number;
  readonly #waiting = new WaitQueue();
  /** The loop whose clock `#fullAt` is of. */
  #loop: Loop | null = null;
  #fullAt = 0;
  #timer: TimerHandle | null = null;
  /** On its way from `acquire` to the start of its wait. */
  #asked = 0;

  /** @throws RangeError when an option is out of its range */
  constructor(options: RateLimiterOptions) {
    if (typeof options !== "object" || options === null) {
      throw wrongType("options", "an object with a `rate`", options);
    }
    const { rate, per = 1000, burst = Math.max(1, Math.ceil(rate)) } = options;
    expectPositive("options.rate", rate);
    expectPositive("options.per", per);
    expectInteger("options.burst", burst, 1);
    this.#rate = rate;
    this.#per = per;
    this.#burst = burst;
  }

  /**
   * Takes `tokens`, after waiting for those before and for the tokens.
   *
   * **Cancellation:** nothing is taken. Not waiting, it is no point of cancellation.
   *
   * @param tokens an integer from 1 to `burst`. Default 1
   * @throws RangeError when it is more than there can ever be at once
   */
  acquire(tokens = 1): Promise<void> {
    if (this.tryAcquire(tokens)) return SETTLED;
    this.#asked = tokens;
    return suspend<void, RateLimiter>(RateLimiter.#start, this, "RateLimiter.acquire");
  }

  /** Takes `tokens` if nobody waits and they are there now; tells whether it did. */
  tryAcquire(tokens = 1): boolean {
    this.#expectTokens(tokens);
    const now = this.#now(getRunningLoop());
    if (!this.#isReady(tokens, now)) return false;
    this.#take(tokens, now);
    return true;
  }

  /** As a clause of `select`: `acquire` of one token. */
  asClause(): Clause<void> {
    return new Clause(
      () => this.#isReady(1, this.#now(getRunningLoop())),
      () => this.acquire(),
    );
  }

  #isReady(tokens: number, now: number): boolean {
    return this.#waiting.first === null && now + SLACK >= this.#readyAt(tokens);
  }

  /** The numbers of the moment, frozen. */
  statistics(): RateLimiterStatistics {
    return Object.freeze({
      rate: this.#rate,
      per: this.#per,
      burst: this.#burst,
      available: this.#available(),
      waiting: this.#waiting.size,
    });
  }

  /** @internal */
  [INSPECT](): string {
    const { available, burst, waiting } = this.statistics();
    return `RateLimiter { available: ${available}, burst: ${burst}, waiting: ${waiting} }`;
  }

  #expectTokens(tokens: unknown): void {
    const range = `an integer from 1 to ${this.#burst} (the burst)`;
    if (typeof tokens !== "number") throw wrongType("tokens", range, tokens);
    if (!Number.isInteger(tokens) || tokens < 1 || tokens > this.#burst) {
      throw outOfRange("tokens", range, tokens);
    }
  }

  /** How long `tokens` take to come, in milliseconds. */
  #timeFor(tokens: number): number {
    return (tokens * this.#per) / this.#rate;
  }

  /** The time on the loop's clock; on another loop than before, the bucket starts full. */
  #now(loop: Loop): number {
    const now = loop.time();
    if (loop !== this.#loop) {
      this.#loop = loop;
      this.#fullAt = now;
    }
    return now;
  }

  /** When `tokens` are there, for who is next. */
  #readyAt(tokens: number): number {
    return this.#fullAt - this.#timeFor(this.#burst - tokens);
  }

  #take(tokens: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#timeFor(tokens);
  }

  #available(): number {
    const missing = Math.max(0, this.#fullAt - this.#now(getRunningLoop()) - SLACK);
    return Math.floor(this.#burst - (missing * this.#rate) / this.#per);
  }

  /** Lets through who can be served, and sets the timer for the next. */
  #serve(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (let first = this.#waiting.first; first !== null; first = this.#waiting.first) {
      const { loop } = first;
      const now = this.#now(loop);
      const when = this.#readyAt(first.token as number);
      if (now + SLACK < when) {
        this.#timer = loop.schedule(when, RateLimiter.#timeHasCome, this);
        return;
      }
      this.#take(first.token as number, now);
      this.#waiting.remove(first);
      first.resolve();
    }
  }

  static #timeHasCome(this: void, limiter: RateLimiter): void {
    limiter.#serve();
  }

  static #start(this: void, wait: Wait<void>, limiter: RateLimiter): Cleanup<void, RateLimiter> {
    wait.token = limiter.#asked;
    limiter.#waiting.push(wait);
    if (limiter.#waiting.first === wait) limiter.#serve();
    return RateLimiter.#leave;
  }

  static #leave(this: void, wait: Wait<void>, limiter: RateLimiter): void {
    const wasNext = limiter.#waiting.first === wait;
    limiter.#waiting.remove(wait);
    if (wasNext) limiter.#serve();
  }
}

function expectPositive(name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(name, "a number greater than 0", value);
  if (!(value > 0 && value < Infinity)) throw outOfRange(name, "a number greater than 0", value);
}
