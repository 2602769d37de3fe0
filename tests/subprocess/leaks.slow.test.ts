/**
 * A thousand processes, of every kind of start and end, and a hundred that cannot start: nothing of
 * them may be left. In a program of its own, since a fork takes longer the more memory its process
 * has, and the test runner has much. Real processes in real time: they are what is tested.
 */
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { WINDOWS } from "./programs.ts";

const PROGRAM = `
  import { existsSync, readdirSync, readFileSync } from "node:fs";
  import { allTasks, mapConcurrent, moveOnAfter, run, sleep } from "ambit";
  import * as sub from "ambit/subprocess";
  const { createSubprocessExec: exec, createSubprocessShell: shell, DEVNULL, PIPE, STDOUT } = sub;

  const kinds = [
    async () => (await exec("true")).wait(),
    async () => (await exec("true", [], { stdin: PIPE, stdout: PIPE })).communicate("x"),
    // Nobody waits, and nobody reads: the run ends it.
    () => exec("echo", ["unread"], { stdout: PIPE, stderr: PIPE }),
    async () => (await exec("true", [], { stdout: PIPE, stderr: STDOUT })).communicate(),
    async () => (await exec("sleep", ["9"], { stdin: PIPE }))[Symbol.asyncDispose](),
    () => moveOnAfter(0, () => sub.runSubprocess("sleep", ["9"])),
    async () => (await exec("cat", [], { stdin: "/dev/null", stdout: DEVNULL })).wait(),
    async () => {
      const child = await shell("exit 3", { killGroup: true, stdin: PIPE });
      child.kill();
      await child.wait();
    },
    () => exec("/no/such", [], { stdin: PIPE, stdout: PIPE }).catch((error) => error.code),
  ];

  const read = (path) => (existsSync(path) ? readFileSync(path, "utf8").trim() : "");
  const count = () => ({
    descriptors: existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0,
    // Zombies are in the list.
    children: read("/proc/self/task/" + process.pid + "/children"),
    tasks: allTasks().length,
    handles: process.getActiveResourcesInfo().filter((name) => name !== "Timeout"),
    listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  });

  // What Node opens at the first use, for signals of children and for threads, stays open.
  await run(() => Promise.all(kinds.map((start) => start())));
  await sleep(50);
  const before = count();
  const outcomes = new Map();
  await run(async () => {
    const numbers = Array.from({ length: 1125 }, (_, n) => n);
    for await (const result of mapConcurrent(numbers, (n) => kinds[n % kinds.length](), { limit: 16 })) {
      const key = typeof result === "object" ? "object" : String(result);
      outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    }
  });
  // Handles close a turn or two after they are asked to.
  const same = () => JSON.stringify(count()) === JSON.stringify(before);
  for (let turns = 0; turns < 200 && !same(); turns++) await sleep(5);
  console.log(JSON.stringify({ before, after: count(), outcomes: Object.fromEntries(outcomes) }));
`;

describe.skipIf(WINDOWS)("after a thousand processes, and a hundred that could not start", () => {
  test(
    "no zombie, no descriptor, no task, handle or listener is left",
    { timeout: 300_000 },
    async () => {
      const { code, out, err } = await runProgram(PROGRAM);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const { before, after, outcomes } = JSON.parse(out) as Record<string, unknown>;
      expect(after).toEqual(before);
      expect(outcomes).toMatchObject({ 0: 250, ENOENT: 125 });
    },
  );
});
