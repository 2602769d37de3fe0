/*
 * How a queue stands: asked of Redis, which has to be there for it.
 */
import type { Queue } from "bullmq";
import type { Loop } from "../core/loop.ts";
import { sleep } from "../core/sleep.ts";
import { DistributedConnectionError } from "./errors.ts";
import type { Sender } from "./outgoing.ts";
import { presentWorkers } from "./presence.ts";

type Asker = Pick<Sender, "connections" | "keys" | "settings">;

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
  /** Workers that are there: which have shown themselves within the last six seconds. */
  readonly workers: number;
}

/** Milliseconds between looks at whether Redis is there. */
const LOOK = 20;

/** @internal */
export async function askQueue(queue: Queue, sender: Asker, loop: Loop): Promise<QueueStatistics> {
  const end = loop.time() + sender.settings.lossTimeout;
  await reach(sender, loop, end);
  const asking = Promise.all([
    queue.getJobCounts("wait", "prioritized", "active", "delayed", "completed", "failed"),
    presentWorkers(sender.connections, sender.keys),
  ]);
  const [counts, workers] = await inTime(asking, sender, loop, end);
  const { wait = 0, prioritized = 0, active = 0, delayed = 0, completed = 0, failed = 0 } = counts;
  return { waiting: wait + prioritized, active, delayed, completed, failed, workers };
}

/** @throws DistributedConnectionError when Redis refuses, or cannot be reached within `lossTimeout` */
async function reach(asker: Asker, loop: Loop, end: number): Promise<void> {
  const { connections } = asker;
  while (!connections.ready) {
    const { refusal, trouble: cause } = connections;
    if (refusal !== null)
      throw new DistributedConnectionError(`Redis refuses: ${refusal.message}`, { cause });
    if (loop.time() >= end) throw unreached(asker);
    await sleep(LOOK);
  }
}

/** The connection may be lost, or may carry nothing any more, before the answer is there. */
function inTime<T>(answer: Promise<T>, asker: Asker, loop: Loop, end: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = loop.schedule(end, () => reject(unreached(asker)), null);
    answer.then(resolve, reject).finally(() => timer.cancel());
  });
}

function unreached({ connections, settings }: Asker): DistributedConnectionError {
  const words = `Redis could not be reached for ${settings.lossTimeout} ms`;
  return new DistributedConnectionError(words, { cause: connections.trouble });
}
