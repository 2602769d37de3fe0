/*
 * How a queue stands: asked of Redis, which has to be there for it.
 */
import type { Queue } from "bullmq";
import type { Loop } from "../core/loop.ts";
import { sleep } from "../core/sleep.ts";
import { DistributedConnectionError } from "./errors.ts";
import type { Sender } from "./outgoing.ts";

/** What `queueStatistics()` tells. */
export interface QueueStatistics {
  /** Calls that wait for a worker, of all programs. */
  readonly waiting: number;
  /** Calls that a worker has. */
  readonly active: number;
  /** Calls that wait for their time, or for their next attempt. */
  readonly delayed: number;
  /** Outcomes that Redis still keeps. */
  readonly completed: number;
  readonly failed: number;
  /** Workers that are connected. */
  readonly workers: number;
}

/** Milliseconds between looks at whether Redis is there. */
const LOOK = 20;

/** @internal */
export async function askQueue(
  queue: Queue,
  sender: Pick<Sender, "connections" | "settings">,
  loop: Loop,
): Promise<QueueStatistics> {
  await reach(sender, loop);
  const [counts, workers] = await Promise.all([
    queue.getJobCounts("wait", "prioritized", "active", "delayed", "completed", "failed"),
    queue.getWorkersCount(),
  ]);
  const { wait = 0, prioritized = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = counts;
  return { waiting: wait + prioritized, active, delayed, completed, failed, workers };
}

/** @throws DistributedConnectionError when Redis refuses, or cannot be reached within `lossTimeout` */
async function reach(
  { connections, settings }: Pick<Sender, "connections" | "settings">,
  loop: Loop,
): Promise<void> {
  const end = loop.time() + settings.lossTimeout;
  while (!connections.ready) {
    const { refusal, trouble: cause } = connections;
    if (refusal !== null)
      throw new DistributedConnectionError(`Redis refuses: ${refusal.message}`, { cause });
    if (loop.time() >= end) {
      const words = `Redis could not be reached for ${settings.lossTimeout} ms`;
      throw new DistributedConnectionError(words, { cause });
    }
    await sleep(LOOK);
  }
}
