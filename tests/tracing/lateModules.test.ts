/**
 * What publishes is often loaded after tracing: in a process of its own, since it is about what is loaded, and collected.
 */
import { expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

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
