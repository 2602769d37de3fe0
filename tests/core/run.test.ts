/*
 * run and Runner: the way in and out. Signals and exit codes are tried in processes of their own, on
 * the real loop, since processes are what they are about.
 */
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  ContextVar,
  getRunningLoop,
  onRunnerEnd,
  run,
  Runner,
  RunnerStateError,
  sleep,
  taskGroup,
} from "ambit";
import { inspect } from "node:util";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "./childProgram.ts";

describe("run", () => {
  test("gives what main returns and throws what main throws", async () => {
    expect(await run(async () => 42)).toBe(42);
    await expect(run(() => Promise.reject(new Error("boom")))).rejects.toThrow("boom");
    const killed = Object.assign(new Error("ended"), { signal: "SIGTERM" });
    for (const thrown of [undefined, null, 0, killed])
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- anything may be thrown
      await expect(run(() => Promise.reject(thrown))).rejects.toBe(thrown);
    expect(process.exitCode).toBeUndefined();
    await expect(run(5 as never)).rejects.toThrow(
      "Expected `main` to be a function, got `5` (number)",
    );
  });

  test("cancels the tasks that main left behind and waits for their clean-up", async () => {
    const log: string[] = [];
    await run(async () => {
      createTask(async () => {
        try {
          await sleep(10_000);
        } finally {
          await sleep(2);
          log.push("cleaned up");
        }
      });
      await sleep(1);
    });
    expect(log).toEqual(["cleaned up"]);
  });

  test("a child of a group left behind is cancelled once, and cleans up undisturbed", async () => {
    const log: string[] = [];
    await run(async () => {
      createTask(() =>
        taskGroup((group) => {
          group.spawn(async () => {
            try {
              await sleep(10_000);
            } finally {
              await sleep(2);
              log.push("cleaned up");
            }
          });
        }),
      );
      await sleep(1);
    });
    expect(log).toEqual(["cleaned up"]);
  });

  test("tasks that clean-up code starts are ended too", async () => {
    const log: string[] = [];
    await run(async () => {
      createTask(async () => {
        try {
          await sleep(10_000);
        } finally {
          createTask(() => sleep(10_000).finally(() => log.push("second")));
          await sleep(1);
          log.push("first");
        }
      });
      await sleep(1);
    });
    expect(log).toEqual(["first", "second"]);
  });

  test("a task that fails while run shuts down is told to the exception handler", async () => {
    const seen: string[] = [];
    await run(async () => {
      getRunningLoop().setExceptionHandler(({ message, exception }) =>
        seen.push(`${message}: ${String(exception)}`),
      );
      createTask(() =>
        sleep(10_000).catch(() => {
          throw new Error("bad clean-up");
        }),
      );
      await sleep(1);
    });
    getRunningLoop().setExceptionHandler(null);
    expect(seen).toEqual(["a task failed while run() was shutting down: Error: bad clean-up"]);
  });

  test("closers run after the tasks, last registered first; what they throw is reported", async () => {
    const log: string[] = [];
    await run(async () => {
      getRunningLoop().setExceptionHandler(({ message, exception }) =>
        log.push(`${message}: ${String(exception)}`),
      );
      onRunnerEnd(() => sleep(1).then(() => void log.push("first registered")));
      onRunnerEnd(() => {
        throw new Error("cannot close");
      });
      createTask(() => sleep(10_000).finally(() => log.push("task")));
      await sleep(1);
      expect(() => onRunnerEnd(5 as never)).toThrow("`close`");
    });
    getRunningLoop().setExceptionHandler(null);
    expect(log).toEqual([
      "task",
      "closing at the end of run() failed: Error: cannot close",
      "first registered",
    ]);
  });

  test("nests: the inner program has tasks of its own, and a cancel of the outer one reaches it (CPython, differs: test_runners RunTests.test_asyncio_run_from_running_loop; test_events EventLoopTestsMixin.test_run_until_complete_nesting)", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const outer = createTask(async () => {
        await run(
          async () => {
            expect(allTasks()).toEqual([currentTask()]);
            try {
              await sleep(1000);
            } finally {
              await sleep(1);
              log.push("inner main ended");
            }
          },
          { name: "inner" },
        );
      });
      await sleep(1);
      outer.cancel();
      await expect(outer).rejects.toThrow(CancelledError);
      expect(log).toEqual(["inner main ended"]);
    });
  });

  test("an outside AbortSignal cancels main, and keeps no listener", async () => {
    const controller = new AbortController();
    const work = run(() => sleep(10_000), { signal: controller.signal });
    controller.abort(new Error("outside"));
    await expect(work).rejects.toMatchObject({
      name: "CancelledError",
      reason: controller.signal.reason,
    });
    await expect(run(async () => 1, { signal: 5 as never })).rejects.toThrow("options.signal");
  });

  test("a task created after its run has ended never runs (CPython, differs: test_events EventLoopTestsMixin.test_close)", async () => {
    let leak!: () => PromiseLike<unknown>;
    let ran = false;
    await run(async () => {
      const { AsyncResource } = await import("node:async_hooks");
      leak = AsyncResource.bind(() => createTask(async () => (ran = true)));
    });
    await expect(leak()).rejects.toThrow("the run that this task was created in has ended");
    expect(ran).toBe(false);
  });

  test("leaves no signal listener behind", async () => {
    const before = process.listenerCount("SIGINT");
    await run(async () => {
      expect(process.listenerCount("SIGINT")).toBe(before + 1);
      await run(async () => expect(process.listenerCount("SIGINT")).toBe(before + 1));
      const inner = new Runner();
      await inner.run(async () => expect(process.listenerCount("SIGINT")).toBe(before + 1));
      await inner.close();
    });
    await run(async () => expect(process.listenerCount("SIGINT")).toBe(before), {
      handleSignals: false,
    });
    expect(process.listenerCount("SIGINT")).toBe(before);
  });
});

