/*
 * Condition: wait, notify, the lock around them, cancellation at each of the three stages of a wait.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  Condition,
  createTask,
  Lock,
  LockNotHeldError,
  run,
  sleep,
  type Task,
  taskGroup,
  timeout,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** A task that waits at the condition and then logs its name, with the lock held all along. */
function waiterAt(condition: Condition, log: string[], name: string): Task<void> {
  return createTask(() =>
    condition.run(async () => {
      await condition.wait();
      expect(condition.locked()).toBe(true);
      log.push(name);
    }),
  );
}

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("notify wakes as many as it is told, in the order in which they came (CPython: test_locks ConditionTests.test_notify)", async () => {
    await start(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const waiters = ["a", "b", "c", "d"].map((name) => waiterAt(condition, log, name));
      await sleep(1);
      await condition.run(() => condition.notify());
      await sleep(1);
      expect(log).toEqual(["a"]);
      await condition.run(() => condition.notify(2));
      await sleep(1);
      expect(log).toEqual(["a", "b", "c"]);
      await condition.run(() => condition.notify(100));
      await Promise.all(waiters);
      expect(log).toEqual(["a", "b", "c", "d"]);
    });
  });

  test("notifyAll wakes all, one after the other (CPython: test_locks ConditionTests.test_notify_all)", async () => {
    await start(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const waiters = ["a", "b", "c"].map((name) => waiterAt(condition, log, name));
      await sleep(1);
      await condition.run(() => condition.notifyAll());
      await Promise.all(waiters);
      expect(log).toEqual(["a", "b", "c"]);
      expect(condition.locked()).toBe(false);
    });
  });

  test("a notified task goes on only when the notifier has released the lock", async () => {
    await start(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const waiter = waiterAt(condition, log, "waiter");
      await sleep(1);
      await condition.run(async () => {
        condition.notify();
        await sleep(1);
        log.push("notifier");
      });
      await waiter;
      expect(log).toEqual(["notifier", "waiter"]);
    });
  });

  test("waitFor looks again after each notification and returns what the predicate returned (CPython: test_locks ConditionTests.test_wait_for)", async () => {
    await start(async () => {
      const condition = new Condition();
      let [presents, looks] = [0, 0];
      const child = createTask(() =>
        condition.run(() =>
          condition.waitFor(() => {
            looks++;
            return presents >= 2 && `${presents} presents`;
          }),
        ),
      );
      await sleep(1);
      for (let i = 0; i < 2; i++) {
        expect(child.done()).toBe(false);
        await condition.run(() => {
          presents++;
          condition.notify();
        });
        await sleep(1);
      }
      expect([await child, looks]).toEqual(["2 presents", 3]);
    });
  });
});

test("wait releases the lock while it waits, and holds it again when it returns", async () => {
  await runVirtual(async () => {
    const condition = new Condition();
    const log: string[] = [];
    const waiter = waiterAt(condition, log, "waiter");
    await sleep(0);
    expect(condition.locked()).toBe(false);
    await condition.run(() => condition.notify());
    await waiter;
    expect(condition.locked()).toBe(false);
  });
});

test("the guard of an acquire is still the one that gives back after a wait", async () => {
  await runVirtual(async () => {
    const condition = new Condition();
    const waiter = createTask(async () => {
      {
        using _ = await condition.acquire();
        await condition.wait();
      }
      expect(condition.locked()).toBe(false);
      const guard = await condition.acquire();
      await condition.wait();
      guard.release();
      guard.release();
      expect(condition.locked()).toBe(false);
    });
    for (let i = 0; i < 2; i++) {
      await sleep(0);
      await condition.run(() => condition.notify());
    }
    await waiter;
  });
});

test("an acquire after a wait lends a guard that gives back once", async () => {
  await runVirtual(async () => {
    const condition = new Condition();
    const waiter = createTask(async () => {
      await condition.acquire();
      await condition.wait();
      condition.release();
      const guard = await condition.acquire();
      guard[Symbol.dispose]();
      await createTask(() => condition.acquire());
      guard[Symbol.dispose]();
      expect(condition.locked()).toBe(true);
    });
    await sleep(0);
    await condition.run(() => condition.notify());
    await waiter;
  });
});

test("a guard given back during the wait is refused: the lock is not the waiter's then", async () => {
  await runVirtual(async () => {
    const condition = new Condition();
    const guard = await condition.acquire();
    const waiting = condition.wait();
    using _ = await condition.acquire();
    expect(() => guard.release()).toThrow(LockNotHeldError);
    condition.notify();
    _.release();
    await waiting;
    expect(condition.locked()).toBe(true);
  });
});

