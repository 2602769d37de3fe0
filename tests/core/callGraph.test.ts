/*
 * Call graphs: who awaits whom, and at which line, through every way to await.
 */
import {
  asCompleted,
  captureCallGraph,
  createTask,
  currentTask,
  formatCallGraph,
  Future,
  futureAddToAwaitedBy,
  type FutureCallGraph,
  futureDiscardFromAwaitedBy,
  gather,
  mapConcurrent,
  printCallGraph,
  protect,
  race,
  run,
  runInContext,
  copyContext,
  shield,
  sleep,
  Task,
  taskGroup,
  timeout,
  wait,
  waitFor,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { marks } from "./lines.ts";
import { debug } from "./debugRun.ts";

const at = marks(import.meta.url);

/** Name, functions of the stack, who awaits: as CPython's tests of graphs write it down. */
type Walked = [name: string, calls: string[], awaitedBy: Walked[]];

function walk({ future, callStack, awaitedBy }: FutureCallGraph): Walked {
  const name = future instanceof Task ? future.name : "F";
  return [name, callStack.map(({ functionName }) => functionName), awaitedBy.map(walk)];
}

function graphHere(): Walked {
  return walk(captureCallGraph(null, { depth: 2 }) as FutureCallGraph);
}

/** Who awaits it, by name: of each, who awaits that. */
function awaiters(future: Future<unknown> | null = currentTask()): unknown[] {
  const names = (graph: FutureCallGraph): unknown =>
    graph.awaitedBy.length === 0
      ? (graph.future as Task<unknown>).name
      : [(graph.future as Task<unknown>).name, ...graph.awaitedBy.map(names)];
  return captureCallGraph(future)?.awaitedBy.map(names) ?? [];
}

/** The places of the first awaiter's stack. */
function awaitedAt(future: Future<unknown>): string | undefined {
  return captureCallGraph(future)?.awaitedBy[0]?.callStack[0]?.place;
}

describe("the running task", () => {
  test("awaited in a group by its siblings and by who opened the group (CPython: test_graph CallStackTestBase.test_stack_tgroup)", () =>
    debug(async () => {
      let found: Walked | undefined;
      let text = "";
      function c5(): void {
        found = graphHere();
        text = formatCallGraph();
      }
      async function c4(): Promise<void> {
        await sleep(0);
        c5();
      }
      async function c3(): Promise<void> {
        await c4();
      }
      async function c2(): Promise<void> {
        await c3();
      }
      async function c1(task: Task<void>): Promise<void> {
        await task;
      }
      async function opensGroup(): Promise<void> {
        await taskGroup(async (group) => {
          const task = group.spawn(c2, { name: "c2_root" });
          group.spawn(() => c1(task), { name: "sub_main_1" });
          group.spawn(() => c1(task), { name: "sub_main_2" });
        });
      }
      await opensGroup();
      const main: Walked = ["main", ["opensGroup", ""], []];
      const same = (walked: Walked): Walked => [
        walked[0],
        walked[1].slice(0, 1),
        walked[2].map(same),
      ];
      expect(found?.slice(0, 2)).toEqual(["c2_root", ["c5", "c4", "c3", "c2"]]);
      expect(found?.[2].map(same)).toEqual(
        ([["sub_main_1", ["c1"], [main]], ["sub_main_2", ["c1"], [main]], main] as Walked[]).map(
          same,
        ),
      );
      expect(text).toContain("in opensGroup");
    }));

  test("called from an async generator (CPython: test_graph CallStackTestBase.test_stack_async_gen)", () =>
    debug(async () => {
      let found: Walked | undefined;
      async function nested(): Promise<void> {
        found = graphHere();
      }
      async function* generate(): AsyncGenerator<number> {
        for (let number = 0; number < 2; number++) {
          yield number;
          if (number === 1) await nested();
        }
      }
      async function consume(): Promise<void> {
        for await (const number of generate()) expect(number).toBeLessThan(2);
      }
      await consume();
      expect(found?.[1].slice(0, 2)).toEqual(["nested", "generate"]);
    }));

  test.each<[string, (c1: () => Promise<void>) => PromiseLike<unknown>]>([
    [
      "gather (CPython: test_graph CallStackTestBase.test_stack_gather)",
      (c1) => gather([c1, () => sleep(0)]),
    ],
    ["shield (CPython: test_graph CallStackTestBase.test_stack_shield)", (c1) => shield(c1)],
    ["a task (CPython: test_graph CallStackTestBase.test_stack_task)", (c1) => createTask(c1)],
    [
      "wait (CPython: test_graph CallStackTestBase.test_stack_wait)",
      (c1) => wait([createTask(c1)]),
    ],
    [
      "a shield, under a timeout (CPython: test_graph CallStackTestBase.test_stack_timeout)",
      (c1) => shield(() => timeout(1000, c1)),
    ],
    ["waitFor", (c1) => waitFor(createTask(c1), 1000)],
    ["protect", (c1) => protect(createTask(c1))],
    ["gather in a shield", (c1) => shield(gather([c1]))],
    ["Promise.all", (c1) => Promise.all([createTask(c1), sleep(1)])],
    ["a group", (c1) => taskGroup(async (group) => void group.spawn(c1))],
    ["race", (c1) => race([c1])],
  ])("it and its awaiter, with their stacks, awaited through %s", async (_, awaitIt) => {
    await debug(async () => {
      let found: Walked | undefined;
      async function deep(): Promise<void> {
        await sleep(0);
        found = graphHere();
      }
      async function c1(): Promise<void> {
        await sleep(0);
        await deep();
      }
      async function awaits(): Promise<void> {
        await awaitIt(c1);
      }
      await createTask(awaits, { name: "awaiter" });
      expect(found?.[1]).toEqual(["deep", "c1"]);
      const [awaiter, ...others] = found?.[2] ?? [];
      expect(others).toEqual([]);
      expect(awaiter?.[0]).toBe("awaiter");
      expect(awaiter?.[1]).toContain("awaits");
    });
  });

  test("without one there is no graph", async () => {
    expect(captureCallGraph()).toBe(null);
    expect(formatCallGraph()).toBe("");
    const written: string[] = [];
    printCallGraph(null, { file: { write: (text) => written.push(text) } });
    expect(written).toEqual([]);
  });

  test("its frames are known outside debug mode too, and can be cut", () =>
    runVirtual(async () => {
      function inner(options: { depth?: number; limit?: number }): string[] {
        return captureCallGraph(null, options)?.callStack.map((frame) => frame.functionName) ?? [];
      }
      function outer(options: { depth?: number; limit?: number } = {}): string[] {
        return inner(options);
      }
      const all = outer();
      expect(all.slice(0, 2)).toEqual(["inner", "outer"]);
      expect(outer({ depth: 2 })).toEqual(all.slice(1));
      expect(outer({ limit: 1 })).toEqual(all.slice(-1));
      expect(outer({ limit: -2 })).toEqual(["inner", "outer"]);
      expect(outer({ limit: 0 })).toEqual([]);
    }));
});

describe("a future", () => {
  test("awaited by two tasks of a group (CPython: test_graph CallStackTestBase.test_stack_future)", () =>
    debug(async () => {
      const future = new Future<void>();
      async function a2(): Promise<void> {
        await future; // a awaits
      }
      async function a1(): Promise<void> {
        await a2();
      }
      async function b1(): Promise<void> {
        await future; // b awaits
      }
      await taskGroup(async (group) => {
        group.spawn(a1, { name: "task A" });
        group.spawn(b1, { name: "task B" });
        await sleep(1);
        const graph = captureCallGraph(future) as FutureCallGraph;
        expect(graph.callStack).toEqual([]);
        expect(walk(graph)[2].map(([name, calls, [opener]]) => [name, calls, opener?.[0]])).toEqual(
          [
            ["task A", ["a2", "a1"], "main"],
            ["task B", ["b1"], "main"],
          ],
        );
        expect(graph.awaitedBy.map(({ callStack }) => callStack[0]?.place)).toEqual([
          at("a awaits"),
          at("b awaits"),
        ]);
        expect(formatCallGraph(future)).toMatch(/^\* <Future pending created at /);
        future.setResult();
      });
      expect(captureCallGraph(future)?.awaitedBy).toEqual([]);
    }));

  test("the awaiters are those of this moment: they come with the await and go with its end", () =>
    runVirtual(async () => {
      const future = new Future<void>();
      const first = createTask(async () => await future, { name: "first" });
      const second = createTask(() => wait([future, new Future()], { timeout: 5 }), {
        name: "second",
      });
      const third = createTask(() => shield(future), { name: "third" });
      const fourth = createTask(
        async () => {
          for await (const _ of asCompleted([future, new Future<void>()])) break;
        },
        { name: "fourth" },
      );
      expect(awaiters(future)).toEqual([]);
      await sleep(1);
      expect(awaiters(future)).toEqual(["first", "second", "third", "fourth"]);
      third.cancel();
      await sleep(10);
      expect(awaiters(future)).toEqual(["first", "fourth"]);
      future.setResult();
      await sleep(0);
      expect(awaiters(future)).toEqual([]);
      await gather([first, second, fourth]);
    }));

  test("a gathering that was cancelled away, and one that nobody awaits, await nothing", () =>
    runVirtual(async () => {
      const future = new Future<void>();
      const gathering = gather([future]);
      expect(awaiters(future)).toEqual([]);
      const waiter = createTask(async () => await gathering, { name: "waiter" });
      await sleep(0);
      expect(awaiters(future)).toEqual(["waiter"]);
      expect(awaiters(gathering)).toEqual(["waiter"]);
      waiter.cancel();
      await waiter.then(null, () => {});
      expect(awaiters(future)).toEqual([]);
    }));

  test("a child of a group is awaited by who opened it, from its first moment, wherever that is", () =>
    debug(async () => {
      let child!: Task<void>;
      const limited = (): Promise<void> =>
        timeout(1000, () =>
          taskGroup(async (group) => {
            child = group.spawn(() => sleep(5), { name: "child" });
            await sleep(2); // in the body
          }),
        );
      const opener = createTask(
        async () => {
          await limited(); // awaits the group
        },
        { name: "opener" },
      );
      await sleep(1);
      expect([awaiters(child), awaitedAt(child)]).toEqual([["opener"], at("in the body")]);
      await sleep(2);
      expect([awaiters(child), awaitedAt(child)]).toEqual([["opener"], at("awaits the group")]);
      await opener;
    }));

  test("mapConcurrent's workers lead to who iterates", () =>
    debug(async () => {
      let found: unknown[] = [];
      const results = mapConcurrent(
        [1],
        async () => {
          await sleep(1);
          found = awaiters();
        },
        { limit: 1 },
      );
      await createTask(
        async () => {
          for await (const _ of results);
        },
        { name: "consumer" },
      );
      expect(JSON.stringify(found)).toContain("consumer");
    }));

  test("what users await in their own ways they declare, and take back", () =>
    runVirtual(async () => {
      const inner = new Future<void>();
      const outer = new Future<void>();
      const task = createTask(async () => await outer, { name: "task" });
      await sleep(0);
      futureAddToAwaitedBy(inner, outer);
      futureAddToAwaitedBy(inner, outer);
      const graph = captureCallGraph(inner) as FutureCallGraph;
      expect(graph.awaitedBy.map(({ future }) => future)).toEqual([outer]);
      expect(graph.awaitedBy[0]?.awaitedBy[0]?.future).toBe(task);
      futureDiscardFromAwaitedBy(inner, outer);
      futureDiscardFromAwaitedBy(inner, task);
      expect(captureCallGraph(inner)?.awaitedBy).toEqual([]);
      for (const declare of [futureAddToAwaitedBy, futureDiscardFromAwaitedBy]) {
        expect(() => declare(inner, {} as never)).toThrow(
          "Expected `waiter` to be a task or future",
        );
        expect(() => declare(1 as never, inner)).toThrow(
          "Expected `future` to be a task or future",
        );
      }
      expect(() => captureCallGraph("x" as never)).toThrow(
        "Expected `future` to be a task or future",
      );
      outer.setResult();
    }));

  test("a task in a context of its own is still one task", () =>
    runVirtual(async () => {
      const future = new Future<void>();
      createTask(() => runInContext(copyContext(), async () => await future), { name: "inside" });
      await sleep(0);
      expect(awaiters(future)).toEqual(["inside"]);
      future.setResult();
    }));
});

describe("circles", () => {
  test("tasks that await each other are named", () =>
    runVirtual(async () => {
      const tasks: Task<void>[] = [];
      for (const [name, next] of [
        ["A", 1],
        ["B", 2],
        ["C", 0],
      ] as const)
        tasks[next] = createTask(async () => await tasks[(next + 1) % 3], { name });
      await sleep(0);
      const [task] = tasks;
      expect(formatCallGraph(task)).toBe(
        [
          "* task 'C'",
          "  + awaited by",
          "    * task 'B'",
          "      + awaited by",
          "        * task 'A'",
          "          + awaited by",
          "            * cycle: C -> A -> B -> C",
        ].join("\n"),
      );
      for (const each of tasks) each.cancel();
    }));

  test("a chain of thousands of tasks takes no recursion", () =>
    runVirtual(async () => {
      const last = new Future<void>();
      let task: Future<unknown> = last;
      for (let index = 0; index < 5000; index++) {
        const awaited = task;
        task = createTask(async () => await awaited);
      }
      await sleep(0);
      let depth = 0;
      for (let at = captureCallGraph(last) ?? undefined; at !== undefined; at = at.awaitedBy[0])
        depth++;
      expect(depth).toBe(5001);
      last.setResult();
    }));

  test("a future that many ways lead to is one node, printed once in full", () =>
    runVirtual(async () => {
      const last = new Future<void>();
      let below: Future<unknown>[] = [last];
      for (let layer = 0; layer < 20; layer++) {
        const awaited = below;
        below = [0, 1].map((side) => createTask(() => wait(awaited), { name: `${layer}.${side}` }));
        await sleep(0);
      }
      const text = formatCallGraph(last);
      expect(text).toContain("* task '19.1' (see above)");
      expect(text.split("\n").length).toBeLessThan(200);
      last.setResult();
    }));
});

describe("printing", () => {
  const print = (file: { write(text: string): unknown; isTTY?: boolean }): void =>
    printCallGraph(null, { file, limit: 0 });

  test("colours are for terminals that have them", async () => {
    const written: string[] = [];
    const write = (text: string): number => written.push(text);
    await run(async () => {
      print({ write });
      print({ write, isTTY: true });
      const terminal = { write, isTTY: true, hasColors: () => true };
      print(terminal);
    });
    expect(written).toEqual([
      "* task 'main'\n",
      "* task 'main'\n",
      "* \u001B[1mtask 'main'\u001B[22m\n",
    ]);
  });
});
