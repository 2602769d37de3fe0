/*
 * Semaphore and BoundedSemaphore: permits, order, hand-over, cancellation, reports.
 */
import { inspect } from "node:util";
import {
  BoundedSemaphore,
  createTask,
  run,
  Semaphore,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TooManyReleasesError,
} from "ambit";
import { type DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("as many hold permits at once as there are", async () => {
    await start(async () => {
      const semaphore = new Semaphore(3);
      let [running, most] = [0, 0];
      await taskGroup(async (group) => {
        for (let i = 0; i < 10; i++) {
          group.spawn(async () => {
            using _ = await semaphore.acquire();
            most = Math.max(most, ++running);
            await sleep(1);
            running--;
          });
        }
      });
      expect([most, semaphore.statistics().value]).toEqual([3, 3]);
    });
  });

  test("who waits is served in the order of the calls (CPython: test_locks SemaphoreTests.test_acquire_fifo_order)", async () => {
    const log: string[] = [];
    await start(async () => {
      const semaphore = new Semaphore(1);
      const twice = (name: string) => async () => {
        for (const round of [1, 2]) {
          await semaphore.acquire();
          log.push(`${name}${round}`);
          await sleep(0);
          semaphore.release();
        }
      };
      await taskGroup(async (group) => {
        for (const name of ["a", "b", "c"]) group.spawn(twice(name));
      });
    });
    expect(log).toEqual(["a1", "b1", "c1", "a2", "b2", "c2"]);
  });

  test("a permit that is released while somebody waits goes to them, not to a new comer", async () => {
    const log: string[] = [];
    await start(async () => {
      const semaphore = new Semaphore(1);
      await semaphore.acquire();
      const waiter = createTask(() => semaphore.run(() => log.push("waiter")));
      await sleep(0);
      semaphore.release();
      expect(semaphore.locked()).toBe(true);
      expect(semaphore.tryAcquire()).toBeNull();
      await semaphore.acquire();
      log.push("new comer");
      await waiter;
    });
    expect(log).toEqual(["waiter", "new comer"]);
  });

  test("several releases at once wake as many, in order", async () => {
    const log: number[] = [];
    await start(async () => {
      const semaphore = new Semaphore(0);
      const tasks = [1, 2, 3, 4].map((i) =>
        createTask(() => semaphore.acquire().then(() => log.push(i))),
      );
      await sleep(0);
      for (let i = 0; i < 3; i++) semaphore.release();
      await sleep(0);
      expect(log).toEqual([1, 2, 3]);
      expect(semaphore.statistics()).toEqual({ value: 0, waiting: 1 });
      semaphore.release();
      await Promise.all(tasks);
    });
    expect(log).toEqual([1, 2, 3, 4]);
  });

  test("a cancelled waiter takes no permit with it", async () => {
    await start(async () => {
      const semaphore = new Semaphore(1);
      await semaphore.acquire();
      const [first, second] = [1, 2].map(() => createTask(() => semaphore.acquire()));
      await sleep(0);
      first?.cancel();
      semaphore.release();
      await second;
      expect(first?.cancelled()).toBe(true);
      expect(semaphore.statistics()).toEqual({ value: 0, waiting: 0 });
    });
  });

  test("a cancel after the hand-over comes at the next wait, with the permit held and then released", async () => {
    await start(async () => {
      const semaphore = new Semaphore(1);
      await semaphore.acquire();
      const [first, second] = [1, 2].map(() =>
        createTask(() => semaphore.run(() => sleep(1, "ran"))),
      );
      await sleep(0);
      semaphore.release();
      first?.cancel();
      await expect(first).rejects.toThrow("was cancelled");
      expect(await second).toBe("ran");
      expect(semaphore.statistics()).toEqual({ value: 1, waiting: 0 });
    });
  });
});

