/**
 * How a program with a pool ends: in processes of their own, for only those end.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

const TASKS = pathToFileURL(join(import.meta.dirname, "tasks.mjs")).href;
const HEAD = `
  import { ThreadPoolExecutor } from "ambit/futures";
  import { blocking, square } from "${TASKS}";
`;

test("a program that ends without shutdown ends when its calls have (CPython: concurrent.futures ExecutorShutdownTest.test_interpreter_shutdown, ThreadPoolShutdownTest.test_del_shutdown)", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    let pool = new ThreadPoolExecutor({ maxWorkers: 2 });
    pool.submit(blocking, 20).addDoneCallback((call) => console.log("apple", call.result()));
    pool = null;
  `);
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "apple 20\n" });
});

test("a shutdown that does not wait does not hang at the end, nor lose the running call (CPython: concurrent.futures ExecutorShutdownTest.test_hang_gh83386)", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    pool.submit(blocking, 20).addDoneCallback(() => console.log("apple"));
    await pool.shutdown({ wait: false });
  `);
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "apple\n" });
});

test("no call is taken on while the process is ending (CPython: concurrent.futures ExecutorShutdownTest.test_submit_after_interpreter_shutdown)", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await pool.submit(square, 2);
    process.on("exit", () => {
      try {
        pool.submit(square, 3);
      } catch (error) {
        console.log(error.name, error.message.includes("while the process is ending"));
      }
    });
  `);
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "ExecutorShutdownError true\n" });
});

test("flags of the process that Node refuses for threads do not matter", async () => {
  const { code, err, out } = await runProgram(
    `${HEAD}
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    console.log(await pool.submit(square, 3));
  `,
    { flags: ["--expose-gc", "--max-old-space-size=200"] },
  );
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "9\n" });
});

test("a function of the program's own file is refused, not run again in a worker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ambit-futures-"));
  const file = join(folder, "program.mjs");
  const entry = new URL("../../dist/futures/index.js", import.meta.url).href;
  writeFileSync(
    file,
    `import { ThreadPoolExecutor } from "${entry}";
     console.log("begins");
     export const here = () => 1;
     const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
     await pool.submit(here).then(null, (error) => console.log(error.name));`,
  );
  try {
    const { code, out } = await runProgram("", { flags: [file] });
    expect({ code, out }).toEqual({ code: 0, out: "begins\nUnreachableFunctionError\n" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a function that was evaluated from text is refused", async () => {
  const { code, out } = await runProgram(`${HEAD}
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    await pool.submit(() => 1).then(null, (error) => console.log(error.name));
  `);
  expect({ code, out }).toEqual({ code: 0, out: "UnreachableFunctionError\n" });
});

test("asCompleted keeps no call that it has given (CPython: concurrent.futures AsCompletedTests.test_free_reference_yielded_future)", async () => {
  const { code, err, out } = await runProgram(
    `
    import { asCompleted, ConcurrentFuture } from "ambit/futures";
    import { setImmediate as turn } from "node:timers/promises";
    const calls = [0, 1, 2].map(() => new ConcurrentFuture());
    const results = asCompleted(calls);
    calls[0].setResult(1);
    const given = new WeakRef((await results.next()).value.task);
    calls.shift();
    for (let i = 0; i < 20 && given.deref() !== undefined; i++) { await turn(); gc(); }
    console.log(given.deref() === undefined ? "collected" : "kept");
    await results.return();
  `,
    { flags: ["--expose-gc"] },
  );
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "collected\n" });
});
