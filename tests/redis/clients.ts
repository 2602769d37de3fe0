/*
 * Clients for a test, and what the server knows of them.
 */
import { createRedis, type Redis, type RedisOptions } from "ambit/redis";
import { afterEach, beforeEach } from "vitest";
import { serveRedis, type Served } from "../servers/databases.ts";

/** A server that is empty before each test, and has as many clients after it as before. */
export function serveEmptyRedis(): Served {
  const served = serveRedis();
  let before = 0;
  beforeEach(async () => {
    await using redis = clientOf(served);
    await redis.flushall();
    before = await clientsOf(redis);
  });
  afterEach(async () => {
    await using redis = clientOf(served);
    await until(async () => (await clientsOf(redis)) === before);
  });
  return served;
}

/** A client of the file's server. */
export function clientOf(served: Served, options: RedisOptions = {}): Redis {
  return createRedis(served.server.url, options);
}

/** How many clients the server has, this one included. */
export async function clientsOf(redis: Redis): Promise<number> {
  const list = String(await redis.client("LIST"));
  return list.trim().split("\n").length;
}

/** Waits, in real time, until the server tells what is asked for. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  patience = 20_000,
): Promise<void> {
  const begin = performance.now();
  while (!(await holds())) {
    if (performance.now() - begin > patience) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until so many clients of the server block. */
export function untilBlocked(redis: Redis, count: number): Promise<void> {
  return until(async () => {
    const info = await redis.info("clients");
    return Number(/blocked_clients:(\d+)/.exec(info)?.[1]) === count;
  });
}

/** Throws unless it holds: for what has to hold however a scenario ends. */
export function mustHold(holds: boolean, words: string): void {
  if (!holds) throw new Error(words);
}
