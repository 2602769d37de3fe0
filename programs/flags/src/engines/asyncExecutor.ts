/*
 * As `async`, but files are saved in a thread of an executor, so that a slow disk does not hold up
 * the requests. For a few kilobytes a file it costs more than it brings; to see that is the point.
 */
import { runInExecutor, ThreadPoolExecutor } from "ambit/futures";

import { saveFiles } from "../storage/saverWorker.ts";
import { asStorageError } from "../storage/storageError.ts";
import type { Save } from "../transfer/downloader.ts";
import type { Engine } from "./engine.ts";
import { downloadInTasks, taskCount } from "./tasks.ts";

/** Tasks that have a thread save for them. */
export const asyncExecutor: Engine = {
  name: "async-executor",

  concurrency: taskCount,

  async download(plan, report) {
    // One thread saves in the order of arrival; it is not ended in the middle of a file.
    await using pool = new ThreadPoolExecutor({
      maxWorkers: 1,
      threadNamePrefix: "saver",
      grace: Infinity,
    });
    const save: Save = async (files) => {
      try {
        await runInExecutor(pool, saveFiles, plan.folder, files);
      } catch (error) {
        throw asStorageError(error);
      }
    };
    await downloadInTasks(plan, save, report);
  },
};
