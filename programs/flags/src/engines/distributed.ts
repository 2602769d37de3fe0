/*
 * Workers on any number of machines fetch (flagTask.ts), this process saves: so the folder is whole
 * here, wherever a flag came by. What joins them is a queue in Redis.
 *
 * Before the first flag it is asked whether Redis answers and a worker is there; the executor ends
 * the calls when the workers vanish later, which would otherwise wait for as long as their deadline.
 */
import { mapConcurrent } from "ambit";
import { DistributedError, DistributedExecutor } from "ambit/distributed";

import { FileSaver } from "../storage/fileSaver.ts";
import { StorageError } from "../storage/storageError.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Engine } from "./engine.ts";
import { EngineError } from "./engineError.ts";
import { fetchFlag, type FetchedFlag } from "./flagTask.ts";
import { taskCount } from "./tasks.ts";

/** The queue that the workers are started with. */
const queue = "flags";

/** Milliseconds for which Redis may be silent, and no worker be there. */
const patience = 5000;

/** The engine whose workers take their calls from that Redis. */
export function distributed(redis: string): Engine {
  return {
    name: "distributed",
    concurrency: taskCount,
    async download(plan, report) {
      const { site, meta, codes, maxRequests: limit, folder } = plan;
      await using executor = new DistributedExecutor({
        redis,
        queue,
        lossTimeout: patience,
        workerTimeout: patience,
      });
      await expectWorkers(executor);
      const saver = new FileSaver(folder);
      const one = async (code: string) => {
        const fetched = await executor.submit(fetchFlag, { site, meta }, code);
        report(saved(saver, fetched));
      };
      try {
        for await (const _ of mapConcurrent(codes, one, { limit, ordered: false }));
      } catch (error) {
        throw error instanceof DistributedError ? new EngineError(inOneLine(error)) : error;
      }
    },
  };
}

async function expectWorkers(executor: DistributedExecutor): Promise<void> {
  const { workers } = await statisticsOf(executor);
  if (workers > 0) return;
  throw new EngineError(
    `no worker takes calls of the queue ${queue}: start \`ambit worker --inline --queue ${queue} --redis URL programs/flags/dist/engines/flagTask.js\` on one machine or more`,
  );
}

async function statisticsOf(executor: DistributedExecutor) {
  try {
    return await executor.queueStatistics();
  } catch (error) {
    if (!(error instanceof DistributedError)) throw error;
    const refused = error.message.startsWith("Redis refuses");
    const words = "Redis does not answer: start it, or say where it is with --redis URL";
    throw new EngineError(refused ? inOneLine(error) : words);
  }
}

function inOneLine({ message }: Error): string {
  return message.split("\n")[0] ?? "";
}

/** @throws {@link StorageError} when the folder takes no more files */
function saved(saver: FileSaver, { outcome, files }: FetchedFlag): Outcome {
  try {
    saver.save(files);
    return outcome;
  } catch (error) {
    if (!(error instanceof StorageError) || error.fatal) throw error;
    return { code: outcome.code, status: "error", ms: outcome.ms, cause: error.message };
  }
}
