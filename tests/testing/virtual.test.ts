/*
 * ambit/testing: virtual time, seeds, deadlock reports, cancelling everywhere. Foreign timers of a few
 * milliseconds stand for work outside, for which virtual time must wait.
 */
import { readFile } from "node:fs/promises";
import { cancellable, createTask, Future, getRunningLoop, run, sleep, taskGroup } from "ambit";
import { cancelEverywhere, DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

const now = (): number => getRunningLoop().time();

describe("virtual time", () => {
  test("begins at 0 and jumps to the next timer: a year costs no time", async () => {
    const start = performance.now();
    const end = await runVirtual(async () => {
      expect(now()).toBe(0);
      for (let day = 0; day < 365; day++) await sleep(86_400_000);
      return now();
    });
    expect(end).toBe(365 * 86_400_000);
    expect(performance.now() - start).toBeLessThan(86_400_000);
  });

  test("stands still while work outside Ambit is pending, whether Ambit sees it or not", async () => {
    await runVirtual(async () => {
      let woke = false;
      createTask(() => sleep(1).then(() => (woke = true)));
      await readFile(import.meta.filename);
      expect([now(), woke]).toEqual([0, false]);
      await cancellable(new Promise((resolve) => setTimeout(resolve, 5)));
      expect([now(), woke]).toEqual([0, false]);
      await sleep(2);
      expect([now(), woke]).toEqual([2, true]);
    });
  });

  test("goes on for a task that awaits a native promise which another task will settle", async () => {
    await runVirtual(async () => {
      const shared = (async () => {
        for (let day = 0; day < 100; day++) await sleep(86_400_000);
        return "a hundred days";
      })();
      const reader = createTask(async () => await shared);
      expect(await reader).toBe("a hundred days");
      expect(now()).toBe(100 * 86_400_000);
    });
  });

  test(
    "a task that awaits a native promise which nothing will settle is stuck, in a moment",
    {
      timeout: 30_000,
    },
    async () => {
      const ended = await runProgram(`
      import { createTask } from "ambit";
      import { runVirtual } from "ambit/testing";
      await runVirtual(async () => {
        await createTask(() => new Promise(() => {}), { name: "blind" });
      }).catch((error) => console.log(error.tree));`);
      expect(ended.out.split("\n")).toEqual([
        "├─ main  await(blind)",
        "└─ blind  ready, or awaits something that is not Ambit's",
        "",
      ]);
    },
  );

  test("code of the test's own outside run is on the real loop all the while", async () => {
    const [, real] = await Promise.all([runVirtual(() => sleep(1e9)), run(() => sleep(1, "real"))]);
    expect(real).toBe("real");
  });
});

describe("seeds", () => {
  async function orderUnder(seed?: number): Promise<string> {
    const order: number[] = [];
    await runVirtual(
      () =>
        taskGroup((group) => {
          for (let i = 0; i < 6; i++) group.spawn(() => sleep(1).then(() => order.push(i)));
        }),
      seed === undefined ? {} : { seed },
    );
    return order.join("");
  }

  test("without a seed, first come, first served; a seed permutes, and repeats itself", async () => {
    expect(await orderUnder()).toBe("012345");
    const orders = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      const order = await orderUnder(seed);
      expect(await orderUnder(seed)).toBe(order);
      orders.add(order);
    }
    expect(orders.size).toBeGreaterThan(20);
  });
});

describe("deadlock", () => {
  test("a program that cannot go on fails with the task tree, and its clean-up runs", async () => {
    const log: string[] = [];
    const error = await runVirtual(async () => {
      const never = new Future<void>();
      createTask(
        async () => {
          try {
            await never;
          } finally {
            log.push("cleaned up");
          }
        },
        { name: "worker" },
      );
      await new Future<void>();
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as DeadlockError).tree).toBe(
      "├─ main  await(<Future pending>)\n└─ worker  await(<Future pending>)",
    );
    expect((error as Error).message).toContain("no task is ready and no timer is pending");
    expect(log).toEqual(["cleaned up"]);
  });

  test(
    "a program that swallows every cancel is given up, with the same report",
    { timeout: 30_000 },
    async () => {
      const ended = await runProgram(`
      import { Future } from "ambit";
      import { runVirtual } from "ambit/testing";
      await runVirtual(async () => {
        for (;;) await new Future().then(null, () => {});
      }).catch((error) => console.log(error.name, error.tree));`);
      expect(ended).toMatchObject({
        code: 0,
        out: "DeadlockError └─ main  await(<Future pending>)\n",
      });
    },
  );

  test("tasks that await each other are stuck, and a cancel frees them", async () => {
    const error = await runVirtual(async () => {
      const holder: { b?: PromiseLike<unknown> } = {};
      const a = createTask(async (): Promise<unknown> => await holder.b, { name: "a" });
      holder.b = createTask(async (): Promise<unknown> => await a, { name: "b" });
      await a;
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeadlockError);
    expect((error as DeadlockError).tree).toBe(
      "├─ main  await(a)\n├─ a  await(b)\n└─ b  await(a)\ncycle: a -> b -> a",
    );
  });
});

describe("cancelEverywhere", () => {
  test("cancels at each await point in turn, and counts them", async () => {
    const reached: number[] = [];
    let step = 0;
    const points = await cancelEverywhere(async () => {
      step = 0;
      try {
        for (step = 1; step <= 3; step++) await sleep(1);
      } finally {
        reached.push(step);
      }
    });
    expect(points).toBe(3);
    expect(reached).toEqual([1, 2, 3, 4]);
  });

  test("waits of who calls it are none of the scenario's", async () => {
    const points = await createTask(() => cancelEverywhere(() => sleep(1)));
    expect(points).toBe(1);
  });

  test("a broken invariant fails with the await point's number", async () => {
    let leaked = 0;
    const work = cancelEverywhere(async () => {
      await sleep(1);
      leaked++;
      await sleep(1);
      leaked--;
      if (leaked !== 0) throw new Error("leaked");
    });
    await expect(work).rejects.toThrow(/^cancelled at await point 3: Error: leaked$/);
  });

  test("only the tasks asked for are cancelled, and endless scenarios are refused", async () => {
    const only = (task: { name: string }): boolean => task.name === "child";
    const points = await cancelEverywhere(
      () =>
        taskGroup(async (group) => {
          group.spawn(() => sleep(1), { name: "child" });
          await sleep(2);
        }),
      { only, seed: 7 },
    );
    expect(points).toBe(1);
    const endless = cancelEverywhere(() => sleep(1).then(() => sleep(1)), { most: 1 });
    await expect(endless).rejects.toThrow(
      "the scenario has more than 1 await points: raise `most`",
    );
  });
});
