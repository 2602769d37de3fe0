/*
 * CapacityLimiter: borrowers, order, a size that changes, cancellation, reports.
 */
import { inspect } from "node:util";
import {
  AlreadyBorrowingError,
  CapacityLimiter,
  createTask,
  currentTask,
  gather,
  NotBorrowingError,
  run,
  sleep,
  type Task,
  taskGroup,
  timeout,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("as many tasks have a token at once as there are, first come, first served", async () => {
    const log: number[] = [];
    await start(async () => {
      const limiter = new CapacityLimiter(2);
      await taskGroup(async (group) => {
        for (let i = 0; i < 5; i++) {
          group.spawn(async () => {
            using _ = await limiter.acquire();
            log.push(i);
            expect(limiter.borrowedTokens).toBeLessThanOrEqual(2);
            await sleep(1);
          });
        }
      });
      expect(limiter.statistics()).toEqual({
        totalTokens: 2,
        borrowedTokens: 0,
        borrowers: [],
        waiting: 0,
      });
    });
    expect(log).toEqual([0, 1, 2, 3, 4]);
  });

  test("a token that is given back goes to who waits: nobody takes it in between", async () => {
    const log: string[] = [];
    await start(async () => {
      const limiter = new CapacityLimiter(1);
      const holder = await limiter.acquire();
      const waiter = createTask(() => limiter.run(() => log.push("waiter")));
      await sleep(0);
      holder.release();
      expect(limiter.availableTokens).toBe(0);
      await limiter.acquire();
      log.push("again");
      await waiter;
    });
    expect(log).toEqual(["waiter", "again"]);
  });
});

describe("a borrower", () => {
  test("is refused a second token, and told what to use", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(3);
      await limiter.acquire();
      await expect(limiter.acquire()).rejects.toThrow(
        new AlreadyBorrowingError(
          "acquire on CapacityLimiter { borrowed: 1, total: 3, waiting: 0 } by task 'main', which has a token " +
            "or waits for one: use a Semaphore, or acquireOnBehalfOf() with an object for each token",
        ),
      );
      expect(limiter.borrowedTokens).toBe(1);
    });
  });

  test("is refused a second token while it waits for its first", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(0);
      const order = { name: "order 7" };
      const first = limiter.acquireOnBehalfOf(order);
      await expect(limiter.acquireOnBehalfOf(order)).rejects.toThrow(
        "by { name: 'order 7' }, which",
      );
      limiter.totalTokens = 2;
      await first;
      expect(limiter.statistics().borrowers).toEqual([order]);
    });
  });

  test("may come again after it gave back, or was cancelled while it waited", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(1);
      await limiter.acquire();
      limiter.release();
      await limiter.acquire();
      const order = {};
      const waiter = createTask(() => limiter.acquireOnBehalfOf(order));
      await sleep(0);
      waiter.cancel();
      limiter.release();
      await limiter.acquireOnBehalfOf(order);
      limiter.releaseOnBehalfOf(order);
      expect(limiter.availableTokens).toBe(1);
    });
  });

  test("may come again after it waited, was served and gave back", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(1);
      await limiter.acquire();
      const waiter = createTask(async () => {
        for (let i = 0; i < 2; i++) await limiter.run(() => sleep(1));
      });
      await sleep(0);
      limiter.release();
      await waiter;
      expect(limiter.availableTokens).toBe(1);
    });
  });

  test("need not be a task: one task may hold tokens for several objects", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(3);
      const orders = [{}, {}];
      for (const order of orders) await limiter.acquireOnBehalfOf(order);
      await limiter.acquire();
      expect(limiter.statistics().borrowers).toEqual([...orders, currentTask()]);
      limiter.releaseOnBehalfOf(orders[0] as object);
      expect(limiter.statistics().borrowers).toEqual([orders[1], currentTask()]);
    });
  });

  test("that has no token cannot give one back", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(1);
      await createTask(() => limiter.acquire(), { name: "other" });
      expect(() => limiter.release()).toThrow(
        new NotBorrowingError(
          "release on CapacityLimiter { borrowed: 1, total: 1, waiting: 0 } by task 'main', which has no token: " +
            "release once for each acquire, for the same borrower",
        ),
      );
      expect(() => limiter.releaseOnBehalfOf({})).toThrow("by {}, which has no token");
    });
  });

  test("outside any task is all the code there", async () => {
    const limiter = new CapacityLimiter(2);
    await limiter.acquire();
    await expect(limiter.acquire()).rejects.toThrow("by code outside any task, which has a token");
    expect(limiter.statistics().borrowers).toEqual([null]);
    limiter.release();
    expect(() => limiter.release()).toThrow("by code outside any task, which has no token");
  });

  test.each([[null], [42], ["order"], [undefined]])("cannot be %s", (borrower) => {
    const limiter = new CapacityLimiter(1);
    const expected = "Expected `borrower` to be an object, got";
    expect(() => limiter.acquireOnBehalfOf(borrower as never)).toThrow(expected);
    expect(() => limiter.releaseOnBehalfOf(borrower as never)).toThrow(expected);
  });
});

