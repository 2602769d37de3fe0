/*
 * The two ends of a queue, as BullMQ has them: where calls are put in, and where they are taken out. Both on Redis's clock.
 */
import { type Job, Queue, Worker } from "bullmq";
import type { Connections } from "./connections.ts";
import type { Keys } from "./keys.ts";
import type { CallData } from "./messages.ts";
import type { Payload } from "./payload.ts";
import { redisTime } from "./redisTimeBackend.ts";
import type { WorkerSettings } from "./workerOptions.ts";

/** Where calls are put in. @internal */
export function openQueue(connections: Connections, keys: Keys): Queue {
  const { commands: connection } = connections;
  const options = { connection, prefix: keys.prefix, skipVersionCheck: true };
  return new Queue(keys.queue, options, redisTime(connections, keys));
}

/** Begins to take calls out; renews no locks. @internal */
export function takeCalls(
  connections: Connections,
  keys: Keys,
  { concurrency, lockDuration, maxLosses, rateLimit }: WorkerSettings,
  process: (job: Job<CallData>, token: string) => Promise<Payload>,
): Worker<CallData, Payload> {
  const options = {
    connection: connections.commands,
    prefix: keys.prefix,
    concurrency,
    lockDuration,
    skipLockRenewal: true,
    stalledInterval: Math.ceil(lockDuration / 2),
    maxStalledCount: maxLosses,
    skipVersionCheck: true,
    ...(rateLimit === null ? {} : { limiter: { ...rateLimit } }),
  };
  const run = (job: Job<CallData>, token?: string): Promise<Payload> =>
    process(job, token as string);
  return new Worker<CallData, Payload>(keys.queue, run, options, redisTime(connections, keys));
}