describe("Runner", () => {
  test("runs several mains with one set of context variables; tasks live on between them", async () => {
    const user = new ContextVar<string>("user");
    const runner = new Runner();
    const background = await runner.run(async () => {
      user.set("ada");
      return [createTask(() => sleep(5, "background"))];
    });
    expect(await runner.run(async () => user.get())).toBe("ada");
    expect(await runner.run(async () => await background[0])).toBe("background");
    expect(inspect(runner)).toBe("<Runner idle>");
    await runner.close();
    await runner.close();
    expect(inspect(runner)).toBe("<Runner closed>");
  });

  test("is one thing at a time, and nothing after it was closed", async () => {
    const runner = new Runner();
    const first = runner.run(() => sleep(1));
    await expect(runner.run(async () => {})).rejects.toThrow(
      "run on a Runner that is running already",
    );
    await expect(runner.close()).rejects.toThrow(RunnerStateError);
    await first;
    await runner[Symbol.asyncDispose]();
    await expect(runner.run(async () => {})).rejects.toThrow(
      "run on a Runner that is closed: make a new one",
    );
  });
});

describe("signals, in a process of its own", { timeout: 30_000 }, () => {
  const main = `
    import { run, sleep } from "ambit";
    const main = async () => {
      console.log("started");
      try {
        await sleep(20_000);
      } finally {
        console.log("cleaning");
        await sleep(20);
        console.log("cleaned");
      }
    };`;

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "%s cancels main, clean-up runs, the process ends quietly with %i",
    async (signal, code) => {
      const ended = await runProgram(`${main}\nawait run(main);\nconsole.log("never");`, {
        on: { started: signal },
      });
      expect(ended).toEqual({ code, signal: null, out: "started\ncleaning\ncleaned\n", err: "" });
    },
  );

  test("a program that catches it decides for itself, and ends with 130 unless it says otherwise", async () => {
    const caught = `${main}
      await run(main).catch((error) => console.log(error.name, error.signal));`;
    const ended = await runProgram(caught, { on: { started: "SIGINT" } });
    expect(ended).toMatchObject({
      code: 130,
      out: "started\ncleaning\ncleaned\nCancelledError SIGINT\n",
    });
    const graceful = await runProgram(`${caught}\nprocess.exitCode = 0;`, {
      on: { started: "SIGINT" },
    });
    expect(graceful.code).toBe(0);
  });

  test("run called without await ends the same way", async () => {
    const ended = await runProgram(`${main}\nvoid run(main);`, { on: { started: "SIGINT" } });
    expect(ended).toMatchObject({ code: 130, err: "" });
  });

  test("of several runs side by side each is cancelled, those that outlast the others too", async () => {
    const ended = await runProgram(
      `import { run, sleep } from "ambit";
       const main = (ms) => async () => {
         console.log("main", ms);
         try { await sleep(ms); } finally { console.log("end of", ms); }
       };
       const first = run(main(10));
       const second = run(main(20_000));
       await first;
       console.log("started");
       await second;`,
      { on: { started: "SIGINT" } },
    );
    expect(ended).toMatchObject({ code: 130, err: "" });
    expect(ended.out).toBe("main 10\nmain 20000\nend of 10\nstarted\nend of 20000\n");
  });

  test("a second signal ends the process at once", async () => {
    const ended = await runProgram(
      `${main.replace("sleep(20)", "sleep(20_000)")}\nawait run(main);`,
      {
        on: { started: "SIGINT", cleaning: "SIGTERM" },
      },
    );
    expect(ended).toEqual({ code: 143, signal: null, out: "started\ncleaning\n", err: "" });
  });

  test("a main that swallows the cancel and returns ends with 0", async () => {
    const ended = await runProgram(
      `import { run, sleep } from "ambit";
       console.log("started", await run(() => { console.log("started"); return sleep(20_000).catch(() => "graceful"); }));`,
      { on: { started: "SIGTERM" } },
    );
    expect(ended).toMatchObject({ code: 0, out: "started\nstarted graceful\n" });
  });
});