describe("the size", () => {
  test("made larger lets in as many as fit, in order", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(0);
      const log: number[] = [];
      const tasks = [1, 2, 3].map((i) =>
        createTask(() => limiter.acquire().then(() => log.push(i))),
      );
      await sleep(0);
      limiter.totalTokens = 2;
      await sleep(0);
      expect([log, limiter.availableTokens]).toEqual([[1, 2], 0]);
      limiter.totalTokens = Infinity;
      await gather(tasks);
      expect([log, limiter.availableTokens]).toEqual([[1, 2, 3], Infinity]);
    });
  });

  test("made smaller takes no token away, and gives none out until enough are back", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(3);
      const orders = [{}, {}, {}];
      for (const order of orders) await limiter.acquireOnBehalfOf(order);
      limiter.totalTokens = 1;
      expect([limiter.borrowedTokens, limiter.availableTokens]).toEqual([3, -2]);
      const waiter: Task<unknown> = createTask(() => limiter.acquire());
      await sleep(0);
      for (const order of orders) {
        expect(waiter.done()).toBe(false);
        limiter.releaseOnBehalfOf(order);
        await sleep(0);
      }
      await waiter;
      expect(limiter.availableTokens).toBe(0);
    });
  });

  test.each([
    [-1, RangeError],
    [0.5, RangeError],
    [NaN, RangeError],
    ["3", TypeError],
  ])("cannot be %s", (size, type) => {
    const expected = "Expected `totalTokens` to be an integer of at least 0, got";
    const limiter = new CapacityLimiter(1);
    expect(() => new CapacityLimiter(size as number)).toThrow(type);
    expect(() => (limiter.totalTokens = size as number)).toThrow(expected);
    expect(limiter.totalTokens).toBe(1);
  });
});

test("an acquire of a free token ends no step and delivers no cancel", async () => {
  await runVirtual(async () => {
    const limiter = new CapacityLimiter(1);
    const log: string[] = [];
    const task: Task<void> = createTask(async () => {
      createTask(async () => log.push("other"));
      task.cancel();
      await limiter.acquire();
      log.push("acquired");
      await sleep(0);
    });
    await expect(task).rejects.toThrow("was cancelled");
    expect(log).toEqual(["acquired", "other"]);
  });
});

test("a cancelled waiter leaves the line; a cancel after the hand-over comes at the next wait", async () => {
  await runVirtual(async () => {
    const limiter = new CapacityLimiter(1);
    await limiter.acquire();
    const [first, second, third] = [1, 2, 3].map(() =>
      createTask(() => limiter.run(() => sleep(1, "ran"))),
    );
    await sleep(0);
    first?.cancel();
    expect(limiter.statistics().waiting).toBe(2);
    limiter.release();
    second?.cancel();
    expect(limiter.statistics().borrowers).toEqual([second]);
    expect(await third).toBe("ran");
    expect([first?.cancelled(), second?.cancelled()]).toEqual([true, true]);
    expect(limiter.availableTokens).toBe(1);
  });
});

