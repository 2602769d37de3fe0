/*
 * RedisSessionStore: the sessions of a web application in Redis, so that its workers share them and a restart keeps them.
 *
 * Strategy: one key for each session, which the server lets expire. The text and the hashed key that `ambit/web` makes of a
 * session are stored as they are.
 * Limit: of two requests of one visitor at a time the later one wins, whole, as with every store.
 */
import { INSPECT } from "../core/inspection.ts";
import type { SessionStore } from "../web/sessionStore.ts";
import { keyPrefix } from "./keyPrefix.ts";
import type { Redis } from "./redis.ts";

/** How sessions are kept in Redis. */
export interface RedisSessionStoreOptions {
  /** What their keys begin with. Default `session:`. */
  readonly prefix?: string;
}

/**
 * Keeps the sessions of `ambit/web` in Redis: `sessions({ store: new RedisSessionStore(redis) })`.
 *
 * The client is yours to close, after the application has stopped: a cleanup context of it does that in the right order.
 *
 * @example
 * ```ts no-run
 * import { createRedis, RedisSessionStore } from "ambit/redis";
 * import { Application, sessions } from "ambit/web";
 *
 * await using redis = createRedis();
 * const app = new Application().use(sessions({ store: new RedisSessionStore(redis) }));
 * await app.serve({ port: 8080 });
 * ```
 */
export class RedisSessionStore implements SessionStore {
  readonly #redis: Redis;
  readonly #prefix: string;

  /** @throws TypeError when `prefix` is no text */
  constructor(redis: Redis, options: RedisSessionStoreOptions = {}) {
    this.#redis = redis;
    this.#prefix = keyPrefix(options.prefix, "session:");
  }

  /**
   * What was saved under that key; null when there is nothing, or it has expired.
   *
   * **Cancellation:** as with every command, its answer is waited for.
   *
   * @throws {@link RedisConnectionError} without a connection
   */
  load(key: string): Promise<string | null> {
    return this.#redis.get(this.#prefix + key);
  }

  /**
   * Keeps the text for so many milliseconds, rounded up; of no time, it forgets.
   *
   * **Cancellation:** before it is sent, nothing is saved; later its answer is waited for.
   *
   * @throws {@link RedisConnectionError} without a connection
   */
  async save(key: string, text: string, lifetime: number): Promise<void> {
    const milliseconds = Math.ceil(lifetime);
    if (milliseconds < 1) return this.remove(key);
    await this.#redis.set(this.#prefix + key, text, "PX", milliseconds);
  }

  /**
   * Forgets it.
   *
   * **Cancellation:** before it is sent, it stays; later its answer is waited for.
   *
   * @throws {@link RedisConnectionError} without a connection
   */
  async remove(key: string): Promise<void> {
    await this.#redis.del(this.#prefix + key);
  }

  /** @internal */
  [INSPECT](): string {
    return `RedisSessionStore { prefix: "${this.#prefix}" }`;
  }
}
