/*
 * Looking in Redis for what became of calls: where no word of it came, or could come.
 */
import type { Redis } from "ioredis";
import { CallLostError } from "./errors.ts";
import type { Keys } from "./keys.ts";
import type { Told } from "./messages.ts";
import { type Payload, unpack } from "./payload.ts";
import { packThrown } from "../futures/parcel.ts";

/** What was found. @internal */
export interface Finder {
  settle(id: string, what: Told["what"], value: unknown): void;
  /** Redis does not know it. */
  missing(id: string, lost: () => CallLostError): void;
  /** It waits, or runs. */
  there(id: string): void;
}

const FIELDS = ["timestamp", "finishedOn", "returnvalue", "failedReason"] as const;
type Fields = [string | null, string | null, string | null, string | null];

/** @internal */
export async function lookFor(
  redis: Redis,
  keys: Keys,
  ids: readonly string[],
  finder: Finder,
): Promise<void> {
  if (ids.length === 0) return;
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmget(keys.job(id), ...FIELDS).get(keys.failure(id));
  const found = (await pipeline.exec()) ?? [];
  for (const [at, id] of ids.entries()) {
    const [problem, fields] = found[2 * at] ?? [null, null];
    if (problem !== null || fields === null) continue;
    const failure = found[2 * at + 1]?.[1] as string | null;
    await conclude(redis, id, fields as Fields, failure, finder);
  }
}

async function conclude(
  redis: Redis,
  id: string,
  [created, finished, result, reason]: Fields,
  failure: string | null,
  finder: Finder,
): Promise<void> {
  if (created === null) {
    return finder.missing(
      id,
      () =>
        new CallLostError(
          "Redis does not know the call any more: its data were lost, or the call was removed; it may have been run",
        ),
    );
  }
  if (finished === null) return finder.there(id);
  const text = result ?? failure;
  const what = result === null ? "failure" : "result";
  if (text === null) return finder.settle(id, "failure", packThrown(lostBy(reason ?? "")));
  const payload = JSON.parse(text) as Payload;
  const bytes = "key" in payload ? await redis.getBuffer(payload.key) : null;
  if ("key" in payload && bytes === null) {
    const words = `the call has ended, but Redis does not have its ${what} any more`;
    return finder.settle(id, "failure", packThrown(new CallLostError(words)));
  }
  finder.settle(id, what, unpack(payload, bytes));
}

/** What BullMQ says of a call that it gave up by itself. @internal */
export function lostBy(reason: string): CallLostError {
  const words = /stalled|started more/.test(reason)
    ? "the workers that ran the call were lost, more often than `maxLosses` allows"
    : `the call was given up: ${reason}`;
  return new CallLostError(words);
}
