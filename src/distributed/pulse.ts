/*
 * Pulse: whether connections still carry anything. One whose other end is gone without a word (a cable, a machine without
 * power, a router that has forgotten it) looks like one on which nothing is said, and the system would try for a quarter of
 * an hour: it is cut, and the driver makes a new one.
 *
 * Strategy: while somebody wants them, each is asked now and then (PING), and cut when the answer does not come; a new one is
 * cut when it is not greeted. The connection on which a worker waits for calls cannot be asked while it waits: BullMQ watches
 * over it, once it is greeted.
 */
import type { Socket } from "node:net";
import type { Redis } from "ioredis";
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";

/** Milliseconds from one look to the next. */
const TICK = 1000;
/** Milliseconds from one question to the next. */
const PAUSE = 5000;
/** Milliseconds that an answer may take. */
const PATIENCE = 5000;
/** Milliseconds more, in which a process that was held up itself hears what has come meanwhile. */
const BREATH = 500;

/** What is waited for on a connection. */
interface Doubt {
  readonly stream: Socket;
  /** Whether it has come. */
  readonly over: () => boolean;
  readonly what: "answered" | "greeted";
  readonly since: number;
  /** Since when it is late; null while it is not. */
  late: number | null;
}

/** @internal */
export class Pulse {
  readonly #loop: Loop;
  readonly #asked: readonly Redis[];
  readonly #doubts = new Map<Redis, Doubt>();
  #askedAt: number;
  /** Null while nobody wants the connections. What is waited for meanwhile, is late all the same. */
  #timer: TimerHandle | null = null;

  constructor(loop: Loop, asked: readonly Redis[]) {
    this.#loop = loop;
    this.#asked = asked;
    this.#askedAt = loop.time();
    for (const redis of asked) this.watch(redis);
  }

  /** Sees to it that this one is greeted, each time that it is made. */
  watch(redis: Redis): void {
    redis.on("connect", () => this.#doubt(redis, "greeted", () => redis.status !== "connect"));
  }

  start(): void {
    if (this.#timer !== null) return;
    this.#tickSoon();
    this.#judge();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #tickSoon(): void {
    this.#timer = this.#loop.schedule(this.#loop.time() + TICK, () => this.#tick(), null);
  }

  #tick(): void {
    this.#tickSoon();
    this.#judge();
    const now = this.#loop.time();
    if (now - this.#askedAt < PAUSE) return;
    this.#askedAt = now;
    for (const redis of this.#asked) if (redis.status === "ready") this.#ask(redis);
  }

  #ask(redis: Redis): void {
    if (this.#doubts.has(redis)) return;
    let answered = false;
    const over = (): void => void (answered = true);
    this.#doubt(redis, "answered", () => answered);
    redis.ping().then(over, over);
  }

  #doubt(redis: Redis, what: Doubt["what"], over: () => boolean): void {
    const since = this.#loop.time();
    this.#doubts.set(redis, { stream: streamOf(redis), over, what, since, late: null });
  }

  #judge(): void {
    const now = this.#loop.time();
    for (const [redis, doubt] of this.#doubts) {
      const { stream, since, late, what } = doubt;
      if (doubt.over() || stream.destroyed) this.#doubts.delete(redis);
      else if (late === null && now - since >= PATIENCE) doubt.late = now;
      else if (late !== null && now - late >= BREATH) {
        this.#doubts.delete(redis);
        const words = `Redis has not ${what} for ${PATIENCE} ms: the connection is made anew`;
        stream.destroy(new Error(words));
      }
    }
  }
}

/** The driver's socket is no part of its types. */
function streamOf(redis: Redis): Socket {
  return (redis as unknown as { readonly stream: Socket }).stream;
}
