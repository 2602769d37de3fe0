/*
 * Guards: what `acquire()` of every primitive lends, and what giving it back does: once, twice, early, elsewhere.
 */
import {
  BoundedSemaphore,
  CapacityLimiter,
  Condition,
  createTask,
  type Guard,
  Lock,
  LockNotHeldError,
  ReadWriteLock,
  Semaphore,
  sleep,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

interface Lent {
  acquire(): Promise<Guard>;
  /** Releases without the guard. */
  release(): void;
  /** True when it is free. */
  free(): boolean;
}

const PRIMITIVES: [string, () => Lent][] = [
  ["Lock", () => lentBy(new Lock())],
  ["Condition", () => lentBy(new Condition())],
  ["Semaphore", () => lentBy(new Semaphore(1))],
  ["BoundedSemaphore", () => lentBy(new BoundedSemaphore(1))],
  ["CapacityLimiter", limiter],
  ["ReadWriteLock, for reading", reading],
  ["ReadWriteLock, for writing", writing],
];

function lentBy(primitive: Lock | Condition | Semaphore): Lent {
  return {
    acquire: () => primitive.acquire(),
    release: () => primitive.release(),
    free: () => !primitive.locked(),
  };
}

function limiter(): Lent {
  const limit = new CapacityLimiter(1);
  return {
    acquire: () => limit.acquire(),
    release: () => limit.release(),
    free: () => limit.availableTokens === 1,
  };
}

function reading(): Lent {
  const lock = new ReadWriteLock();
  return {
    acquire: () => lock.acquireRead(),
    release: () => lock.releaseRead(),
    free: () => !lock.writeLocked(),
  };
}

function writing(): Lent {
  const lock = new ReadWriteLock();
  return {
    acquire: () => lock.acquireWrite(),
    release: () => lock.releaseWrite(),
    free: () => !lock.writeLocked(),
  };
}

describe.each(PRIMITIVES)("the guard of %s", (_name, make) => {
  test("gives back at the end of the block, also of one that throws", async () => {
    const lent = make();
    const block = async (): Promise<void> => {
      using _ = await lent.acquire();
      expect(lent.free()).toBe(false);
      throw new Error("the block failed");
    };
    await expect(block()).rejects.toThrow("the block failed");
    expect(lent.free()).toBe(true);
  });

  test("gives back early by release(), any number of times, and the block's end does nothing more", async () => {
    const lent = make();
    let second: Guard;
    {
      using guard = await lent.acquire();
      guard.release();
      guard.release();
      expect(lent.free()).toBe(true);
      second = await lent.acquire();
    }
    expect(lent.free()).toBe(false);
    second.release();
    expect(lent.free()).toBe(true);
  });

  test("given back twice, does not give back what the next holder has", async () => {
    await runVirtual(async () => {
      const lent = make();
      const [first, second] = [1, 2].map(() => createTask(() => lent.acquire()));
      const guard = (await first) as Guard;
      guard[Symbol.dispose]();
      await second;
      guard[Symbol.dispose]();
      guard.release();
      expect(lent.free()).toBe(false);
    });
  });

  test("may be given back by another task", async () => {
    await runVirtual(async () => {
      const lent = make();
      const guard = await createTask(() => lent.acquire());
      expect(lent.free()).toBe(false);
      await createTask(async () => guard.release());
      expect(lent.free()).toBe(true);
    });
  });

  test("is one of its own each time it was given back by release()", async () => {
    const lent = make();
    const first = await lent.acquire();
    first.release();
    const second = await lent.acquire();
    expect(second).not.toBe(first);
    first.release();
    expect(lent.free()).toBe(false);
    second.release();
  });
});

describe.each(PRIMITIVES.filter(([name]) => !/Limiter|reading/.test(name)))(
  "the guard of %s that a release hands to who waits in the same task",
  (_name, make) => {
    test("is not the guard that was given back, which does nothing any more", async () => {
      await runVirtual(async () => {
        const lent = make();
        const first = await lent.acquire();
        const waiting = lent.acquire();
        first[Symbol.dispose]();
        const second = await waiting;
        first[Symbol.dispose]();
        expect(lent.free()).toBe(false);
        second[Symbol.dispose]();
        expect(lent.free()).toBe(true);
      });
    });
  },
);

describe.each(
  PRIMITIVES.filter(([name]) => /^(Lock|Condition|CapacityLimiter|.*writing)$/.test(name)),
)("with one holder, the guard of %s", (_name, make) => {
  test("throws when it was released in its place, and says what to call", async () => {
    const lent = make();
    const guard = await lent.acquire();
    lent.release();
    expect(() => guard[Symbol.dispose]()).toThrow(
      new LockNotHeldError(
        "the guard has nothing to give back, release() was called in its place: " +
          "to give back early, call release() of the guard",
      ),
    );
    expect(lent.free()).toBe(true);
  });
});

describe("a block", () => {
  const locks = (): (Lock | Condition | Semaphore)[] => [
    new Lock(),
    new Condition(),
    new Semaphore(),
    new BoundedSemaphore(),
  ];

  test("that uses a guard holds the primitive across its waits, and frees it (CPython: test_pep492 LockTests.test_context_manager_async_with)", async () => {
    await runVirtual(async () => {
      for (const lock of locks()) {
        const seen = [lock.locked()];
        const block = async (): Promise<void> => {
          using _ = await lock.acquire();
          seen.push(lock.locked());
          await sleep(10);
          seen.push(lock.locked());
        };
        await block();
        expect([...seen, lock.locked()]).toEqual([false, true, true, false]);
      }
    });
  });

  test("that uses the primitive itself, without acquire(), is refused and locks nothing (CPython: test_pep492 LockTests.test_context_manager_with_await)", async () => {
    await runVirtual(async () => {
      for (const lock of locks()) {
        const block = async (): Promise<void> => {
          // @ts-expect-error: types refuse it, too
          using _ = lock;
          await sleep(10);
        };
        await expect(block()).rejects.toThrow(TypeError);
        expect(lock.locked()).toBe(false);
      }
    });
  });
});
