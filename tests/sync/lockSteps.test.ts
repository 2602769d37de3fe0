/*
 * Lock, Event and Semaphore, step by step: who runs in which turn of the ready queue, as asyncio's own tests have it.
 * One `sleep(0)` of the main task lets each task that is ready run once.
 */
import {
  Barrier,
  BoundedSemaphore,
  CancelledError,
  Condition,
  createTask,
  Event,
  Future,
  gather,
  getRunningLoop,
  Lock,
  Semaphore,
  sleep,
  waitFor,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

describe("a primitive itself is nothing to wait for", () => {
  const LOCKS = [new Lock(), new Condition(), new Semaphore(), new BoundedSemaphore()];

  test("awaiting it takes nothing and gives it back (CPython, differs: test_locks LockTests.test_lock, SemaphoreTests.test_semaphore, BarrierTests.test_barrier)", async () => {
    for (const lock of LOCKS) {
      expect(await (lock as unknown)).toBe(lock);
      expect(lock.locked()).toBe(false);
    }
    expect(new Semaphore().statistics()).toEqual({ value: 1, waiting: 0 });
    const barrier = new Barrier(5);
    expect(await (barrier as unknown)).toBe(barrier);
    expect(barrier.statistics()).toMatchObject({ state: "filling", waiting: 0 });
  });

  test("`using` refuses it and takes nothing: what `acquire` gives is to be used (CPython: test_locks LockTests.test_lock_by_with_statement)", async () => {
    for (const lock of LOCKS) {
      const misuse = async (): Promise<void> => {
        using _ = (await (lock as unknown)) as never;
      };
      expect(lock.locked()).toBe(false);
      await expect(misuse()).rejects.toThrow(TypeError);
      expect(lock.locked()).toBe(false);
    }
  });

  test("held by `using` or `run` it is locked for as long as that lasts (CPython: test_locks LockTests.test_context_manager, ConditionTests.test_context_manager)", async () => {
    for (const lock of LOCKS) {
      {
        using _ = await lock.acquire();
        expect(lock.locked()).toBe(true);
      }
      expect(lock.locked()).toBe(false);
      expect(await lock.run(() => lock.locked())).toBe(true);
      expect(lock.locked()).toBe(false);
    }
  });
});

describe("Lock", () => {
  test("one release lets one waiter go on, in the next turn (CPython: test_locks LockTests.test_acquire)", () =>
    runVirtual(async () => {
      const lock = new Lock();
      const log: number[] = [];
      const take = (name: number) => createTask(() => lock.acquire().then(() => log.push(name)));
      expect(await lock.acquire()).toBeTruthy();
      const tasks = [take(1), take(2)];
      await sleep(0);
      expect(log).toEqual([]);
      lock.release();
      await sleep(0);
      expect(log).toEqual([1]);
      await sleep(0);
      expect(log).toEqual([1]);
      tasks.push(take(3));
      lock.release();
      await sleep(0);
      expect(log).toEqual([1, 2]);
      lock.release();
      await sleep(0);
      expect(log).toEqual([1, 2, 3]);
      expect(tasks.map((task) => task.result())).toEqual([1, 2, 3]);
    }));

  test("a waiter that is cancelled from a callback leaves the line empty (CPython: test_locks LockTests.test_acquire_cancel)", () =>
    runVirtual(async () => {
      const lock = new Lock();
      await lock.acquire();
      const task = createTask(() => lock.acquire());
      getRunningLoop().callSoon(() => task.cancel());
      await expect(task).rejects.toThrow(CancelledError);
      expect(lock.statistics()).toMatchObject({ locked: true, waiting: 0 });
    }));

  test("a release in the turn in which the first waiter is cancelled reaches the second: the lock is its own at once (CPython, differs: test_locks LockTests.test_cancel_race)", () =>
    runVirtual(async () => {
      const lock = new Lock();
      const gate = new Future<void>();
      const hold = (until: Future<void> | null) =>
        createTask(async () => {
          using _ = await lock.acquire();
          if (until !== null) await until;
        });
      const a = hold(gate);
      await sleep(0);
      expect(lock.locked()).toBe(true);
      const [b, c] = [hold(null), hold(null)];
      await sleep(0);
      expect(lock.statistics().waiting).toBe(2);
      gate.setResult();
      b.cancel();
      await sleep(0);
      expect([a.done(), b.cancelled(), c.done()]).toEqual([true, true, false]);
      // asyncio's is free until C runs, and nobody may take it all the same.
      expect(lock.statistics()).toEqual({ locked: true, holder: c, waiting: 0 });
      await c;
      expect(lock.locked()).toBe(false);
    }));

  test("a cancel and a release in one callback let exactly one waiter in (CPython: test_locks LockTests.test_cancel_release_race)", () =>
    runVirtual(async () => {
      const lock = new Lock();
      let [calls, taken] = [0, 0];
      await lock.acquire();
      const tasks = [1, 2, 3].map(() =>
        createTask(async () => {
          calls++;
          await lock.acquire();
          taken++;
        }),
      );
      await sleep(0);
      getRunningLoop().callSoon(() => {
        tasks[0]?.cancel();
        lock.release();
      });
      await expect(tasks[0]).rejects.toThrow(CancelledError);
      expect([calls, taken, tasks[0]?.cancelled(), tasks[1]?.done()]).toEqual([3, 1, true, true]);
      tasks[2]?.cancel();
      await sleep(0);
      expect(tasks[2]?.cancelled()).toBe(true);
    }));

  test("a release when the only waiter was just cancelled leaves the lock to who comes next (CPython: test_locks LockTests.test_finished_waiter_cancelled)", () =>
    runVirtual(async () => {
      const lock = new Lock();
      await lock.acquire();
      const first = createTask(() => lock.acquire());
      await sleep(0);
      expect(lock.statistics().waiting).toBe(1);
      const second = createTask(() => lock.acquire());
      first.cancel();
      lock.release();
      await sleep(0);
      expect([lock.locked(), first.cancelled()]).toEqual([true, true]);
      await second;
    }));

  test("with nobody waiting, a release frees it (CPython: test_locks LockTests.test_release_no_waiters)", async () => {
    const lock = new Lock();
    await lock.acquire();
    expect(lock.locked()).toBe(true);
    lock.release();
    expect(lock.locked()).toBe(false);
  });
});

describe("Event", () => {
  test("a task that starts after set does not wait, and is ahead of those who did (CPython: test_locks EventTests.test_wait)", () =>
    runVirtual(async () => {
      const event = new Event();
      const log: number[] = [];
      const wait = (name: number) =>
        createTask(async () => {
          await event.wait();
          log.push(name);
        });
      expect(event.isSet()).toBe(false);
      const tasks = [wait(1), wait(2)];
      await sleep(0);
      expect(log).toEqual([]);
      tasks.push(wait(3));
      event.set();
      await sleep(0);
      expect(log).toEqual([3, 1, 2]);
      expect(tasks.map((task) => task.done())).toEqual([true, true, true]);
      expect(tasks.map((task) => task.result())).toEqual([undefined, undefined, undefined]);
    }));

  test("a waiter that is cancelled from a callback leaves nothing behind (CPython: test_locks EventTests.test_wait_cancel)", () =>
    runVirtual(async () => {
      const event = new Event();
      const waiter = createTask(() => event.wait());
      getRunningLoop().callSoon(() => waiter.cancel());
      await expect(waiter).rejects.toThrow(CancelledError);
      expect(event.statistics()).toEqual({ set: false, waiting: 0 });
    }));

  test("set, clear and set again wake a waiter once (CPython: test_locks EventTests.test_clear_with_waiters)", () =>
    runVirtual(async () => {
      const event = new Event();
      const log: number[] = [];
      const waiter = createTask(() => event.wait().then(() => log.push(1)));
      await sleep(0);
      expect([log, event.statistics().waiting]).toEqual([[], 1]);
      event.set();
      event.clear();
      expect(event.isSet()).toBe(false);
      event.set();
      event.set();
      await sleep(0);
      expect([log, event.statistics().waiting, waiter.result()]).toEqual([[1], 0, 1]);
    }));
});

describe("Semaphore", () => {
  test("as many releases as there are wake as many, and the count stays at none (CPython: test_locks SemaphoreTests.test_acquire)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(3);
      const log: number[] = [];
      const take = (name: number) =>
        createTask(async () => {
          await semaphore.acquire();
          log.push(name);
        });
      await semaphore.acquire();
      await semaphore.acquire();
      expect(semaphore.locked()).toBe(false);
      const tasks = [take(1), take(2), take(3)];
      await sleep(0);
      expect(log).toEqual([1]);
      expect([semaphore.locked(), semaphore.statistics()]).toEqual([
        true,
        { value: 0, waiting: 2 },
      ]);
      tasks.push(take(4));
      semaphore.release();
      semaphore.release();
      expect(semaphore.statistics().value).toBe(0);
      await sleep(0);
      expect(log).toEqual([1, 2, 3]);
      expect(semaphore.statistics()).toEqual({ value: 0, waiting: 1 });
      expect(tasks.map((task) => task.done())).toEqual([true, true, true, false]);
      semaphore.release();
      await gather(tasks);
    }));

  test("a waiter that is cancelled from a callback leaves the line empty (CPython: test_locks SemaphoreTests.test_acquire_cancel)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore();
      await semaphore.acquire();
      const waiter = createTask(() => semaphore.acquire());
      getRunningLoop().callSoon(() => waiter.cancel());
      await expect(waiter).rejects.toThrow(CancelledError);
      expect(semaphore.statistics()).toEqual({ value: 0, waiting: 0 });
    }));

  test("a release after two of four waiters were cancelled goes to the third alone (CPython: test_locks SemaphoreTests.test_acquire_cancel_before_awoken)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(0);
      const tasks = [1, 2, 3, 4].map(() => createTask(() => semaphore.acquire()));
      await sleep(0);
      tasks[0]?.cancel();
      tasks[1]?.cancel();
      semaphore.release();
      await sleep(0);
      await sleep(0);
      expect(tasks.map((task) => task.done())).toEqual([true, true, true, false]);
      expect([tasks[2]?.cancelled(), semaphore.locked()]).toEqual([false, true]);
      tasks[3]?.cancel();
    }));

  test("a release after the first waiter was cancelled does not get lost on it (CPython: test_locks SemaphoreTests.test_acquire_hang)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(0);
      const [first, second] = [1, 2].map(() => createTask(() => semaphore.acquire()));
      await sleep(0);
      first?.cancel();
      semaphore.release();
      await sleep(0);
      await sleep(0);
      expect([semaphore.locked(), second?.done()]).toEqual([true, true]);
    }));

  test("a waiter cancelled just after it was handed the permit has it, meets the cancel at its next wait, and gives it back (CPython, differs: test_locks SemaphoreTests.test_acquire_no_hang)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(1);
      const log: string[] = [];
      const first = createTask(async () => {
        await semaphore.run(() => sleep(0));
        second.cancel();
      });
      const second = createTask(() =>
        semaphore.run(async () => {
          log.push("has the permit");
          await sleep(0);
          log.push("never");
        }),
      );
      const [one, two] = await gather([first, second], { returnExceptions: true });
      expect([one, log]).toEqual([undefined, ["has the permit"]]);
      expect(two).toBeInstanceOf(CancelledError);
      await waitFor(() => semaphore.acquire(), 1000);
    }));

  test("with nobody waiting, a release frees a permit (CPython: test_locks SemaphoreTests.test_release_no_waiters)", async () => {
    const semaphore = new Semaphore();
    await semaphore.acquire();
    expect(semaphore.locked()).toBe(true);
    semaphore.release();
    expect(semaphore.locked()).toBe(false);
  });

  test("who was handed a permit has it before it runs: a permit released meanwhile is free to take (CPython, differs: test_locks SemaphoreTests.test_acquire_fifo_order_2)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(1);
      const log: number[] = [];
      const take = (name: number) => semaphore.acquire().then(() => log.push(name));
      const tasks = [
        createTask(() => take(1)),
        createTask(async () => {
          await take(2);
          semaphore.release();
          await take(4);
        }),
        createTask(() => take(3)),
      ];
      await sleep(0);
      semaphore.release();
      semaphore.release();
      await gather(tasks);
      // asyncio makes the second task wait behind the third, which was woken but has not run.
      expect(log).toEqual([1, 2, 4, 3]);
    }));

  test("a cancelled first waiter does not disturb the order of the others (CPython: test_locks SemaphoreTests.test_acquire_fifo_order_3)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(0);
      const log: number[] = [];
      const tasks = [1, 2, 3].map((name) =>
        createTask(() => semaphore.acquire().then(() => log.push(name))),
      );
      await sleep(0);
      tasks[0]?.cancel();
      await sleep(0);
      semaphore.release();
      semaphore.release();
      await gather(tasks, { returnExceptions: true });
      expect(log).toEqual([2, 3]);
    }));

  test("a release hands over at once: what is left is free, and taking it is no wait (CPython, differs: test_locks SemaphoreTests.test_acquire_fifo_order_4)", () =>
    runVirtual(async () => {
      const semaphore = new Semaphore(0);
      const log: number[] = [];
      const take = (name: number) => semaphore.acquire().then(() => log.push(name));
      const tasks = [
        createTask(() => take(1)),
        createTask(async () => {
          for (let i = 0; i < 3; i++) semaphore.release();
          expect(semaphore.statistics()).toEqual({ value: 2, waiting: 0 });
          await take(2);
        }),
        createTask(() => take(3)),
      ];
      await gather(tasks);
      // asyncio lets nobody take a permit before the first, which was woken, has run.
      expect(log).toEqual([2, 3, 1]);
      expect(semaphore.locked()).toBe(true);
    }));
});
