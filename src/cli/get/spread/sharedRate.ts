/*
 * How many bytes of a run may come per second, on all workers together.
 *
 * Strategy: as in the downloader's own limit one number is kept, the time until which all bytes are paid for; here it lies in
 * Redis, by whose clock it goes, so that no two clocks are compared. Whichever worker brings bytes gets what is free,
 * wherever the run's files are and however many there are at a time. A worker pays for some ahead (a tenth of a second's worth, or
 * 64 KiB), so that small pieces need no question each.
 * Limits: while Redis is away nothing more is read. The run is ended soon then, by who asked for it.
 */
import { sleep } from "../../../core/sleep.ts";
import type { DownloadRate } from "../../../download/byteRate.ts";
import {
  RedisConnectionError,
  RedisLoadingError,
  RedisTimeoutError,
} from "../../../redis/errors.ts";
import type { Redis } from "../../../redis/redis.ts";
import { defineScript } from "../../../redis/script.ts";

/** So many milliseconds' worth may come at once after a quiet time, and is paid for ahead. */
const BURST = 100;
/** The most that is paid for ahead, in bytes. */
const AHEAD = 65_536;
/** How long the number outlives the last byte, in milliseconds. */
const LIFE = 60_000;
/** Before a Redis that is away is asked again, in milliseconds. */
const PAUSE = 200;
/** What passes, as the worker's own connection sees it, too. */
const AWAY = [RedisConnectionError, RedisLoadingError, RedisTimeoutError];

/** Gives how many milliseconds to wait. Text, since Lua would round such a number. */
const PAY = defineScript<number>(`
local time = redis.call("TIME")
local now = time[1] * 1000 + time[2] / 1000
local paid = tonumber(redis.call("GET", KEYS[1]) or "0")
paid = math.max(paid, now - ARGV[2]) + ARGV[1]
local wait = math.ceil(math.max(0, paid - now))
redis.call("SET", KEYS[1], string.format("%.3f", paid), "PX", wait + ARGV[3])
return wait
`);

/** What one run pays to, on one worker. */
export class SharedRate implements DownloadRate {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #msPerByte: number;
  readonly #ahead: number;
  /** Bytes that are paid for and have not come. */
  #credit = 0;

  /** @param rate bytes per second, more than 0 */
  constructor(redis: Redis, key: string, rate: number) {
    this.#redis = redis;
    this.#key = key;
    this.#msPerByte = 1000 / rate;
    this.#ahead = Math.min(AHEAD, BURST / this.#msPerByte);
  }

  async pay(bytes: number): Promise<void> {
    this.#credit -= bytes;
    if (this.#credit >= 0) return;
    const bought = Math.max(-this.#credit, this.#ahead);
    this.#credit += bought;
    const wait = await this.#ask((bought * this.#msPerByte).toFixed(6));
    if (wait > 0) await sleep(wait);
  }

  async #ask(cost: string): Promise<number> {
    for (;;) {
      try {
        return await this.#redis.evaluate(PAY, [this.#key], [cost, BURST, LIFE]);
      } catch (error) {
        if (!AWAY.some((kind) => error instanceof kind)) throw error;
      }
      await sleep(PAUSE);
    }
  }
}
