/*
 * Event: set, clear, wait.
 */
import { inspect } from "node:util";
import { createTask, Event, run, sleep, type Task, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("set wakes all that wait, in the order in which they came", async () => {
    const log: number[] = [];
    await start(async () => {
      const event = new Event();
      await taskGroup(async (group) => {
        for (const i of [3, 1, 2]) group.spawn(() => event.wait().then(() => log.push(i)));
        await sleep(1);
        expect(log).toEqual([]);
        event.set();
      });
    });
    expect(log).toEqual([3, 1, 2]);
  });

  test("set wakes who waits even if clear follows before they run", async () => {
    await start(async () => {
      const event = new Event();
      const waiter = createTask(async () => {
        await event.wait();
        return event.isSet();
      });
      await sleep(0);
      event.set();
      event.clear();
      expect(await waiter).toBe(false);
    });
  });
});

test("a set event is no wait: nobody else runs, and no cancel is delivered (CPython, differs: test_locks EventTests.test_wait_on_set)", async () => {
  await runVirtual(async () => {
    const event = new Event();
    event.set();
    const log: string[] = [];
    const task: Task<void> = createTask(async () => {
      createTask(async () => log.push("other"));
      task.cancel();
      await event.wait();
      log.push("passed");
      await sleep(0);
    });
    await expect(task).rejects.toThrow("was cancelled");
    expect(log).toEqual(["passed", "other"]);
  });
});

test("a cleared event makes who comes later wait for the next set (CPython: test_locks EventTests.test_clear)", async () => {
  await runVirtual(async () => {
    const event = new Event();
    expect(event.isSet()).toBe(false);
    event.set();
    expect(event.isSet()).toBe(true);
    event.clear();
    expect(event.isSet()).toBe(false);
    const waiter = createTask(() => event.wait());
    await sleep(1);
    expect(waiter.done()).toBe(false);
    event.set();
    await waiter;
  });
});

test("a cancelled wait leaves no trace, and the others are woken", async () => {
  await runVirtual(async () => {
    const event = new Event();
    const [first, second] = [createTask(() => event.wait()), createTask(() => event.wait())];
    await sleep(0);
    first.cancel();
    expect(event.statistics()).toEqual({ set: false, waiting: 1 });
    event.set();
    await second;
    expect(first.cancelled()).toBe(true);
  });
});

test("a cancel after set comes at the next wait", async () => {
  await runVirtual(async () => {
    const event = new Event();
    let passed = false;
    const task = createTask(async () => {
      await event.wait();
      passed = true;
      await sleep(0);
    });
    await sleep(0);
    event.set();
    task.cancel();
    await expect(task).rejects.toThrow("was cancelled");
    expect(passed).toBe(true);
  });
});

test("statistics are frozen, and it prints its state (CPython: test_locks EventTests.test_repr)", async () => {
  await runVirtual(async () => {
    const event = new Event();
    expect(inspect(event)).toBe("Event { set: false, waiting: 0 }");
    const waiter = createTask(() => event.wait());
    await sleep(0);
    expect(Object.isFrozen(event.statistics())).toBe(true);
    expect(inspect(event)).toBe("Event { set: false, waiting: 1 }");
    event.set();
    expect(inspect(event)).toBe("Event { set: true, waiting: 0 }");
    await waiter;
  });
});
