/*
 * SessionStore: where sessions are kept that don't travel in a cookie.
 *
 * Strategy: three operations on texts that expire, which a Map, Redis and a table of a database all have. Keys are made
 * from a session's id by SHA-256: who reads the store can't take over a session.
 */
import { expectInteger } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { ExpiringMap } from "./expiringMap.ts";

/** Keeps sessions. */
export interface SessionStore {
  /** What was saved under that key; null when there is nothing, or it has expired. */
  load(key: string): Promise<string | null> | string | null;
  /** Keeps the text for so many milliseconds; in the place of what was there. */
  save(key: string, text: string, lifetime: number): Promise<void> | void;
  /** Forgets it. */
  remove(key: string): Promise<void> | void;
}

/** How a store in memory is made. */
export interface MemorySessionStoreOptions {
  /** How many sessions it keeps at most; then the one that was not used for the longest goes. Default 10,000. */
  readonly limit?: number;
}

/**
 * Keeps sessions in memory: for tests, and for programs of one process whose users may have to log in again when it is
 * restarted. They expire by the loop's clock.
 */
export class MemorySessionStore implements SessionStore {
  readonly #sessions: ExpiringMap<string>;

  /** @throws RangeError when `limit` is no integer of at least 1 */
  constructor(options: MemorySessionStoreOptions = {}) {
    const { limit = 10_000 } = options;
    expectInteger("options.limit", limit, 1);
    this.#sessions = new ExpiringMap(limit);
  }

  /** How many it holds, some of which may have expired. */
  get size(): number {
    return this.#sessions.size;
  }

  load(key: string): string | null {
    return this.#sessions.get(key, getRunningLoop().time()) ?? null;
  }

  save(key: string, text: string, lifetime: number): void {
    const now = getRunningLoop().time();
    this.#sessions.set(key, text, now + lifetime, now);
  }

  remove(key: string): void {
    this.#sessions.delete(key);
  }
}
