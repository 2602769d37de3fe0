/*
 * The engine `async`: a task of Ambit for each flag, and everything in one thread. Saving is a call
 * that blocks for some microseconds, which costs less than any way around it.
 */
import { FileSaver } from "../storage/fileSaver.ts";
import type { Engine } from "./engine.ts";
import { downloadInTasks, taskCount } from "./tasks.ts";

/** Many requests at a time in one thread; each file is saved at once, by the task that got it. */
export const asyncTasks: Engine = {
  name: "async",

  concurrency: taskCount,

  async download(plan, report) {
    const saver = new FileSaver(plan.folder);
    await downloadInTasks(plan, (files) => saver.save(files), report);
  },
};
