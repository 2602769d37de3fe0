/**
 * Whose lines workers print. In programs of their own, whose output is read; so real workers and real time.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { labelConsole } from "ambit/futures";
import { expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

const TASKS = JSON.stringify(pathToFileURL(join(import.meta.dirname, "printingTasks.mjs")).href);

/** What a program prints that has a pool of one worker, and calls functions of `tasks`: its lines, sorted. */
async function linesOf(kind: string, options: string, calls: string): Promise<string[]> {
  const { code, out, err } = await runProgram(`
    import { createTask, run } from "ambit";
    import { labelConsole, ${kind} } from "ambit/futures";
    import * as tasks from ${TASKS};
    await run(async () => {
      const pool = new ${kind}({ maxWorkers: 1, ${options} });
      ${calls}
      await pool.shutdown();
    });`);
  expect(code).toBe(0);
  return `${out}${err}`.trimEnd().split("\n").sort();
}

const KINDS = [
  ["ThreadPoolExecutor", "threadNamePrefix"],
  ["ProcessPoolExecutor", "processNamePrefix"],
] as const;

test.each(KINDS)("what a worker of a %s prints is as it was printed", async (kind) => {
  const lines = await linesOf(kind, "", `await pool.submit(tasks.printing, "x");`);
  expect(lines).toContain("plain { name: 'x' }");
  expect(lines.join("\n")).not.toContain(kind);
});

test.each(KINDS)("what a worker of a %s printed last is not lost at a shutdown", async (kind) => {
  const lines = await linesOf(kind, "", "await pool.submit(tasks.printingMuch, 5000);");
  expect(lines).toHaveLength(5000);
});

test.each(KINDS)("labelled, the lines of a %s say whose they are", async (kind, prefix) => {
  const lines = await linesOf(
    kind,
    `${prefix}: "50%s", initializer: labelConsole`,
    `await createTask(() => pool.submit(tasks.printing, "it"), { name: "upload 17" });
     await pool.submit(tasks.writing, "data");`,
  );
  const label = "[50%s_0, printing for 'upload 17']";
  const labelled = ["plain { name: 'it' }", "it has 100%", "7", "100%% of one argument"];
  const others = ["of a child task", "group", "  inside"];
  const group = (text: string): string =>
    text.startsWith("  ") ? `  ${label} ${text.trim()}` : `${label} ${text}`;
  expect(lines).toEqual([...[...labelled, ...others].map(group), label, "data"].sort());
});

test.each(KINDS)(
  "a line of a %s that belongs to no call has the worker's name",
  async (kind, prefix) => {
    const lines = await linesOf(
      kind,
      `${prefix}: "pool", initializer: tasks.labelTwice`,
      `await pool.submit(tasks.printingLater);
     await pool.submit(tasks.latePrint);`,
    );
    expect(lines).toEqual(["[pool_0] begins", "[pool_0] later"]);
  },
);

test("outside of a worker it does nothing", () => {
  const { log } = console;
  labelConsole();
  expect(console.log).toBe(log);
});
