/*
 * waitAllTasksBlocked, in virtual time and, for a few milliseconds at a time, on the real loop, where it works another way.
 */
import { setTimeout as foreignSleep } from "node:timers/promises";
import { cancellable, createTask, Event, Lock, run, sleep, taskGroup, timeout } from "ambit";
import { cancelEverywhere, currentTime, runVirtual, waitAllTasksBlocked } from "ambit/testing";
import { describe, expect, test } from "vitest";

const places: [string, (main: () => Promise<void>) => Promise<void>][] = [
  ["in virtual time", (main) => runVirtual(main)],
  ["on the real loop", (main) => run(main)],
];

describe.each(places)("%s", (_place, start) => {
  test("others get as far as they can, however many steps it takes", async () => {
    await start(async () => {
      const log: number[] = [];
      const event = new Event();
      createTask(async () => {
        for (let step = 0; step < 20; step++) {
          await sleep(0);
          await Promise.resolve();
          log.push(step);
        }
        await event.wait();
        log.push(-1);
      });
      await waitAllTasksBlocked();
      expect(log).toHaveLength(20);
      event.set();
      await waitAllTasksBlocked();
      expect(log).toHaveLength(21);
    });
  });

  test("a chain of tasks that wake each other counts as movement", async () => {
    await start(async () => {
      const lock = new Lock();
      const log: number[] = [];
      const guard = await lock.acquire();
      for (let task = 0; task < 10; task++)
        createTask(() => lock.run(() => sleep(0).then(() => log.push(task))));
      await waitAllTasksBlocked();
      expect(log).toEqual([]);
      guard.release();
      await waitAllTasksBlocked();
      expect(log).toHaveLength(10);
    });
  });

  test("those with the shortest cushion go first, all at once; the others begin anew", async () => {
    await start(async () => {
      const log: string[] = [];
      const wait = (cushion: number, name: string) => async (): Promise<void> => {
        await waitAllTasksBlocked(cushion);
        log.push(name);
      };
      await taskGroup((group) => {
        group.spawn(wait(20, "late"));
        group.spawn(wait(5, "early one"));
        group.spawn(wait(5, "early two"));
        group.spawn(wait(0, "first"));
      });
      expect(log).toEqual(["first", "early one", "early two", "late"]);
    });
  });

  test("alone, it returns at once", async () => {
    await expect(start(() => waitAllTasksBlocked())).resolves.toBeUndefined();
    await expect(start(() => waitAllTasksBlocked(3))).resolves.toBeUndefined();
  });

  test("a cancelled wait is over, and leaves nothing behind", async () => {
    await start(async () => {
      const waiting = createTask(() => waitAllTasksBlocked(60_000));
      await waitAllTasksBlocked();
      waiting.cancel();
      await expect(waiting).rejects.toMatchObject({ name: "CancelledError" });
    });
  });
});

test("time does not move while it waits in virtual time, with a cushion either", async () => {
  await runVirtual(async () => {
    let woke = false;
    createTask(() => sleep(1).then(() => (woke = true)));
    await waitAllTasksBlocked(5);
    expect([currentTime(), woke]).toEqual([0, false]);
  });
});

test("with a cushion it waits for foreign work that is quicker than that", async () => {
  await runVirtual(async () => {
    let read = false;
    createTask(async () => {
      await cancellable(foreignSleep(5));
      read = true;
    });
    await waitAllTasksBlocked();
    expect(read).toBe(false);
    await waitAllTasksBlocked(50);
    expect(read).toBe(true);
  });
});

test("on the real loop, tasks that sleep are blocked, however soon they wake", async () => {
  await run(async () => {
    let woke = false;
    createTask(() => sleep(50).then(() => (woke = true)));
    await waitAllTasksBlocked();
    expect(woke).toBe(false);
    await waitAllTasksBlocked(100);
    expect(woke).toBe(true);
  });
});

test("a deadline ends it in virtual time only when others are blocked first", async () => {
  await runVirtual(async () => {
    await timeout(1, () => waitAllTasksBlocked());
    expect(currentTime()).toBe(0);
  });
});

test("can be cancelled at every await point", async () => {
  const points = await cancelEverywhere(() =>
    taskGroup((group) => {
      group.spawn(() => waitAllTasksBlocked());
      group.spawn(() => sleep(1));
    }),
  );
  expect(points).toBeGreaterThan(2);
});

test("what is no number of milliseconds is refused", async () => {
  await expect(waitAllTasksBlocked(Number.NaN)).rejects.toThrow("`cushion`");
});
