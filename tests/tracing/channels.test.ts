/**
 * When tracing subscribes to what; where it is about what is loaded, and collected, in a process of its own.
 */
import { channel } from "node:diagnostics_channel";
import { createTask } from "ambit";
import { span } from "ambit/tracing";
import { expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { traced } from "./traced.ts";

test("a module that is loaded after a first tracing has ended is traced by the next", async () => {
  const { out, err } = await runProgram(
    `import { channel } from "node:diagnostics_channel";
    import { run, sleep } from "ambit";
    import { startTracing } from "ambit/tracing";
    const traced = () => startTracing({ serviceName: "shop" });
    await run(async () => {
      await traced().close();
      await sleep(5);
      // Node.js 20 had dropped the channel here, and forgot the next one of its name a little later.
      gc();
      gc();
      // As ambit/web has it.
      const started = channel("ambit:web.request.started");
      for (let i = 0; i < 5; i++) await sleep(5);
      const tracing = traced();
      process.stdout.write(String(started.hasSubscribers) + "\\n");
      await tracing.close();
      process.stdout.write(String(started.hasSubscribers) + "\\n");
    });`,
    { flags: ["--expose-gc"] },
  );
  expect([out, err]).toEqual(["true\nfalse\n", ""]);
});

test("the ends of tasks are heard of once a task has a span, and no longer than that tracing lasts", async () => {
  const ends = channel("ambit:task.ended");
  const heard: boolean[] = [];
  await traced(async () => {
    await span("work", () => createTask(async () => {}));
    heard.push(ends.hasSubscribers);
    await span("work", () => createTask(async () => {}, { name: "named" }));
    heard.push(ends.hasSubscribers);
  });
  expect([...heard, ends.hasSubscribers]).toEqual([false, true, false]);
});
