/*
 * Worker threads: each has a loop, a tree of tasks and context variables of its own. In a process of its own, since what
 * a worker loads is the build.
 */
import { expect, test } from "vitest";
import { runProgram } from "./childProgram.ts";

test(
  "each thread has a loop of its own, from its start (CPython, differs: test_events PolicyTests.test_get_event_loop_thread)",
  { timeout: 30_000 },
  async () => {
    const ended = await runProgram(
      `import { Worker } from "node:worker_threads";
     import { allTasks, createTask, getRunningLoop, run, sleep } from "ambit";
     const source = \`
       Promise.all([import("ambit"), import("node:worker_threads")]).then(
         async ([{ allTasks, getRunningLoop, run, sleep }, { parentPort }]) => {
           const loop = getRunningLoop();
           const handler = loop.getExceptionHandler();
           await run(async () => {
             await sleep(1);
             parentPort.postMessage([handler, loop === getRunningLoop(), allTasks().length]);
           });
         },
       );\`;
     await run(async () => {
       getRunningLoop().setExceptionHandler(() => {});
       createTask(() => sleep(60_000));
       await sleep(0);
       const worker = new Worker(source, { eval: true });
       const told = await new Promise((resolve, reject) => {
         worker.on("message", resolve);
         worker.on("error", reject);
       });
       console.log(JSON.stringify(told), allTasks().length);
       await worker.terminate();
     });`,
    );
    expect(ended).toEqual({ code: 0, signal: null, out: "[null,true,1] 2\n", err: "" });
  },
);
