/*
 * Debug mode: failures that nobody looks at, and tasks that nobody waits for when the process ends. The latter needs
 * processes of their own.
 */
import { createTask, type ExceptionContext, Future, getRunningLoop, run, sleep } from "ambit";
import { expect, test } from "vitest";
import { runProgram } from "./childProgram.ts";
import { marks } from "./lines.ts";

const at = marks(import.meta.url);

/** What is told about the failures that the body leaves behind. */
async function reportsOf(
  debug: boolean,
  body: () => Promise<unknown>,
): Promise<ExceptionContext[]> {
  const seen: ExceptionContext[] = [];
  const loop = getRunningLoop();
  await run(
    async () => {
      loop.setExceptionHandler((context) => seen.push(context));
      await body();
      await sleep(1);
    },
    { debug },
  );
  loop.setExceptionHandler(null);
  return seen;
}

async function leaveFailures(): Promise<void> {
  createTask(
    async () => {
      throw new Error("lost");
    },
    { name: "loser" },
  ); // not the task's place
  const future = new Future<void>(); // the future is made
  future.setException(new Error("lost, too"));
}

test("a failure that nobody looked at is told with the place of the task or future", async () => {
  const seen = await reportsOf(true, leaveFailures);
  const here = at("the future is made");
  expect(seen).toMatchObject([
    { message: "a future failed and nobody looked at its exception", createdAt: here },
    { message: "task 'loser' failed and nobody looked at its exception" },
  ]);
  expect(seen[0]?.details).toContain(`a future was created:\n    at ${here} in leaveFailures`);
  const [file, line] = (seen[1]?.createdAt ?? "").split(":");
  expect(here.startsWith(`${file}:`)).toBe(true);
  expect(Number(line)).toBeLessThan(Number(at("not the task's place").split(":")[1]));
});

test("outside debug mode it is told how to learn the place", async () => {
  const seen = await reportsOf(false, leaveFailures);
  expect(seen.map(({ details }) => details)).toEqual([
    "(AMBIT_DEBUG=1 tells where it was created)",
    "(AMBIT_DEBUG=1 tells where it was created)",
  ]);
  expect(seen[0]).not.toHaveProperty("createdAt");
});

const PENDING = `
  import { createTask, Future, getRunningLoop } from "ambit";
  getRunningLoop().debug = DEBUG;
  createTask(async function waitsForEver() {
    await new Future();
  }, { name: "forgotten" });
  createTask(async () => 1, { name: "done" });`;

test("a task outside run that is pending when the process ends is told of, with both places", async () => {
  const ended = await runProgram(PENDING.replace("DEBUG", "true"));
  expect(ended).toMatchObject({ code: 0, out: "" });
  expect(ended.err).toContain("ambit: task 'forgotten' was pending when the process ended");
  expect(ended.err).toMatch(/it was created:\n {4}at .*:4\n/);
  expect(ended.err).toMatch(/it waits:\n {4}at .*:5 in waitsForEver\n/);
  expect(ended.err).not.toContain("'done'");
});

test("outside debug mode, and where none is pending, nothing is said", async () => {
  expect((await runProgram(PENDING.replace("DEBUG", "false"))).err).toBe("");
  const tidy = `import { run, sleep } from "ambit"; await run(() => sleep(1), { debug: true });`;
  expect((await runProgram(tidy)).err).toBe("");
});