test("an acquire of a free permit ends no step and delivers no cancel", async () => {
  await runVirtual(async () => {
    const semaphore = new Semaphore(1);
    const log: string[] = [];
    const task: Task<void> = createTask(async () => {
      createTask(async () => log.push("other"));
      task.cancel();
      await semaphore.acquire();
      log.push("acquired");
      await sleep(0);
    });
    await expect(task).rejects.toThrow("was cancelled");
    expect(log).toEqual(["acquired", "other"]);
  });
});

test("locked is true when no permit is free, from the start if there are none (CPython: test_locks SemaphoreTests.test_initial_value_zero)", () => {
  const semaphore = new Semaphore();
  expect(semaphore.locked()).toBe(false);
  expect(semaphore.tryAcquire()).not.toBeNull();
  expect(semaphore.locked()).toBe(true);
  expect(new Semaphore(0).locked()).toBe(true);
});

test("releasing more than was acquired adds permits", () => {
  const semaphore = new Semaphore(1);
  semaphore.release();
  expect(semaphore.statistics().value).toBe(2);
});

test("an infinite number of permits never runs out", async () => {
  for (const semaphore of [new Semaphore(Infinity), new BoundedSemaphore(Infinity)]) {
    for (let i = 0; i < 5; i++) await semaphore.acquire();
    semaphore.release();
    expect(semaphore.statistics()).toEqual({ value: Infinity, waiting: 0 });
  }
});

test.each([
  [-1, "got `-1` (number)", RangeError],
  [1.5, "got `1.5` (number)", RangeError],
  ["2", "got `'2'` (string)", TypeError],
])(
  "a semaphore of %s permits is refused (CPython: test_locks SemaphoreTests.test_semaphore_value)",
  (value, got, type) => {
    const make = () => new Semaphore(value as number);
    expect(make).toThrow(type);
    expect(make).toThrow(`Expected \`value\` to be an integer of at least 0, ${got}`);
  },
);

test("run releases when the body returns, throws or is cancelled, and refuses what is no function", async () => {
  await runVirtual(async () => {
    const semaphore = new Semaphore(1);
    expect(await semaphore.run(() => semaphore.locked())).toBe(true);
    const failing = semaphore.run(() => {
      throw new Error("disk full");
    });
    await expect(failing).rejects.toThrow("disk full");
    await expect(timeout(5, () => semaphore.run(() => sleep(10)))).rejects.toThrow("5 ms");
    await expect(semaphore.run(null as never)).rejects.toThrow(
      "Expected `body` to be a function, got `null` (null)",
    );
    expect(semaphore.locked()).toBe(false);
  });
});

describe("a bounded semaphore", () => {
  test("refuses the release too many, and says so (CPython: test_locks SemaphoreTests.test_release_not_acquired)", async () => {
    const semaphore = new BoundedSemaphore(2);
    await semaphore.acquire();
    semaphore.release();
    expect(() => semaphore.release()).toThrow(
      new TooManyReleasesError(
        "release on BoundedSemaphore { value: 2, waiting: 0 }, whose 2 permits are all free: release once for each acquire",
      ),
    );
    expect(semaphore.statistics().value).toBe(2);
  });

  test("refuses a guard whose permit was released in its place by mistake", async () => {
    const semaphore = new BoundedSemaphore(1);
    const guard = await semaphore.acquire();
    semaphore.release();
    expect(() => guard.release()).toThrow(TooManyReleasesError);
    expect(semaphore.statistics().value).toBe(1);
  });

  test("is a semaphore otherwise", async () => {
    await runVirtual(async () => {
      const semaphore = new BoundedSemaphore(1);
      await semaphore.acquire();
      const waiter = createTask(() => semaphore.acquire());
      await sleep(0);
      expect(inspect(semaphore)).toBe("BoundedSemaphore { value: 0, waiting: 1 }");
      semaphore.release();
      (await waiter).release();
      expect(semaphore.statistics()).toEqual({ value: 1, waiting: 0 });
    });
  });
});

