/*
 * The task tree as it is printed: what each task waits for, what limits it, who awaits whom in a circle.
 */
import {
  allTasks,
  asCompleted,
  CancelScope,
  copyContext,
  createTask,
  formatTaskTree,
  Future,
  gather,
  getRunningLoop,
  Lock,
  moveOnAfter,
  named,
  printTaskTree,
  protect,
  run,
  runInContext,
  shield,
  sleep,
  type Task,
  taskGroup,
  timeout,
  wait,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { marks } from "./lines.ts";

const at = marks(import.meta.url);

const tree = (): string[] => formatTaskTree().split("\n");

/** The line of one task. */
const lineOf = (name: string): string | undefined =>
  tree()
    .find((line) => line.includes(`${name}  `))
    ?.replace(/^[│├└─ ]+/, "");

describe("the task tree", () => {
  test("shows who waits for what, groups with their children, timeouts and shields with what is left", () =>
    runVirtual(async () => {
      const future = new Future<void>();
      createTask(() => sleep(50), { name: "napper" });
      createTask(
        () =>
          timeout(500, () =>
            taskGroup(async (group) => {
              group.spawn(() => timeout(100, async () => await future), { name: "child" });
              group.spawn(() => taskGroup(async (inner) => void inner.spawn(() => sleep(9))));
            }),
          ),
        { name: "parent" },
      );
      const victim = createTask(() => protect(() => sleep(30)), { name: "victim" });
      await sleep(1);
      victim.cancel();
      expect(tree().map((line) => line.replace(/Task-\d+/, "Task-N"))).toEqual([
        "├─ main  running",
        "├─ napper  sleep(50)",
        "├─ parent  taskGroup, deadline in 499 ms",
        "│  └─ <TaskGroup open tasks=2>, deadline in 499 ms",
        "│     ├─ child  await(<Future pending>), deadline in 99 ms",
        "│     └─ Task-N  taskGroup",
        "│        └─ <TaskGroup open tasks=1>",
        "│           └─ Task-N  sleep(9)",
        "└─ victim (cancelling)  sleep(30), protected",
      ]);
      await expect(victim).resolves.toBe(undefined);
      future.setResult();
    }));

  test("names the futures that are awaited together, and counts those beyond the fifth", () =>
    runVirtual(async () => {
      const nap = (name: string): Task<void> => createTask(() => sleep(50), { name });
      const [a, b] = [nap("a"), nap("b")];
      const many = ["c", "d", "e", "f", "g", "h", "i"].map(nap);
      createTask(() => wait([a, b]), { name: "waits" });
      createTask(async () => await gather([a, b]), { name: "gathers" });
      createTask(() => shield(a), { name: "shields" });
      createTask(() => wait(many), { name: "waits for many" });
      createTask(
        async () => {
          for await (const _ of asCompleted([a, b]));
        },
        { name: "iterates" },
      );
      createTask(() => Promise.all([a, sleep(7)]), { name: "two waits" });
      await sleep(1);
      expect(
        ["waits", "gathers", "shields", "waits for many", "iterates", "two waits"].map(lineOf),
      ).toEqual([
        "waits  wait(a, b)",
        "gathers  await(gather(a, b))",
        "shields  shield(a)",
        "waits for many  wait(c, d, e, f, g, and 2 more)",
        "iterates  asCompleted(a, b)",
        "two waits  sleep(7), await(a)",
      ]);
      a.cancel();
      await sleep(0);
      expect(lineOf("waits")).toBe("waits  wait(b)");
    }));

  test("names holders, and objects that have a name", () =>
    runVirtual(async () => {
      const lock = named("accounts", new Lock());
      using _ = await lock.acquire();
      const task = createTask(() => lock.acquire(), { name: "clerk" });
      await sleep(0);
      expect(lineOf("clerk")).toBe("clerk  Lock.acquire(Lock 'accounts') held by main");
      task.cancel();
    }));

  test("tells which limit has struck already", () =>
    runVirtual(async () => {
      const scope = new CancelScope();
      const stubborn = async (): Promise<void> => {
        await sleep(10).catch(() => {});
        await sleep(10);
      };
      createTask(() => scope.run(stubborn), { name: "told to stop" });
      createTask(() => moveOnAfter(1, stubborn), { name: "too late" });
      createTask(() => new CancelScope().run(() => sleep(10)), { name: "unlimited" });
      await sleep(0);
      scope.cancel();
      await sleep(2);
      expect(["told to stop", "too late", "unlimited"].map(lineOf)).toEqual([
        "told to stop  sleep(10), cancelled",
        "too late  sleep(10), deadline passed",
        "unlimited  sleep(10)",
      ]);
    }));

  test("shows where each waits in debug mode", () =>
    runVirtual(
      async () => {
        getRunningLoop().slowCallbackDuration = Infinity;
        const napper = createTask(
          async () => {
            await sleep(50); // naps
          },
          { name: "napper" },
        );
        createTask(
          async () => {
            await napper; // awaits the napper
          },
          { name: "friend" },
        );
        await sleep(1);
        let settle!: () => void;
        const foreign = new Promise<void>((resolve) => (settle = resolve));
        const blind = createTask(
          async () => {
            await sleep(1); // is seen last
            await foreign;
          },
          { name: "blind" },
        );
        createTask(() => foreign, { name: "blind from the start" }); // is made
        await sleep(2);
        expect(
          ["napper", "friend", "blind", "blind from the start"].map((name) => lineOf(name)),
        ).toEqual([
          `napper  sleep(50), at ${at("naps")}`,
          `friend  await(napper), at ${at("awaits the napper")}`,
          `blind  ready, or awaits something that is not Ambit's, after sleep at ${at("is seen last")}`,
          `blind from the start  ready, or awaits something that is not Ambit's, created at ${at("is made")}`,
        ]);
        settle();
        await blind;
      },
      { debug: true },
    ));

  test("names circles below it, each once", () =>
    runVirtual(async () => {
      const tasks: Record<string, Task<void>> = {};
      const awaits = (name: string, other: string): void => {
        tasks[name] = createTask(async () => await tasks[other], { name });
      };
      awaits("A", "B");
      awaits("B", "A");
      awaits("outside", "A");
      awaits("C", "E");
      awaits("D", "C");
      awaits("E", "D");
      const parent = createTask(
        () => taskGroup((group) => void group.spawn(async () => await parent, { name: "child" })),
        { name: "parent" },
      ) as Task<void>;
      await sleep(1);
      expect(tree().filter((line) => line.startsWith("cycle"))).toEqual([
        "cycle: A -> B -> A",
        "cycle: C -> E -> D -> C",
        "cycle: parent -> child -> parent",
      ]);
      for (const task of [...Object.values(tasks), parent]) task.cancel();
    }));

  test("lists a task once that runs in a context of its own, and so do allTasks", () =>
    runVirtual(async () => {
      const task = createTask(() => runInContext(copyContext(), () => sleep(5)), {
        name: "inside",
      });
      await sleep(1);
      expect(tree()).toEqual(["├─ main  running", "└─ inside  sleep(5)"]);
      expect(allTasks()).toHaveLength(2);
      await task;
    }));

  test("of thousands of tasks, many or deep, is quick", () =>
    runVirtual(async () => {
      const gate = new Future<void>();
      const deeper = (left: number): Promise<unknown> =>
        left === 0
          ? Promise.resolve(gate)
          : taskGroup((group) => void group.spawn(() => deeper(left - 1)));
      createTask(() => deeper(300));
      const tasks = Array.from({ length: 10_000 }, () => createTask(async () => await gate));
      for (let turn = 0; turn < 310; turn++) await sleep(0);
      const before = process.cpuUsage();
      const lines = tree();
      // Eight seconds of the processor where each line looks at all the others, a fraction of one as it should be.
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
      expect(lines.length).toBe(1 + 1 + 2 * 300 + 10_000);
      gate.setResult();
      await gather(tasks);
    }));

  test("is empty where there is none", () => {
    expect(formatTaskTree()).toBe("(no tasks)");
  });
});

describe("printing it", () => {
  test("goes to standard error, or where it is told; in colour on a terminal alone", async () => {
    const written: string[] = [];
    const write = (text: string): boolean => written.push(text) > 0;
    await run(async () => {
      const original = process.stderr.write;
      process.stderr.write = write;
      printTaskTree();
      process.stderr.write = original;
      printTaskTree({ file: { write } });
      const task = createTask(() => protect(() => sleep(50)), { name: "napper" });
      await sleep(0);
      task.cancel();
      printTaskTree({ file: { write, isTTY: true, hasColors: () => true } });
    });
    expect(written.slice(0, 2)).toEqual(["└─ main  running\n", "└─ main  running\n"]);
    expect(written[2]).toBe(
      "├─ \u001B[1mmain\u001B[22m  \u001B[32mrunning\u001B[39m\n" +
        "└─ \u001B[1mnapper\u001B[22m\u001B[33m (cancelling)\u001B[39m  sleep(50), protected\n",
    );
  });
});
