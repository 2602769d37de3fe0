/*
 * A pool of worker threads, as many as requests may be in flight. A thread is a whole JavaScript
 * engine, some megabytes and tens of milliseconds to start, so there is a limit to them; that is
 * the price of this way, and what the comparison shows.
 */
import { mapConcurrent } from "ambit";
import { ThreadPoolExecutor } from "ambit/futures";

import { asStorageError } from "../storage/storageError.ts";
import type { Engine } from "./engine.ts";
import { begin, downloadFlag } from "./flagWorker.ts";

const mostThreads = 32;

export const threads: Engine = {
  name: "threads",

  concurrency: ({ maxRequests, codes }) => Math.min(maxRequests, mostThreads, codes.length),

  async download(plan, report) {
    const { site, meta, folder, codes } = plan;
    const limit = this.concurrency(plan);
    await using pool = new ThreadPoolExecutor({
      maxWorkers: limit,
      threadNamePrefix: "flags",
      initializer: begin,
      initArgs: [{ site, meta, folder }],
      // However slow the disk is: a thread is not ended in the middle of a file.
      grace: Infinity,
    });
    const download = async (code: string) => report(await pool.submit(downloadFlag, code));
    try {
      for await (const _ of mapConcurrent(codes, download, { limit, ordered: false }));
    } catch (error) {
      throw asStorageError(error);
    }
  },
};
