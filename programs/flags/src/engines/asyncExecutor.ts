/*
 * As `async`, but files are saved in a worker thread, so that a slow disk does not hold up the
 * requests. For a few kilobytes a file it costs more than it brings; to see that is the point.
 */
import { SaverThread } from "../storage/saverThread.ts";
import type { Engine } from "./engine.ts";
import { downloadInTasks, taskCount } from "./tasks.ts";

/** Tasks that have a worker thread save for them. */
export const asyncExecutor: Engine = {
  name: "async-executor",

  concurrency: taskCount,

  async download(plan, report) {
    const saver = new SaverThread(plan.folder);
    try {
      await downloadInTasks(plan, (files) => saver.save(files), report);
    } finally {
      await saver.close();
    }
  },
};
