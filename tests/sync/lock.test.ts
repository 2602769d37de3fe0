/*
 * Lock: mutual exclusion, order, hand-over, cancellation, reports.
 */
import { inspect } from "node:util";
import {
  createTask,
  currentTask,
  Lock,
  LockNotHeldError,
  run,
  sleep,
  suspend,
  taskGroup,
  timeout,
} from "ambit";
import { DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Both loops: what holds must hold on the virtual one and on the real one. */
const LOOPS = [
  ["virtual", runVirtual],
  ["real", run],
] as const;

describe.each(LOOPS)("on the %s loop", (_name, start) => {
  test("an acquire of a free lock delivers no cancel: the next wait does", async () => {
    await start(async () => {
      const lock = new Lock();
      const task = createTask(async () => {
        task.cancel();
        await lock.acquire();
        await sleep(0);
      });
      await expect(task).rejects.toThrow("was cancelled");
      expect(lock.locked()).toBe(true);
    });
  });

  test("a second holder waits until the first has released", async () => {
    const log: string[] = [];
    await start(async () => {
      const lock = new Lock();
      const job = (name: string) => async () => {
        using _ = await lock.acquire();
        log.push(`${name} begins`);
        await sleep(2);
        log.push(`${name} ends`);
      };
      await taskGroup(async (group) => {
        group.spawn(job("a"));
        group.spawn(job("b"));
      });
      expect(lock.locked()).toBe(false);
    });
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends"]);
  });

  test("who waits is served in the order of the calls", async () => {
    const log: number[] = [];
    await start(async () => {
      const lock = new Lock();
      await lock.acquire();
      await taskGroup(async (group) => {
        for (let i = 0; i < 5; i++) group.spawn(() => lock.run(() => log.push(i)));
        await sleep(0);
        lock.release();
      });
    });
    expect(log).toEqual([0, 1, 2, 3, 4]);
  });

  test("nobody barges in: who releases and acquires again stands behind those who wait", async () => {
    const log: string[] = [];
    await start(async () => {
      const lock = new Lock();
      await lock.acquire();
      const waiter = createTask(() => lock.run(() => log.push("waiter")));
      await sleep(0);
      lock.release();
      expect(lock.locked()).toBe(true);
      await lock.acquire();
      log.push("again");
      await waiter;
    });
    expect(log).toEqual(["waiter", "again"]);
  });

  test("a cancelled waiter leaves the line, and the next one is served in its place", async () => {
    await start(async () => {
      const lock = new Lock();
      await lock.acquire();
      const [first, second] = [createTask(() => lock.acquire()), createTask(() => lock.acquire())];
      await sleep(0);
      expect(lock.statistics().waiting).toBe(2);
      first.cancel();
      lock.release();
      expect(lock.statistics().waiting).toBe(0);
      await expect(first).rejects.toThrow("was cancelled");
      await second;
      expect(lock.statistics().holder).toBe(second);
    });
  });

  test("a cancel after the hand-over comes at the next wait, with the lock held and then released", async () => {
    const log: string[] = [];
    await start(async () => {
      const lock = new Lock();
      await lock.acquire();
      const [a, b] = ["a", "b"].map((name) =>
        createTask(async () => {
          using _ = await lock.acquire();
          log.push(`${name} has it`);
          await sleep(1);
          log.push(`${name} is done`);
        }),
      );
      await sleep(0);
      lock.release();
      a?.cancel();
      await b;
      expect(a?.cancelled()).toBe(true);
      expect(lock.locked()).toBe(false);
    });
    expect(log).toEqual(["a has it", "b has it", "b is done"]);
  });

  test("a late comer stands behind those who waited when the one in front was cancelled", async () => {
    const log: string[] = [];
    await start(async () => {
      const lock = new Lock();
      await lock.acquire();
      const job = (name: string) =>
        createTask(() => lock.run(() => sleep(0).then(() => log.push(name))));
      const [a, b] = [job("a"), job("b")];
      await sleep(0);
      lock.release();
      a.cancel();
      await Promise.all([b, job("c")]);
    });
    expect(log).toEqual(["b", "c"]);
  });
});

test("an acquire of a free lock ends no step: a task created before starts after it", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    const lock = new Lock();
    createTask(async () => log.push("other"));
    await lock.acquire();
    log.push("acquired");
    await sleep(0);
  });
  expect(log).toEqual(["acquired", "other"]);
});

test("any task may release a lock, as in asyncio", async () => {
  await runVirtual(async () => {
    const lock = new Lock();
    await createTask(() => lock.acquire());
    expect(lock.locked()).toBe(true);
    lock.release();
    expect(lock.locked()).toBe(false);
  });
});

test("releasing a free lock is refused and says what to do (CPython: test_locks LockTests.test_release_not_acquired)", () => {
  expect(() => new Lock().release()).toThrow(
    new LockNotHeldError(
      "release on Lock { locked: false, waiting: 0 }, which nobody holds: acquire it first",
    ),
  );
});

