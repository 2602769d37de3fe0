/**
 * What is seen of the tasks in workers from outside, and of the callers from inside. Real workers, so real time.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTask, formatCallGraph, formatTaskTree, gather, run, sleep, type Task } from "ambit";
import { ConcurrentFuture, type PoolExecutor, task, ThreadPoolExecutor } from "ambit/futures";
import { afterAll, describe, expect, test } from "vitest";
import { KINDS, withPool } from "./executorKinds.ts";
import * as there from "./treeTasks.mjs";

const folder = mkdtempSync(join(tmpdir(), "ambit-tree-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const freshPath = (): string => join(folder, String(files++));

/** The tree, with the numbers of threads and processes left out, once it shows that. */
async function treeWith(words: string): Promise<string> {
  for (;;) {
    const tree = formatTaskTree();
    if (tree.includes(words)) return tree.replaceAll(/\((thread|process) \d+\)/g, "($1 N)");
    await sleep(1);
  }
}

async function endAll(calls: readonly Task<unknown>[]): Promise<void> {
  for (const call of calls) call.cancel();
  await Promise.allSettled(calls);
}

describe.each(KINDS)("of a %s", (_, kind) => {
  const { noun } = kind;
  const withOne = <T>(body: (pool: PoolExecutor) => Promise<T>): Promise<T> =>
    withPool(kind, { maxWorkers: 1, prefix: "pool", grace: 5000 }, body);

  test("the tasks of a worker hang under the task that awaits the call, at once and without a wait", async () => {
    await withOne(async (pool) => {
      const caller = createTask(async () => await pool.submit(there.napping), { name: "caller" });
      const tree = await treeWith("child of the call");
      expect(tree.split("\n").slice(1)).toEqual([
        "└─ caller  await(<ConcurrentFuture running>)",
        `   └─ call napping  in pool_0 (${noun} N)`,
        "      ├─ napping  sleep(60000)",
        "      └─ child of the call  sleep(60000)",
      ]);
      await endAll([caller]);
    });
  });

  test("a call that waits behind another says so, and all that are gathered are shown", async () => {
    await withOne(async (pool) => {
      const caller = createTask(
        () => gather([pool.submit(there.napping), pool.submit(there.graph)]),
        { name: "caller" },
      );
      const tree = await treeWith("child of the call");
      expect(tree).toContain(`├─ call napping  in pool_0 (${noun} N)\n   │  ├─ napping`);
      expect(tree).toContain("└─ call graph  waits for a worker");
      await endAll([caller]);
    });
  });

  test("a worker that computes is called busy, once and again, and answers when it waits again", async () => {
    await withOne(async (pool) => {
      const begun = freshPath();
      const caller = createTask(async () => await pool.submit(there.computing, begun));
      while (!existsSync(begun)) await sleep(1);
      const busy = `call computing  in pool_0 (${noun} N), busy: it computes or stands still, and does not answer`;
      expect(await treeWith("busy")).toContain(busy);
      expect(await treeWith("call computing")).toContain(busy);
      caller.cancel();
      expect(formatTaskTree()).toContain("call computing (cancelling)  in pool_0");
      await Promise.allSettled([caller]);
      const next = createTask(async () => await pool.submit(there.napping));
      expect(await treeWith("child of the call")).toContain("call napping  in pool_0");
      await endAll([next]);
    });
  });

  test("a call in a pool of the worker's own shows its worker's tasks, too", async () => {
    await withOne(async (pool) => {
      const caller = createTask(async () => await pool.submit(there.delegating));
      const tree = await treeWith("child of the call");
      expect(tree).toContain("└─ call napping  in inner_0 (thread N)");
      await endAll([caller]);
    });
  });

  test("the call graph in a worker leads to the task that has submitted the call", async () => {
    await withOne(async (pool) => {
      const graphs: readonly (() => string | Promise<string>)[] = [there.graph, there.graphLater];
      for (const graph of graphs) {
        const caller = createTask(async () => await pool.submit(graph), { name: "caller" });
        expect(await caller).toMatch(
          /^\* task 'graph.*\n {2}\+ awaited by\n {4}\* task 'caller' of the program that has submitted it$/s,
        );
      }
    });
  });

  test("the call graph of a call tells who awaits it", async () => {
    await withOne(async (pool) => {
      const call = pool.submit(there.napping);
      const caller = createTask(async () => await call, { name: "caller" });
      await treeWith("child of the call");
      expect(formatCallGraph(call)).toContain("+ awaited by\n    * task 'caller'");
      await endAll([caller]);
    });
  });
});

test("of very many calls that a task awaits, ten are shown, and the rest counted", async () => {
  await run(async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1, grace: 5000 });
    const calls = Array.from({ length: 30 }, () => pool.submit(there.napping));
    const caller = createTask(() => gather(calls), { name: "caller" });
    const tree = await treeWith("child of the call");
    expect(tree.match(/call napping {2}/g)).toHaveLength(10);
    expect(tree).toContain("   └─ and 20 more");
    await endAll([caller]);
  });
});

test("a call whose function is looked for says so", async () => {
  await run(async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const caller = createTask(async () => await pool.submit(there.seen));
    const named = createTask(
      async () =>
        await pool.submit(task(new URL("./treeTasks.mjs", import.meta.url), "graph", there.graph)),
    );
    await sleep(0);
    expect(formatTaskTree()).toMatch(/call {2}waits until its function is found|call seen/);
    await Promise.all([caller, named]);
  });
});

test("a future that no pool has made is no part of another tree", async () => {
  await run(async () => {
    const future = new ConcurrentFuture<number>();
    const waiter = createTask(async () => await future, { name: "waiter" });
    await sleep(0);
    expect(formatTaskTree()).toContain("└─ waiter  await(<ConcurrentFuture pending>)");
    future.setResult(1);
    await waiter;
  });
});
