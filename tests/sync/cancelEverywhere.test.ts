/*
 * Every primitive, with a cancel at each of its await points in turn, under several schedules: nothing is lost, nothing
 * is doubled, nobody waits for ever (which would be a DeadlockError).
 */
import {
  Barrier,
  BoundedSemaphore,
  CapacityLimiter,
  Condition,
  createTask,
  Event,
  type Guard,
  isCancelled,
  Lock,
  moveOnAfter,
  ReadWriteLock,
  Semaphore,
  sleep,
  type Task,
  taskGroup,
} from "ambit";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";

const SEEDS = [undefined, 1, 2, 3, 4, 5];

/** Cancels everywhere under each seed; returns the fewest await points that there were. */
async function cancelUnderSeeds(
  scenario: () => Promise<void>,
  only: (task: Task<unknown>) => boolean = () => true,
): Promise<number> {
  let fewest = Infinity;
  for (const seed of SEEDS) {
    const points = await cancelEverywhere(scenario, seed === undefined ? { only } : { only, seed });
    fewest = Math.min(fewest, points);
  }
  return fewest;
}

interface Lent {
  /** How many may be inside at once. */
  readonly limit: number;
  acquire(): Promise<Guard>;
  release(): void;
  run(body: () => Promise<void>): Promise<void>;
  free(): boolean;
}

function semaphore(made: Semaphore): Lent {
  const { value } = made.statistics();
  return {
    limit: value,
    acquire: () => made.acquire(),
    release: () => made.release(),
    run: (body) => made.run(body),
    free: () => made.statistics().value === value && made.statistics().waiting === 0,
  };
}

function lock(made: Lock | Condition): Lent {
  return {
    limit: 1,
    acquire: () => made.acquire(),
    release: () => made.release(),
    run: (body) => made.run(body),
    free: () => !made.locked() && made.statistics().waiting === 0,
  };
}

function limiter(limit: number): Lent {
  const made = new CapacityLimiter(limit);
  return {
    limit,
    acquire: () => made.acquire(),
    release: () => made.release(),
    run: (body) => made.run(body),
    free: () => made.availableTokens === limit && made.statistics().waiting === 0,
  };
}

function writing(): Lent {
  const made = new ReadWriteLock();
  return {
    limit: 1,
    acquire: () => made.acquireWrite(),
    release: () => made.releaseWrite(),
    run: (body) => made.runWrite(body),
    free: () => !made.writeLocked(),
  };
}

const PRIMITIVES: [string, () => Lent][] = [
  ["Lock", () => lock(new Lock())],
  ["Condition", () => lock(new Condition())],
  ["Semaphore", () => semaphore(new Semaphore(2))],
  ["BoundedSemaphore", () => semaphore(new BoundedSemaphore(2))],
  ["CapacityLimiter", () => limiter(2)],
  ["ReadWriteLock, for writing", writing],
];

type Holding = (lent: Lent, body: () => Promise<void>) => Promise<void>;

const WAYS: [string, Holding][] = [
  [
    "using",
    async (lent, body) => {
      using _ = await lent.acquire();
      await body();
    },
  ],
  [
    "release in finally",
    async (lent, body) => {
      await lent.acquire();
      try {
        await body();
      } finally {
        lent.release();
      }
    },
  ],
  ["run", (lent, body) => lent.run(body)],
];

describe.each(PRIMITIVES)("%s", (_name, make) => {
  test.each(WAYS)("held with %s keeps its limit and is free at the end", async (_way, hold) => {
    const points = await cancelUnderSeeds(async () => {
      const lent = make();
      let [inside, entered, ended] = [0, 0, 0];
      const body = async (): Promise<void> => {
        entered++;
        expect(++inside).toBeLessThanOrEqual(lent.limit);
        await sleep(1).finally(() => inside--);
        ended++;
      };
      try {
        await taskGroup(async (group) => {
          for (let i = 0; i < 4; i++) group.spawn(() => hold(lent, body));
          await sleep(1);
          await hold(lent, body);
        });
      } finally {
        expect([inside, lent.free()]).toEqual([0, true]);
        expect(entered - ended).toBeLessThanOrEqual(5);
      }
    });
    expect(points).toBeGreaterThan(8);
  });
});

