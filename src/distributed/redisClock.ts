/*
 * Redis's clock, as far as it can be known without asking each time: what is due, and what is old, is judged by it alone, so
 * that the clocks of the machines need not agree.
 *
 * Strategy: TIME is asked on each new connection, and again when the last answer is old and somebody wants to know. The
 * answer was true at some moment between question and answer, so half the way is the error. It is kept as a distance to the
 * loop's clock, which no change of the machine's clock touches. A better answer replaces a worse one; any answer replaces one
 * that contradicts it, for then one of the clocks was changed.
 * Limits: where TIME is refused, it is this machine's clock that counts.
 */
import type { Redis } from "ioredis";
import type { Loop } from "../core/loop.ts";

const OLD = 10_000;
/** By how much two good clocks part, per millisecond: ten times what quartz does. */
const DRIFT = 0.0005;

/** One answer: Redis's time less the loop's, give or take. */
interface Reading {
  readonly distance: number;
  readonly error: number;
  /** On the loop's clock. */
  readonly at: number;
}

/** @internal */
export class RedisClock {
  readonly #redis: Redis;
  readonly #loop: Loop;
  readonly #onTrouble: (error: Error) => void;
  readonly #old: number;
  #reading: Reading | null = null;
  /** When it was asked last. */
  #askedAt = -Infinity;
  #asking: Promise<void> | null = null;

  /** @param old milliseconds after which an answer is old */
  constructor(redis: Redis, loop: Loop, onTrouble: (error: Error) => void, old: number = OLD) {
    this.#redis = redis;
    this.#loop = loop;
    this.#onTrouble = onTrouble;
    this.#old = old;
    redis.on("ready", () => this.#onReady());
  }

  /** It may be another server: until it has answered the last answer counts, but whatever it says is better. */
  #onReady(): void {
    if (this.#reading !== null) this.#reading = { ...this.#reading, error: Infinity };
    this.#asking = null;
    void this.#ask();
  }

  /** Redis's time now, in whole milliseconds since 1970. */
  now(): number {
    const time = this.#loop.time();
    if (time - this.#askedAt > this.#old && this.#redis.status === "ready") void this.#ask();
    return Math.round(time + this.#distance);
  }

  /** What this machine's clock shows when Redis's shows that. */
  toLocal(time: number): number {
    return time + this.#loop.wallTime() - this.now();
  }

  /** Settles when Redis has answered, not too long ago; never fails. */
  async known(): Promise<void> {
    if (this.#asking !== null) await this.#asking;
    else if (this.#loop.time() - this.#askedAt > this.#old) await this.#ask();
  }

  get #distance(): number {
    return this.#reading?.distance ?? this.#loop.wallTime() - this.#loop.time();
  }

  #ask(): Promise<void> {
    this.#askedAt = this.#loop.time();
    this.#asking ??= this.#read().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #read(): Promise<void> {
    const before = this.#loop.time();
    try {
      const [seconds, microseconds] = await this.#redis.time();
      const after = this.#loop.time();
      const time = Number(seconds) * 1000 + Number(microseconds) / 1000;
      const error = (after - before) / 2;
      this.#take({ distance: time - before - error, error, at: after });
    } catch (error) {
      // That a connection is lost, others tell.
      if ((error as Error).name === "ReplyError") this.#onRefused(error as Error);
    }
  }

  /** It would say no again. */
  #onRefused(error: Error): void {
    this.#askedAt = Infinity;
    this.#onTrouble(error);
  }

  #take(reading: Reading): void {
    const last = this.#reading;
    if (last !== null) {
      const error = last.error + DRIFT * (reading.at - last.at);
      const agree = Math.abs(reading.distance - last.distance) <= reading.error + error;
      if (agree && error < reading.error) return;
    }
    this.#reading = reading;
  }
}
