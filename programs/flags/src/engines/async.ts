/*
 * The engine `async`: the downloader of Ambit, which is made for lists like this one, in one thread.
 *
 * With metadata a flag's name is in another file, which only comes after it: no list says that, so
 * then it is a task for each flag, as in `async-executor`, and saving is a call that blocks for some
 * microseconds, which costs less than any way around it.
 */
import { FileSaver } from "../storage/fileSaver.ts";
import { downloadAsList } from "./asList.ts";
import type { Engine } from "./engine.ts";
import { downloadInTasks, taskCount } from "./tasks.ts";

/** Many requests at a time in one thread; each file is saved at once, by the task that got it. */
export const asyncTasks: Engine = {
  name: "async",

  concurrency: taskCount,

  async download(plan, report) {
    if (!plan.meta) return downloadAsList(plan, report);
    const saver = new FileSaver(plan.folder);
    await downloadInTasks(plan, (files) => saver.save(files), report);
  },
};
