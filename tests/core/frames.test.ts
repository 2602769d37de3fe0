/*
 * What is read from the text of a stack. The texts are V8's own, of Node 20 and 26.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { framesIn } from "../../src/core/frames.ts";

const ROOT = join(import.meta.dirname, "../..");

const words = (stack: string): string[] => framesIn(`Error: x\n${stack}`).map(String);

test.each([
  ["a function", "    at inner (file:///srv/app.mjs:3:26)", "/srv/app.mjs:3 in inner"],
  [
    "an async one",
    "    at async outer (file:///srv/app.mjs:4:51)",
    "/srv/app.mjs:4 in async outer",
  ],
  [
    "an anonymous one, whatever V8 calls it",
    "    at async createTask.name (file:///srv/app.mjs:4:51)",
    "/srv/app.mjs:4",
  ],
  [
    "a method",
    "    at async Pool.take (file:///srv/app.mjs:4:51)",
    "/srv/app.mjs:4 in async Pool.take",
  ],
  ["the top level", "    at async file:///srv/app.mjs:7:1", "/srv/app.mjs:7"],
  [
    "a method by another name",
    "    at get x [as y] (/srv/a.cjs:2:41)",
    "/srv/a.cjs:2 in get x [as y]",
  ],
  ["a constructor", "    at new Thing (/srv/a.cjs:2:4)", "/srv/a.cjs:2 in new Thing"],
  ["a path with parentheses", "    at f (/srv/a (b)/c.js:2:4)", "/srv/a (b)/c.js:2 in f"],
  [
    "a file below the working directory",
    `    at f (${process.cwd()}/lib/c.js:2:4)`,
    "lib/c.js:2 in f",
  ],
  ["a drive of Windows", "    at f (C:\\srv\\a.js:2:4)", "C:\\srv\\a.js:2 in f"],
])("%s is read", (_, line, expected) => {
  expect(words(line)).toEqual([expected]);
});

test.each([
  [
    "Node's internals",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:77:11)",
  ],
  ["built-in functions", "    at Array.map (<anonymous>)"],
  ["a combinator of promises", "    at async Promise.all (index 0)"],
  ["evaluated code", "    at eval (eval at f (file:///srv/a.mjs:1:2), <anonymous>:1:1)"],
  ["Ambit's source", `    at suspend (${ROOT}/src/core/suspend.ts:66:3)`],
  ["Ambit as built", `    at async TaskGroup.conduct (file://${ROOT}/dist/core/taskGroup.js:66:3)`],
  ["the message", "    of an error: at 3:4"],
])("%s is left out", (_, line) => {
  expect(words(line)).toEqual([]);
});

test("a frame tells its parts", () => {
  expect(framesIn("    at async outer (file:///srv/app.mjs:4:51)")).toMatchObject([
    { functionName: "outer", file: "/srv/app.mjs", line: 4, column: 51, isAsync: true },
  ]);
});