test("tryAcquire takes a free lock and gives null for a held one", () => {
  const lock = new Lock();
  {
    using guard = lock.tryAcquire();
    expect(guard).not.toBeNull();
    expect(lock.tryAcquire()).toBeNull();
  }
  expect(lock.locked()).toBe(false);
});

describe("run", () => {
  test("releases when the body returns, throws or is cancelled", async () => {
    await runVirtual(async () => {
      const lock = new Lock();
      expect(await lock.run(() => 42)).toBe(42);
      expect(await lock.run(async () => lock.locked())).toBe(true);
      const failing = lock.run(() => {
        throw new Error("disk full");
      });
      await expect(failing).rejects.toThrow("disk full");
      await expect(timeout(5, () => lock.run(() => sleep(10)))).rejects.toThrow("5 ms");
      expect(lock.locked()).toBe(false);
    });
  });

  test("does not run a body that was cancelled while it waited for the lock", async () => {
    await runVirtual(async () => {
      const lock = new Lock();
      await lock.acquire();
      let ran = false;
      const task = createTask(() => lock.run(() => (ran = true)));
      await sleep(0);
      task.cancel();
      await expect(task).rejects.toThrow("was cancelled");
      expect([ran, lock.statistics().waiting]).toEqual([false, 0]);
    });
  });

  test("refuses what is not a function", async () => {
    await expect(new Lock().run(42 as never)).rejects.toThrow(
      new TypeError("Expected `body` to be a function, got `42` (number)"),
    );
  });
});

test("an acquire left floating leaves the line when its scope ends", async () => {
  await runVirtual(async () => {
    const lock = new Lock();
    await lock.acquire();
    await createTask(async () => {
      void lock.acquire().then(
        () => expect.unreachable("nobody is left to release it"),
        () => {},
      );
    });
    expect(lock.statistics().waiting).toBe(0);
  });
});

test("statistics are a frozen record of state, holder and line", async () => {
  await runVirtual(async () => {
    const lock = new Lock();
    expect(lock.statistics()).toEqual({ locked: false, holder: null, waiting: 0 });
    await lock.acquire();
    const waiter = createTask(() => lock.run(() => lock.statistics()), { name: "waiter" });
    await sleep(0);
    expect(lock.statistics()).toEqual({ locked: true, holder: currentTask(), waiting: 1 });
    expect(Object.isFrozen(lock.statistics())).toBe(true);
    lock.release();
    expect((await waiter).holder).toBe(waiter);
  });
});

test("code outside any task holds a lock in nobody's name", async () => {
  const lock = new Lock();
  await lock.acquire();
  expect(lock.statistics()).toEqual({ locked: true, holder: null, waiting: 0 });
});

test("prints its state (CPython: test_locks LockTests.test_repr)", async () => {
  await runVirtual(async () => {
    const lock = new Lock();
    expect(inspect(lock)).toBe("Lock { locked: false, waiting: 0 }");
    await lock.acquire();
    const waiters = [createTask(() => lock.acquire()), createTask(() => lock.acquire())];
    await sleep(0);
    expect(inspect(lock)).toBe("Lock { locked: true, waiting: 2 }");
    for (const waiter of waiters) waiter.cancel();
  });
});

test("a deadlock report says what each task waits for and who holds it", async () => {
  const deadlock = runVirtual(async () => {
    const [fork, knife] = [new Lock(), new Lock()];
    const eat = (first: Lock, second: Lock) => async () => {
      using _ = await first.acquire();
      await sleep(1);
      await second.run(() => {});
    };
    await taskGroup(async (group) => {
      group.spawn(eat(fork, knife), { name: "Plato" });
      group.spawn(eat(knife, fork), { name: "Zeno" });
    });
  });
  const error = await deadlock.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DeadlockError);
  const { tree } = error as DeadlockError;
  const waitsFor = "Lock.acquire(Lock { locked: true, waiting: 1 }) held by";
  expect(tree).toContain(`Plato  ${waitsFor} Zeno`);
  expect(tree).toContain(`Zeno  ${waitsFor} Plato`);
});

test("a deadlock report names a holder that ended without releasing", async () => {
  const deadlock = runVirtual(async () => {
    const lock = new Lock();
    await createTask(() => lock.acquire(), { name: "careless" });
    await lock.acquire();
  });
  await expect(deadlock).rejects.toThrow("held by careless");
});

test("a report of a wait of one's own on a free lock names no holder", async () => {
  const stuck = runVirtual(() => suspend(() => {}, new Lock(), "inspectLock"));
  await expect(stuck).rejects.toThrow(
    /main {2}inspectLock\(Lock \{ locked: false, waiting: 0 \}\)$/,
  );
});
