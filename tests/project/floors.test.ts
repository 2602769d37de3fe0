/**
 * The floors of src: who may import whom, and who may know the time. Each rule is also shown a
 * breach.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  codeOf,
  edgesOf,
  floorBreaches,
  homelessFiles,
  importCycles,
  importEdges,
  sourceFiles,
} from "./importGraph.ts";

const SRC = join(import.meta.dirname, "../../src");
const files = sourceFiles(SRC);
const edges = importEdges(SRC);

/**
 * The files that make time: everybody else asks the loop. `steps.ts` measures the loop itself, from
 * outside it; `http2Session.ts` has Node tell when a session is idle, by a clock that holds no
 * process; so does `lockHeartbeat.ts` when it renews a lock for other machines, whose time is real.
 * `pageScript.ts` is text that a browser runs.
 */
const TIMEKEEPERS = [
  "core/uvLoop.ts",
  "core/steps.ts",
  "cli/trace/pageScript.ts",
  "files/lockHeartbeat.ts",
  "http/http2Session.ts",
];
const CLOCKS =
  /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.now|timers\/promises)\b/;

test("the check sees every import of every file", () => {
  expect(files.length).toBeGreaterThan(10);
  expect(edges.length).toBeGreaterThan(files.length);
  for (const file of files) {
    const named = codeOf(SRC, file).match(/^(?:import |.*\bfrom )"[^"]+";$/gm) ?? [];
    const seen = edges.filter(({ from }) => from === file).length;
    expect(seen, file).toBeGreaterThanOrEqual(named.length);
  }
});

test("imports only look down", () => {
  expect(floorBreaches(edges)).toEqual([]);
});

test("every folder of src stands on a floor", () => {
  expect(homelessFiles(files)).toEqual([]);
});

test("there are no import cycles, type-only imports included", () => {
  expect(importCycles(edges)).toEqual([]);
});

test("only the loop and the tests' loop know timers and clocks", () => {
  const others = files.filter(
    (file) => !TIMEKEEPERS.includes(file) && !file.startsWith("testing/"),
  );
  expect(others.filter((file) => CLOCKS.test(codeOf(SRC, file)))).toEqual([]);
});

test.each([
  ["core/task.ts", `import { Lock } from "../sync/lock.ts";`, "core/task.ts -> sync/lock.ts"],
  [
    "sync/lock.ts",
    `import { Queue } from "../queues/queue.ts";`,
    "sync/lock.ts -> queues/queue.ts",
  ],
  ["http/session.ts", `import { run } from "../index.ts";`, "http/session.ts -> index.ts"],
  [
    "core/run.ts",
    `import type { V } from "../testing/index.ts";`,
    "core/run.ts -> testing/index.ts",
  ],
  ["index.ts", `export { V } from "./testing/index.ts";`, "index.ts -> testing/index.ts"],
  [
    "testing/leaks.ts",
    `import { Lock } from "../sync/lock.ts";`,
    "testing/leaks.ts -> sync/lock.ts",
  ],
  ["core/run.ts", `import { Agent } from "undici";`, "core/run.ts -> undici"],
  ["web/server.ts", `const { Agent } = await import("undici");`, "web/server.ts -> undici"],
  ["http/session.ts", `import { run } from "ambit";`, "http/session.ts -> ambit"],
  ["core/run.ts", `import "../sync/lock.ts";`, "core/run.ts -> sync/lock.ts"],
  [
    "core/run.ts",
    `export type {\n  A,\n  B,\n} from "../sync/lock.ts";`,
    "core/run.ts -> sync/lock.ts",
  ],
])("in %s, `%s` is a breach", (file, code, breach) => {
  expect(floorBreaches(edgesOf(file, code))).toEqual([breach]);
});

test("undici is open to http, and lower floors to higher ones", () => {
  const code = `import { Agent } from "undici";\nimport { Lock } from "../sync/lock.ts";`;
  expect(edgesOf("http/session.ts", code)).toHaveLength(2);
  expect(floorBreaches(edgesOf("http/session.ts", code))).toEqual([]);
});

test("a cycle through three files is found, whatever leads into it", () => {
  const chain = ["a.ts", "b.ts", "c.ts", "d.ts", "b.ts"];
  const cyclic = chain.slice(1).map((to, index) => ({ from: chain[index] ?? "", to }));
  expect(importCycles(cyclic)).toEqual(["b.ts -> c.ts -> d.ts -> b.ts"]);
  expect(importCycles(cyclic.slice(0, 3))).toEqual([]);
});

test("a file beside the roof and a folder without a floor are found", () => {
  expect(homelessFiles(["index.ts", "core/run.ts", "cli/main.ts"])).toEqual([]);
  expect(homelessFiles(["more.ts", "utils/text.ts"])).toEqual(["more.ts", "utils/text.ts"]);
});