test("a shared lock is one lock for all its conditions", async () => {
  await runVirtual(async () => {
    const lock = new Lock();
    const [full, empty] = [new Condition(lock), new Condition(lock)];
    await full.acquire();
    expect([lock.locked(), empty.locked(), empty.tryAcquire()]).toEqual([true, true, null]);
    const log: string[] = [];
    full.release();
    const waiters = [waiterAt(full, log, "full"), waiterAt(empty, log, "empty")];
    await sleep(0);
    await lock.run(() => empty.notifyAll());
    await sleep(0);
    expect(log).toEqual(["empty"]);
    await lock.run(() => full.notifyAll());
    await Promise.all(waiters);
  });
});

describe("without the lock", () => {
  const condition = new Condition();
  const refusal = (operation: string): LockNotHeldError =>
    new LockNotHeldError(
      `${operation} on Condition { locked: false, waiting: 0 }, whose lock nobody holds: acquire it first`,
    );

  test("wait is refused (CPython: test_locks ConditionTests.test_wait_unacquired)", async () => {
    await expect(condition.wait()).rejects.toThrow(refusal("wait"));
  });

  test("waitFor is refused, unless the predicate is true at once (CPython: test_locks ConditionTests.test_wait_for_unacquired)", async () => {
    await expect(condition.waitFor(() => false)).rejects.toThrow(refusal("wait"));
    expect(await condition.waitFor(() => [1, 2, 3])).toEqual([1, 2, 3]);
  });

  test("notify and notifyAll are refused (CPython: test_locks ConditionTests.test_notify_unacquired, ConditionTests.test_notify_all_unacquired)", () => {
    expect(() => condition.notify()).toThrow(refusal("notify"));
    expect(() => condition.notifyAll()).toThrow(refusal("notifyAll"));
  });

  test("release is refused", () => {
    expect(() => condition.release()).toThrow(
      "release on Lock { locked: false, waiting: 0 }, which nobody holds: acquire it first",
    );
  });
});

describe("a cancelled wait", () => {
  test("leaves the line and throws with the lock held again", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: unknown[] = [];
      const waiter = createTask(async () => {
        await condition.acquire();
        try {
          await condition.wait();
        } finally {
          log.push(condition.locked());
          condition.release();
        }
      });
      await sleep(0);
      waiter.cancel("enough");
      await expect(waiter).rejects.toThrow("was cancelled: enough");
      expect(log).toEqual([true]);
      expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
    });
  });

  test("that must wait for the lock throws when it has it, the error unchanged", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      let thrown: unknown;
      const waiter = createTask(() =>
        condition.run(async () => {
          await condition.wait().catch((error: unknown) => (thrown = error));
          expect(condition.locked()).toBe(true);
        }),
      );
      await sleep(0);
      await condition.acquire();
      waiter.cancel("first");
      await sleep(5);
      expect(waiter.done()).toBe(false);
      condition.release();
      await waiter;
      expect(thrown).toBeInstanceOf(CancelledError);
      expect((thrown as CancelledError).reason).toBe("first");
    });
  });

  test("that is cancelled again while it waits for the lock throws the newest error", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const waiter = createTask(() => condition.run(() => condition.wait()));
      await sleep(0);
      await condition.acquire();
      for (const reason of ["first", "second", "third"]) {
        waiter.cancel(reason);
        await sleep(1);
      }
      expect(waiter.done()).toBe(false);
      condition.release();
      await expect(waiter).rejects.toThrow("was cancelled: third");
      expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
    });
  });

  test("that was notified and is cancelled before it has the lock passes the notification on", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const [first, second] = ["first", "second"].map((name) => waiterAt(condition, log, name));
      await sleep(0);
      await condition.run(async () => {
        condition.notify();
        await sleep(1);
        first?.cancel("foo");
      });
      await second;
      await expect(first).rejects.toThrow("was cancelled: foo");
      expect(log).toEqual(["second"]);
    });
  });

  test("that was not notified passes nothing on", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const [first, second] = ["first", "second"].map((name) => waiterAt(condition, log, name));
      await sleep(0);
      first?.cancel();
      await sleep(1);
      expect([log, condition.statistics().waiting]).toEqual([[], 1]);
      await condition.run(() => condition.notify());
      await second;
    });
  });

  test("in the same step as the notification does not undo it: with the lock free, the task goes on", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const waiter = createTask(() =>
        condition.run(async () => {
          await condition.wait();
          log.push("notified");
          await sleep(1);
        }),
      );
      await sleep(0);
      await condition.run(() => condition.notify());
      waiter.cancel();
      await expect(waiter).rejects.toThrow("was cancelled");
      expect(log).toEqual(["notified"]);
      expect(condition.locked()).toBe(false);
    });
  });

  test("in the same step as the notification meets the wait for a lock that is held, and passes it on", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: string[] = [];
      const [first, second] = ["first", "second"].map((name) => waiterAt(condition, log, name));
      await sleep(0);
      await condition.run(async () => {
        condition.notify();
        first?.cancel();
        await sleep(1);
      });
      await second;
      await expect(first).rejects.toThrow("was cancelled");
      expect(log).toEqual(["second"]);
    });
  });

  test("whose cancel was asked for before it began throws with the lock held again", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const task: Task<void> = createTask(async () => {
        using _ = await condition.acquire();
        task.cancel();
        await condition.wait();
      });
      await expect(task).rejects.toThrow("was cancelled");
      expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
    });
  });

  test("by a timeout around it becomes a TimeoutError, with the lock released by its guard (CPython: test_locks ConditionTests.test_timeout_in_block)", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const waiting = timeout(5, () => condition.run(() => condition.wait()));
      await expect(waiting).rejects.toThrow("5 ms");
      expect(condition.locked()).toBe(false);
    });
  });

  test("left floating by a task that has ended takes the lock once more, then dies out", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: unknown[] = [];
      const owner = createTask(async () => {
        void condition
          .run(async () => {
            try {
              await condition.wait();
            } finally {
              log.push(condition.locked());
            }
          })
          .catch((error: unknown) => log.push((error as Error).name));
      });
      await owner;
      await condition.acquire();
      await sleep(1);
      condition.release();
      await sleep(1);
      expect(log).toEqual([true, "CancelledError"]);
      expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
    });
  });

  test("left floating while somebody else holds the lock waits for it all the same", async () => {
    await runVirtual(async () => {
      const condition = new Condition();
      const log: unknown[] = [];
      const owner = createTask(async () => {
        const floating = condition.run(async () => {
          try {
            await condition.wait();
          } finally {
            log.push("has the lock");
          }
        });
        void floating.catch(() => log.push("dead"));
        await sleep(1);
        await condition.acquire();
      });
      await owner;
      await sleep(10);
      expect(log).toEqual([]);
      condition.release();
      await sleep(1);
      expect(log).toEqual(["has the lock", "dead"]);
      expect(condition.locked()).toBe(false);
    });
  });
});

