/*
 * Two copies of Ambit in one process, as a program has them whose packages depend on different versions: each works, and
 * neither takes the other's cancels for failures. In a process of its own, since it is about what ends a process.
 */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "./childProgram.ts";

const BUILT = join(import.meta.dirname, "../../dist");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ambit-copy-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await cp(join(BUILT, "index.js"), join(folder, "dist/index.js"));
  await cp(join(BUILT, "chunks"), join(folder, "dist/chunks"), { recursive: true });
});

afterAll(() => rm(folder, { recursive: true }));

const program = (ends: string): string => `
  import * as first from "ambit";
  const second = await import(${JSON.stringify(pathToFileURL(join(folder, "dist/index.js")).href)});
  process.stdout.write(String(first.CancelledError === second.CancelledError) + "\\n");
  for (const { createTask, sleep } of [first, second, first]) {
    const task = createTask(async () => {
      void sleep(60_000);
      await sleep(60_000);
    });
    await sleep(1);
    task.cancel();
    try { await task } catch (error) { process.stdout.write(error.name + "\\n"); }
  }
  await first.sleep(5);
  ${ends}`;

test("floating cancels of either copy end nothing", async () => {
  const ended = await runProgram(program('process.stdout.write("alive\\n");'));
  const out = `false\n${"CancelledError\n".repeat(3)}alive\n`;
  expect(ended).toEqual({ code: 0, signal: null, out, err: "" });
});

test("what is no cancel ends the process still, with both of them in it", async () => {
  const ended = await runProgram(program('void Promise.reject(new RangeError("real"));'));
  expect(ended.code).toBe(1);
  expect(ended.err).toContain("RangeError: real");
});