test("run gives back when the body returns, throws or is cancelled, and refuses what is no function", async () => {
  await runVirtual(async () => {
    const limiter = new CapacityLimiter(1);
    expect(await limiter.run(() => limiter.borrowedTokens)).toBe(1);
    const failing = limiter.run(() => {
      throw new Error("disk full");
    });
    await expect(failing).rejects.toThrow("disk full");
    await expect(timeout(5, () => limiter.run(() => sleep(10)))).rejects.toThrow("5 ms");
    await expect(limiter.run({} as never)).rejects.toThrow(
      "Expected `body` to be a function, got `{}` (object)",
    );
    expect(limiter.availableTokens).toBe(1);
  });
});

test("statistics are frozen, and it prints its state", async () => {
  await runVirtual(async () => {
    const limiter = new CapacityLimiter(1);
    await limiter.acquire();
    const statistics = limiter.statistics();
    expect([Object.isFrozen(statistics), Object.isFrozen(statistics.borrowers)]).toEqual([
      true,
      true,
    ]);
    const waiter = createTask(() => limiter.acquire());
    await sleep(0);
    expect(inspect(limiter)).toBe("CapacityLimiter { borrowed: 1, total: 1, waiting: 1 }");
    limiter.release();
    await waiter;
  });
});

test("a deadlock report names the borrowers", async () => {
  const stuck = runVirtual(async () => {
    const limiter = new CapacityLimiter(2);
    for (const name of ["a", "b"]) await createTask(() => limiter.acquire(), { name });
    await limiter.acquire();
  });
  await expect(stuck).rejects.toThrow("held by a, b");
});

describe("tryAcquire", () => {
  test("takes a token if one is left, for the calling task or for any object", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(2);
      const borrower = {};
      const guard = limiter.tryAcquireOnBehalfOf(borrower);
      expect(guard).not.toBe(null);
      limiter.tryAcquire();
      expect(limiter.statistics().borrowers).toEqual([borrower, currentTask()]);
      expect(limiter.tryAcquireOnBehalfOf({})).toBe(null);
      guard?.release();
      expect(limiter.availableTokens).toBe(1);
      expect(() => limiter.tryAcquire()).toThrow(AlreadyBorrowingError);
      expect(() => limiter.tryAcquireOnBehalfOf(5 as never)).toThrow("`borrower`");
    });
  });

  test("finds none between a release and the waiter's next step: the token is lent already (anyio#1170)", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(1);
      const before = limiter.tryAcquireOnBehalfOf({ name: "before" });
      const waiting = createTask(() => limiter.acquire());
      await sleep(1);
      before?.release();
      expect(limiter.tryAcquireOnBehalfOf({ name: "barger" })).toBe(null);
      expect([limiter.borrowedTokens, limiter.availableTokens]).toEqual([1, 0]);
      (await waiting).release();
      expect(limiter.borrowedTokens).toBe(0);
    });
  });

  test("made larger while too many are lent, no token is given out until enough are back (anyio#1223)", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(3);
      const guards = [1, 2, 3].map((n) => limiter.tryAcquireOnBehalfOf({ n }));
      const waiting = createTask(() => limiter.acquire());
      await sleep(1);
      limiter.totalTokens = 1;
      limiter.totalTokens = 3;
      expect([limiter.borrowedTokens, limiter.availableTokens, waiting.done()]).toEqual([
        3,
        0,
        false,
      ]);
      limiter.totalTokens = 2;
      guards[0]?.release();
      await sleep(1);
      expect(waiting.done()).toBe(false);
      guards[1]?.release();
      await waiting;
      expect([limiter.borrowedTokens, limiter.availableTokens]).toEqual([2, 0]);
    });
  });

  test("a token lent to a waiter that is cancelled in the same instant is not lost (anyio#947)", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(1);
      const before = limiter.tryAcquireOnBehalfOf({});
      const waiting = createTask(() => limiter.run(() => sleep(1)));
      await sleep(1);
      before?.release();
      waiting.cancel();
      await expect(waiting).rejects.toThrow("cancelled");
      expect(limiter.availableTokens).toBe(1);
    });
  });
});
