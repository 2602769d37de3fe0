/*
 * Condition, step by step: who has the lock in which turn, and what becomes of a notification or an error that meets a
 * cancel, as asyncio's own tests have it.
 */
import {
  CancelledError,
  Condition,
  createTask,
  getRunningLoop,
  sleep,
  moveOnAfter,
  type Task,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

describe("the lock in each turn", () => {
  test("a notified task gets no further than the lock until its holder releases it (CPython: test_locks ConditionTests.test_wait)", () =>
    runVirtual(async () => {
      const condition = new Condition();
      const log: number[] = [];
      const tasks = [1, 2, 3].map((name) =>
        createTask(async () => {
          await condition.acquire();
          await condition.wait();
          log.push(name);
        }),
      );
      /** One turn later: who went on so far, always with the lock held. */
      const turn = async (): Promise<number[]> => {
        await sleep(0);
        expect(condition.locked()).toBe(true);
        return [...log];
      };
      await sleep(0);
      expect([log, condition.locked()]).toEqual([[], false]);
      await condition.acquire();
      condition.notify();
      expect(await turn()).toEqual([]);
      condition.release();
      expect(await turn()).toEqual([1]);
      condition.notify(2);
      expect(await turn()).toEqual([1]);
      condition.release();
      expect(await turn()).toEqual([1, 2]);
      condition.release();
      expect(await turn()).toEqual([1, 2, 3]);
      expect(tasks.every((task) => task.done())).toBe(true);
    }));

  test("a wait that is cancelled from a callback leaves the line and holds the lock (CPython: test_locks ConditionTests.test_wait_cancel)", () =>
    runVirtual(async () => {
      const condition = new Condition();
      await condition.acquire();
      const waiter = createTask(() => condition.wait());
      getRunningLoop().callSoon(() => waiter.cancel());
      await expect(waiter).rejects.toThrow(CancelledError);
      expect(condition.statistics()).toEqual({ locked: true, waiting: 0 });
    }));

  test("a cancel that comes while a notified task waits for the lock does not leave it without (CPython: test_locks ConditionTests.test_wait_cancel_contested)", () =>
    runVirtual(async () => {
      const condition = new Condition();
      await condition.acquire();
      const waiter = createTask(() => condition.wait());
      await sleep(0);
      expect(condition.locked()).toBe(false);
      await condition.acquire();
      condition.notify();
      getRunningLoop().callSoon(() => waiter.cancel());
      getRunningLoop().callSoon(() => condition.release());
      await waiter.then(
        () => {},
        (error: unknown) => expect(error).toBeInstanceOf(CancelledError),
      );
      expect(condition.locked()).toBe(true);
    }));

  test("a notified task that is cancelled at the lock ends when the lock is released (CPython: test_locks ConditionTests.test_wait_cancel_after_notify)", () =>
    runVirtual(async () => {
      const condition = new Condition();
      let waited = false;
      const waiter = createTask(() =>
        condition.run(async () => {
          waited = true;
          await condition.wait();
        }),
      );
      await sleep(0);
      await condition.acquire();
      condition.notify();
      await sleep(0);
      waiter.cancel();
      await sleep(0);
      expect(waiter.done()).toBe(false);
      condition.release();
      await sleep(0);
      expect([waited, waiter.cancelled()]).toEqual([true, true]);
    }));
});

describe("the CancelledError", () => {
  /** A task that waits until `woken` says so, and throws on what it caught, which is also kept. */
  function waitUntil(
    condition: Condition,
    woken: () => boolean,
  ): { task: Task<void>; caught: unknown[] } {
    const caught: unknown[] = [];
    const task = createTask(() =>
      condition.run(async () => {
        try {
          await condition.waitFor(woken);
        } catch (error) {
          caught.push(error);
          throw error;
        }
      }),
    );
    return { task, caught };
  }

  test("of a wait for the notification is thrown as it came (CPython: test_locks ConditionTests.test_cancelled_error_wakeup)", () =>
    runVirtual(async () => {
      const { task, caught } = waitUntil(new Condition(), () => false);
      await sleep(0);
      task.cancel("foo");
      const thrown = await task.then(null, (error: unknown) => error);
      expect(thrown).toBeInstanceOf(CancelledError);
      expect((thrown as CancelledError).reason).toBe("foo");
      expect(caught).toHaveLength(1);
      expect(caught[0]).toBe(thrown);
    }));

  test("of a wait for the lock is thrown as it came (CPython: test_locks ConditionTests.test_cancelled_error_re_aquire)", () =>
    runVirtual(async () => {
      const condition = new Condition();
      let wake = false;
      const { task, caught } = waitUntil(condition, () => wake);
      await sleep(0);
      await condition.acquire();
      wake = true;
      condition.notify();
      await sleep(0);
      task.cancel("foo");
      condition.release();
      const thrown = await task.then(null, (error: unknown) => error);
      expect(thrown).toBeInstanceOf(CancelledError);
      expect((thrown as CancelledError).reason).toBe("foo");
      expect(caught).toHaveLength(1);
      expect(caught[0]).toBe(thrown);
    }));
});

describe("a notification is not lost on a task that is cancelled", () => {
  /** One item for two consumers; the first is cancelled, `turns` after it was notified. Gives the items left. */
  async function itemsLeft(turns: number): Promise<number> {
    const condition = new Condition();
    let items = 0;
    const consume = () =>
      createTask(() =>
        condition.run(async () => {
          for (;;) {
            await condition.waitFor(() => items !== 0);
            if (items < 0) return;
            items--;
          }
        }),
      );
    const [first, second] = [consume(), consume()];
    await sleep(0);
    const left = await condition.run(async () => {
      items++;
      condition.notify(1);
      for (let i = 0; i < turns; i++) await sleep(0);
      first.cancel();
      // Releases the lock for a while; nobody tells it that the item is gone.
      await moveOnAfter(10, () => condition.waitFor(() => items === 0));
      const after = items;
      items = -1;
      condition.notifyAll();
      return after;
    });
    await second;
    expect(first.cancelled()).toBe(true);
    return left;
  }

  test("in the turn of the notification (CPython: test_locks ConditionTests.test_cancelled_wakeup)", async () => {
    expect(await runVirtual(() => itemsLeft(0))).toBe(0);
  });

  test("while it waits for the lock (CPython: test_locks ConditionTests.test_cancelled_wakeup_relock)", async () => {
    expect(await runVirtual(() => itemsLeft(1))).toBe(0);
  });
});