test("what the predicate throws is thrown, with the lock held", async () => {
  await runVirtual(async () => {
    const condition = new Condition();
    const waiting = condition.run(() =>
      condition.waitFor(() => {
        throw new Error("cannot tell");
      }),
    );
    await expect(waiting).rejects.toThrow("cannot tell");
    expect(condition.locked()).toBe(false);
  });
});

test("arguments of the wrong kind are refused", async () => {
  const condition = new Condition();
  await condition.acquire();
  expect(() => new Condition({} as never)).toThrow(
    new TypeError("Expected `lock` to be a Lock, got `{}` (object)"),
  );
  expect(() => condition.notify(-1)).toThrow(
    new RangeError("Expected `count` to be an integer of at least 0, got `-1` (number)"),
  );
  await expect(condition.waitFor(42 as never)).rejects.toThrow(
    new TypeError("Expected `predicate` to be a function, got `42` (number)"),
  );
  await expect(condition.waitFor(async () => true)).rejects.toThrow(
    "Expected `predicate` to be a function that returns no promise, got",
  );
});

test("statistics are frozen, and it prints its state (CPython: test_locks ConditionTests.test_repr)", async () => {
  await runVirtual(async () => {
    const condition = new Condition();
    const log: string[] = [];
    const waiters = ["a", "b"].map((name) => waiterAt(condition, log, name));
    await sleep(0);
    expect(Object.isFrozen(condition.statistics())).toBe(true);
    expect(inspect(condition)).toBe("Condition { locked: false, waiting: 2 }");
    await condition.run(() => {
      expect(inspect(condition)).toBe("Condition { locked: true, waiting: 2 }");
      condition.notifyAll();
    });
    await Promise.all(waiters);
  });
});

test("a deadlock report names who holds the lock that a notified task waits for", async () => {
  const stuck = runVirtual(async () => {
    const condition = new Condition();
    await taskGroup(async (group) => {
      group.spawn(() => condition.run(() => condition.wait()), { name: "waiter" });
      await sleep(0);
      using _ = await condition.acquire();
      condition.notify();
      await sleep(Infinity);
    });
  });
  await expect(stuck).rejects.toThrow(
    "waiter  Lock.acquire(Lock { locked: true, waiting: 1 }) held by main",
  );
});