test("ReadWriteLock: readers and writers never meet, and it is free at the end", async () => {
  const points = await cancelUnderSeeds(async () => {
    const made = new ReadWriteLock();
    let [readers, writers] = [0, 0];
    const read = async (): Promise<void> => {
      using _ = await made.acquireRead();
      readers++;
      expect(writers).toBe(0);
      await sleep(1).finally(() => readers--);
    };
    const write = async (): Promise<void> => {
      using _ = await made.acquireWrite();
      writers++;
      expect([readers, writers]).toEqual([0, 1]);
      await sleep(1).finally(() => writers--);
    };
    try {
      await taskGroup(async (group) => {
        for (const body of [read, write, read, read, write, read]) group.spawn(body);
      });
    } finally {
      expect(made.statistics()).toEqual({ readers: 0, writing: false, waiting: 0 });
    }
  });
  expect(points).toBeGreaterThan(8);
});

test("Event: all that were not cancelled are woken", async () => {
  const points = await cancelUnderSeeds(
    async () => {
      const event = new Event();
      const waiters = Array.from({ length: 4 }, () =>
        createTask(() => event.wait().then(() => sleep(1)), { name: "waiter" }),
      );
      await sleep(1);
      event.set();
      await Promise.allSettled(waiters);
      expect(waiters.filter((waiter) => waiter.cancelled()).length).toBeLessThanOrEqual(1);
      expect(event.statistics()).toEqual({ set: true, waiting: 0 });
    },
    (task) => task.name === "waiter",
  );
  expect(points).toBe(8);
});

test("Condition: as many items are taken as there are takers left, with one notification for each item", async () => {
  const points = await cancelUnderSeeds(
    async () => {
      const condition = new Condition();
      let items = 0;
      let taken = 0;
      const take = async (): Promise<void> => {
        using _ = await condition.acquire();
        await condition.waitFor(() => items > 0);
        items--;
        taken++;
      };
      const takers = Array.from({ length: 4 }, () => createTask(take, { name: "taker" }));
      for (let i = 0; i < 4; i++) {
        await sleep(1);
        await condition.run(async () => {
          items++;
          condition.notify();
          await sleep(1);
        });
      }
      await Promise.allSettled(takers);
      const cancelled = takers.filter((taker) => taker.cancelled()).length;
      expect([taken, items]).toEqual([4 - cancelled, cancelled]);
      expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
    },
    (task) => task.name === "taker",
  );
  expect(points).toBeGreaterThan(7);
});

test("Condition: who is cancelled at any point holds the lock when it is thrown out", async () => {
  const points = await cancelUnderSeeds(
    async () => {
      const condition = new Condition();
      let inside = 0;
      const visit = async (): Promise<void> => {
        await condition.acquire();
        try {
          expect(++inside).toBe(1);
          inside--;
          await condition.wait().finally(() => expect(++inside).toBe(1));
          await sleep(1);
        } finally {
          inside = 0;
          expect(condition.locked()).toBe(true);
          condition.release();
        }
      };
      const visitors = [1, 2, 3].map(() => createTask(visit, { name: "visitor" }));
      while (visitors.some((visitor) => !visitor.done())) {
        await condition.run(() => condition.notify(2));
        await sleep(1);
      }
      for (const visitor of visitors) await visitor.then(null, rethrowUnlessCancelled);
      expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
    },
    (task) => task.name === "visitor",
  );
  expect(points).toBeGreaterThan(5);
});

function rethrowUnlessCancelled(error: unknown): void {
  if (!isCancelled(error)) throw error;
}

test("Barrier: places in a round are different, and nobody is left inside", async () => {
  const points = await cancelUnderSeeds(async () => {
    const barrier = new Barrier(3);
    const places: number[] = [];
    const visit = async (): Promise<void> => {
      const { value } = await moveOnAfter(50, () => barrier.wait());
      if (value !== undefined) places.push(value);
      await sleep(1);
    };
    try {
      await taskGroup(async (group) => {
        for (let i = 0; i < 7; i++) group.spawn(visit);
      });
    } finally {
      expect(barrier.statistics()).toEqual({
        parties: 3,
        waiting: 0,
        outside: 0,
        state: "filling",
      });
      const counts = [0, 1, 2].map((place) => places.filter((each) => each === place).length);
      // A task of a complete round may be cancelled before it notes its place, never between rounds.
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });
  expect(points).toBeGreaterThan(10);
});