test("statistics are frozen, and it prints its state (CPython: test_locks SemaphoreTests.test_repr)", async () => {
  await runVirtual(async () => {
    const semaphore = new Semaphore(1);
    expect(inspect(semaphore)).toBe("Semaphore { value: 1, waiting: 0 }");
    await semaphore.acquire();
    const waiter = createTask(() => semaphore.acquire());
    await sleep(0);
    expect(Object.isFrozen(semaphore.statistics())).toBe(true);
    expect(inspect(semaphore)).toBe("Semaphore { value: 0, waiting: 1 }");
    semaphore.release();
    await waiter;
  });
});

describe("a deadlock report", () => {
  async function report(
    program: (semaphore: Semaphore) => Promise<void>,
    permits: number,
  ): Promise<string> {
    const semaphore = new Semaphore(permits);
    const stuck = runVirtual(async () => {
      await program(semaphore);
      await semaphore.acquire();
    });
    const error = await stuck.catch((caught: unknown) => caught as Error);
    return /held by .*/.exec((error as DeadlockError).tree)?.[0] ?? "held by nobody";
  }

  const holdOn = (semaphore: Semaphore, name: string): Task<void> =>
    createTask(
      async () => {
        await semaphore.acquire();
        await sleep(Infinity);
      },
      { name },
    );

  test("names all that hold permits, oldest first", async () => {
    const text = await report(async (semaphore) => {
      for (const name of ["a", "b", "c"]) holdOn(semaphore, name);
      await sleep(0);
    }, 3);
    expect(text).toBe("held by a, b, c");
  });

  test("does not name who released, with or without the guard", async () => {
    const text = await report(async (semaphore) => {
      holdOn(semaphore, "a");
      const b = createTask(
        async () => {
          await semaphore.acquire();
          await semaphore.acquire();
          await sleep(0);
          semaphore.release();
        },
        { name: "b" },
      );
      const c = createTask(async () => {
        using _ = await semaphore.acquire();
        await sleep(0);
      });
      await Promise.all([b, c]);
      holdOn(semaphore, "d");
      holdOn(semaphore, "e");
      await sleep(0);
    }, 4);
    expect(text).toBe("held by a, b, d, e");
  });

  test("does not name who released the permit it took last, with older ones held by others", async () => {
    const text = await report(async (semaphore) => {
      holdOn(semaphore, "a");
      holdOn(semaphore, "b");
      await sleep(0);
      await semaphore.acquire();
      semaphore.release();
      holdOn(semaphore, "c");
      await sleep(0);
    }, 3);
    expect(text).toBe("held by a, b, c");
  });

  test("forgets the oldest when a permit is released by who holds none", async () => {
    const text = await report(async (semaphore) => {
      for (const name of ["a", "b"]) holdOn(semaphore, name);
      await sleep(0);
      await createTask(async () => semaphore.release());
      await semaphore.acquire();
    }, 2);
    expect(text).toBe("held by b, main");
  });
});

test("acquire and release without guards, again and again, leave the count as it was", async () => {
  const semaphore = new BoundedSemaphore(2);
  for (let i = 0; i < 3; i++) {
    await semaphore.acquire();
    semaphore.release();
  }
  {
    using _ = await semaphore.acquire();
    expect(semaphore.statistics().value).toBe(1);
  }
  expect(semaphore.statistics().value).toBe(2);
});

test("guards give back what they were lent for, whatever was released besides", async () => {
  const semaphore = new Semaphore(1);
  {
    using _ = await semaphore.acquire();
    semaphore.release();
    const second = await semaphore.acquire();
    expect(semaphore.statistics().value).toBe(0);
    second[Symbol.dispose]();
  }
  // One there was, and one release more than acquires.
  expect(semaphore.statistics().value).toBe(2);
});

test("a permit that was released in its guard's place by somebody else is not lost", async () => {
  await runVirtual(async () => {
    const semaphore = new Semaphore(2);
    const guards = [await semaphore.acquire(), await semaphore.acquire()];
    await createTask(async () => semaphore.release());
    guards.push(await semaphore.acquire());
    for (const guard of guards) guard.release();
    for (const guard of guards) guard.release();
    // Two there were, and one release more than acquires.
    expect(semaphore.statistics().value).toBe(3);
  });
});