describe("what reaches nobody, in a process of its own", { timeout: 30_000 }, () => {
  const floating = `
    import { createTask, run, sleep } from "ambit";
    process.on("exit", (code) => console.log("exit", code));
    await run(async () => {
      const task = createTask(async () => {
        void (async () => { await sleep(10_000); })();
        await sleep(10_000);
      });
      await sleep(1);
      task.cancel();
      await sleep(5);
    });`;

  test.each([
    [],
    ["--unhandled-rejections=strict"],
    ["--unhandled-rejections=throw"],
    ["--unhandled-rejections=none"],
  ])("a floating cancellation never ends the process (flags: %s)", async (...flags) => {
    const ended = await runProgram(floating, { flags });
    expect(ended).toEqual({ code: 0, signal: null, out: "exit 0\n", err: "" });
  });

  test("with --unhandled-rejections=warn it is warned of, as whoever sets that flag asks for", async () => {
    const ended = await runProgram(floating, { flags: ["--unhandled-rejections=warn"] });
    expect(ended).toMatchObject({ code: 0, out: "exit 0\n" });
    expect(ended.err).toContain("UnhandledPromiseRejectionWarning: CancelledError");
  });

  test("any other unhandled rejection keeps Node's behaviour: exit code 1, and listeners are called", async () => {
    const source = `${floating}
      void Promise.reject(new Error("mine"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      console.log("went on");`;
    const strict = await runProgram(source);
    expect(strict).toMatchObject({ code: 1, out: "exit 1\n" });
    expect(strict.err).toContain("Error: mine");
    const warned = await runProgram(source, { flags: ["--unhandled-rejections=warn"] });
    expect(warned).toMatchObject({ code: 0, out: "went on\nexit 0\n" });
    const listened = await runProgram(
      `process.on("unhandledRejection", (error) => console.log("heard", error.message));${source}`,
    );
    expect(listened).toMatchObject({ code: 0, out: "heard mine\nwent on\nexit 0\n" });
  });

  test("a task's failure that nobody looked at is reported at the end of run, and ends nothing", async () => {
    const ended = await runProgram(`
      import { createTask, run, sleep } from "ambit";
      await run(async () => {
        createTask(async () => { throw new Error("lost"); }, { name: "loser" });
        await sleep(5);
        console.log("run goes on");
      });
      console.log("after run");`);
    expect(ended).toMatchObject({ code: 0, out: "run goes on\nafter run\n" });
    expect(ended.err).toContain("task 'loser' failed and nobody looked at its exception");
    expect(ended.err.match(/Error: lost/g)).toHaveLength(1);
  });

  test("it is reported when the task is collected, once (CPython: test_base_events BaseEventLoopTests.test_default_exc_handler_coro)", async () => {
    const ended = await runProgram(
      `
      import { createTask, run, sleep } from "ambit";
      await run(async () => {
        createTask(async () => { throw new Error("lost"); });
        for (let i = 0; i < 5; i++) { await sleep(5); gc(); }
        process.stderr.write("END OF MAIN\\n");
      });`,
      { flags: ["--expose-gc"] },
    );
    expect(ended.err.indexOf("Error: lost")).toBeGreaterThanOrEqual(0);
    expect(ended.err.indexOf("Error: lost")).toBeLessThan(ended.err.indexOf("END OF MAIN"));
    expect(ended.err.match(/Error: lost/g)).toHaveLength(1);
  });

  test("outside run it is reported when the process exits, once", async () => {
    const ended = await runProgram(`
      import { createTask } from "ambit";
      const kept = createTask(async () => { throw new Error("lost"); });
      process.on("exit", () => console.log(kept.done()));`);
    expect(ended).toMatchObject({ code: 0, out: "true\n" });
    expect(ended.err.match(/Error: lost/g)).toHaveLength(1);
  });

  test("a program whose loop is empty while run still waits is told which tasks wait for what", async () => {
    const ended = await runProgram(`
      import { Future, run } from "ambit";
      await run(async () => await new Future());`);
    expect(ended.code).toBe(13);
    expect(ended.err).toContain("the event loop is empty, but run() still waits");
    expect(ended.err).toContain("main  await(<Future pending>)");
  });
});

test("a cancelled sleep does not keep the process alive", { timeout: 30_000 }, async () => {
  const source = (ms: string): string => `
    import { createTask, run, sleep } from "ambit";
    const start = performance.now();
    void run(async () => { const task = createTask(() => sleep(${ms})); await sleep(1); task.cancel(); await sleep(20); });
    process.on("exit", () => console.log(performance.now() - start < 5000));`;
  expect(await runProgram(source("60_000"))).toMatchObject({ code: 0, out: "true\n" });
});
