/*
 * Interrupted programs: a signal that comes while main never rests, waits for a future, or is being cancelled already.
 * Each in a process of its own, on the real loop: signals and exit codes are a process's.
 */
import { expect, test, describe } from "vitest";
import { runProgram } from "./childProgram.ts";

describe("SIGINT", { timeout: 30_000 }, () => {
  test("stops a main that never waits for long, once, and its error ends the process with 130 (CPython, differs: test_runners RunnerTests.test_interrupt_call_soon)", async () => {
    const ended = await runProgram(
      `import { run, sleep } from "ambit";
       await run(async () => {
         console.log("started");
         try {
           for (;;) await sleep(0);
         } catch (error) {
           console.log(error.name, error.signal);
           for (let i = 0; i < 3; i++) await sleep(0);
           throw error;
         }
       });`,
      { on: { started: "SIGINT" } },
    );
    expect(ended).toEqual({
      code: 130,
      signal: null,
      out: "started\nCancelledError SIGINT\n",
      err: "",
    });
  });

  test("cancels the future that main waits for, and main (CPython, differs: test_runners RunnerTests.test_interrupt_wait)", async () => {
    const ended = await runProgram(
      `import { Future, run, sleep } from "ambit";
       const future = new Future();
       const keepOpen = setInterval(() => {}, 1000);
       await run(async () => {
         console.log("started");
         try {
           await future;
         } catch (error) {
           console.log(error.name, future.cancelled());
           throw error;
         }
       }).catch((error) => console.log(error.name, error.signal));
       clearInterval(keepOpen);`,
      { on: { started: "SIGINT" } },
    );
    expect(ended).toMatchObject({
      code: 130,
      out: "started\nCancelledError true\nCancelledError SIGINT\n",
      err: "",
    });
  });

  test("of a main that is being cancelled already changes nothing: the first cancel is thrown (CPython: test_runners RunnerTests.test_interrupt_cancelled_task)", async () => {
    const ended = await runProgram(
      `import { createTask, currentTask, run, sleep } from "ambit";
       await run(async () => {
         const main = currentTask();
         createTask(async () => {
           await sleep(0);
           main.cancel("mine");
           process.emit("SIGINT", "SIGINT");
         });
         await sleep(10_000);
       }).catch((error) => console.log(error.name, error.reason, error.signal));`,
    );
    expect(ended).toEqual({
      code: 0,
      signal: null,
      out: "CancelledError mine undefined\n",
      err: "",
    });
  });

  test("is thrown as a CancelledError that knows its signal, also of a task that a factory made (CPython, differs: test_runners RunTests.test_asyncio_run_without_uncancel)", async () => {
    const ended = await runProgram(
      `import { createTask, Event, getRunningLoop, run, setTaskFactory } from "ambit";
       const keepOpen = setInterval(() => {}, 1000);
       setTaskFactory(getRunningLoop(), (body, options, create) => create(body, options));
       await run(async () => {
         process.emit("SIGINT", "SIGINT");
         await createTask(() => new Event().wait());
       }).catch((error) => console.log(error.name, error.signal));
       clearInterval(keepOpen);`,
    );
    expect(ended).toMatchObject({ code: 130, out: "CancelledError SIGINT\n", err: "" });
  });
});

test(
  "where no signal ever arrives, in a worker thread, a program runs all the same (CPython: test_runners RunnerTests.test_signal_install_not_supported_ok)",
  { timeout: 30_000 },
  async () => {
    const ended = await runProgram(
      `import { Worker } from "node:worker_threads";
     const source = \`
       import("ambit").then(async ({ run, sleep }) => {
         const { parentPort } = await import("node:worker_threads");
         parentPort.postMessage(await run(() => sleep(1, "ran")));
       });\`;
     const worker = new Worker(source, { eval: true });
     worker.on("message", (message) => console.log(message));
     worker.on("exit", (code) => console.log("exit", code));`,
    );
    expect(ended).toEqual({ code: 0, signal: null, out: "ran\nexit 0\n", err: "" });
  },
);
