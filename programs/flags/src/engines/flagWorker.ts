/*
 * A thread of the engine `threads`: takes the next code from the counter that all threads share,
 * downloads it, reports it, until there is none. It uses nothing of Ambit, so that it starts
 * fast; being told to stop is a message, since only the thread itself can close its request
 * without breaking off a file that it is writing.
 */
import { parentPort, workerData } from "node:worker_threads";

import { FileSaver } from "../storage/fileSaver.ts";
import { StorageError } from "../storage/storageError.ts";
import { Downloader } from "../transfer/downloader.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import { PlainClient } from "../transfer/plainClient.ts";

/** What a thread is started with. */
export interface FlagWorkerData {
  readonly plan: Plan;
  /** One number, the index of the next code to take. */
  readonly next: Int32Array;
}

export type FlagWorkerMessage =
  | { readonly outcome: Outcome }
  /** The output folder takes no more files; the message says why. */
  | { readonly refused: string };

async function work({ plan, next }: FlagWorkerData): Promise<void> {
  const stop = new AbortController();
  parentPort?.once("message", () => stop.abort());
  const client = await PlainClient.for(plan.site.base);
  const saver = new FileSaver(plan.folder);
  const get = (url: string) => client.get(url, stop.signal);
  const downloader = new Downloader(plan, get, (files) => saver.save(files));
  try {
    while (!stop.signal.aborted) {
      const code = plan.codes[Atomics.add(next, 0, 1)];
      if (code === undefined) break;
      tell({ outcome: await downloader.download(code) });
    }
  } catch (error) {
    if (error instanceof StorageError) tell({ refused: error.message });
    else if (!stop.signal.aborted) throw error;
  } finally {
    client.close();
    parentPort?.close();
  }
}

function tell(message: FlagWorkerMessage): void {
  parentPort?.postMessage(message);
}

await work(workerData as FlagWorkerData);
