/**
 * How a program with a pool of processes ends, and that nothing outlives it: in processes of their own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sleep } from "ambit";
import { afterAll, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

const module = (name: string): string => pathToFileURL(join(import.meta.dirname, name)).href;
const HEAD = `
  import { ProcessPoolExecutor } from "ambit/futures";
  import { blocking, square } from "${module("tasks.mjs")}";
  import * as files from "${module("fileTasks.mjs")}";
`;
const folder = mkdtempSync(join(tmpdir(), "ambit-process-exit-"));
afterAll(() => rmSync(folder, { recursive: true }));

function alive(pid: number): boolean {
  try {
    // A zombie in a container whose first process asks for none has ended, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ends(pid: number): Promise<void> {
  while (alive(pid)) await sleep(2);
}

test("a program that ends without shutdown ends when its calls have, and leaves no process", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    let pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    pool.submit(files.pid).addDoneCallback((call) => console.log(call.result()));
    pool = null;
  `);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^\d+\n$/);
  await ends(Number(out));
});

test("a shutdown that does not wait does not hang at the end, nor lose the running call", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    pool.submit(blocking, 20).addDoneCallback(() => console.log("apple"));
    await pool.shutdown({ wait: false });
  `);
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "apple\n" });
});

test("an idle pool does not keep the program alive", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    console.log(await pool.submit(square, 3));
  `);
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "9\n" });
});

test("no call is taken on while the program is ending (CPython: concurrent.futures ProcessPoolExecutorTest.test_python_finalization_error)", async () => {
  const { code, err, out } = await runProgram(`${HEAD}
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await pool.submit(square, 2);
    process.on("exit", () => {
      try {
        pool.submit(square, 3);
      } catch (error) {
        console.log(error.name);
      }
    });
  `);
  expect({ code, err, out }).toEqual({ code: 0, err: "", out: "ExecutorShutdownError\n" });
});

test.each(["exit", "throw", "SIGTERM", "SIGKILL"])(
  "a process in a loop that never ends dies with the program, by %s",
  async (how) => {
    const begun = join(folder, how);
    const ending = {
      exit: "process.exit(0)",
      throw: "setTimeout(() => { throw new Error('on purpose'); })",
      SIGTERM: "process.kill(process.pid, 'SIGTERM')",
      SIGKILL: "process.kill(process.pid, 'SIGKILL')",
    }[how];
    await runProgram(`${HEAD}
      import { existsSync } from "node:fs";
      import { sleep } from "ambit";
      const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
      // Its guard stands when it has answered once, and the second call is under way a while.
      await pool.submit(square, 1);
      void pool.submit(files.spinningForEver, "${begun}");
      while (!existsSync("${begun}")) await sleep(1);
      ${ending};
    `);
    const pid = Number(readFileSync(begun, "utf8"));
    expect(pid).toBeGreaterThan(0);
    await ends(pid);
  },
);

test("Ctrl-C in a terminal reaches the program alone: a call that runs ends as the program wants", async () => {
  const gate = join(folder, "gate");
  const source = `${HEAD}
    import { writeFileSync } from "node:fs";
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    const call = pool.submit(files.atGate, "${gate}", "whole");
    process.once("SIGINT", async () => {
      writeFileSync("${gate}", "");
      console.log(await call);
      await pool.shutdown();
      process.exit(0);
    });
    while (!call.running()) await new Promise((resolve) => setImmediate(resolve));
    console.log("running");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: join(import.meta.dirname, "../.."),
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    // As a terminal does it: to the whole group.
    if (out === "running\n") process.kill(-(child.pid as number), "SIGINT");
  });
  const code = await new Promise((resolve) => void child.on("close", resolve));
  expect({ code, out }).toEqual({ code: 0, out: "running\nwhole\n" });
});

test("a call that floods stdout writes it all, and its result comes back", async () => {
  const { code, out } = await runProgram(`${HEAD}
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    for (let at = 0; at < 20; at++) await pool.submit(files.flood, 100_000);
    await pool.shutdown();
    console.log("done");
  `);
  expect(code).toBe(0);
  expect(out.length).toBe(20 * 100_001 + "done\n".length);
  expect(out.endsWith("\ndone\n")).toBe(true);
});

test("what a call has written comes whole, also when who reads it is slow and the pool is shut down at once", async () => {
  const program = `${HEAD}
    const pool = new ProcessPoolExecutor({ maxWorkers: 1, grace: 60_000 });
    await pool.submit(files.flood, 500_000);
    await pool.shutdown();
  `;
  // A pipe holds 64 KiB: the rest is with the process that is to end. How long the reader sleeps is not told by the result.
  const reader = "sleep 0.3; wc -c";
  const line = `"$0" --input-type=module --eval "$1" | { ${reader}; }`;
  const child = spawn("sh", ["-c", line, process.execPath, program], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  await once(child, "close");
  expect(Number(out)).toBe(500_001);
});

test("flags of the program are its processes' too, but for those that say what to run", async () => {
  const { code, err, out } = await runProgram(
    `${HEAD}
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    console.log(JSON.stringify((await pool.submit(files.argv))[0]));
  `,
    { flags: ["--expose-gc", "--max-old-space-size=200"] },
  );
  expect({ code, err, out }).toEqual({
    code: 0,
    err: "",
    out: `["--expose-gc","--max-old-space-size=200"]\n`,
  });
});

test("no marks are left in the file systems", async () => {
  const { code, out } = await runProgram(`${HEAD}
    import { readdirSync } from "node:fs";
    import { tmpdir } from "node:os";
    const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await pool.submit(square, 2);
    const folders = ["/dev/shm", tmpdir()];
    const names = folders.flatMap((folder) => { try { return readdirSync(folder); } catch { return []; } });
    console.log(names.filter((name) => /^ambit-[0-9a-f]{8}-/.test(name)).length);
  `);
  expect({ code, out }).toEqual({ code: 0, out: "0\n" });
  expect(existsSync(folder)).toBe(true);
});
