/**
 * The rules of a pool, with connections that only exist here, in virtual time: who waits comes first, never more
 * than `max`, nobody is forgotten, whoever is cancelled takes nothing with him.
 */
import {
  createTask,
  gather,
  isCancelled,
  moveOnAfter,
  sleep,
  type Task,
  taskGroup,
  TimeoutError,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  DatabaseConnectionError,
  PoolClosedError,
  PoolTimeoutError,
} from "../../src/sql/errors.ts";
import { LinkPool } from "../../src/sql/linkPool.ts";
import { poolSettings, type PoolOptions } from "../../src/sql/poolOptions.ts";
import { FakeDriver, type FakeLink } from "./fakeLinks.ts";

function poolOf(options: PoolOptions = {}): { pool: LinkPool<FakeLink>; driver: FakeDriver } {
  const driver = new FakeDriver();
  return { pool: new LinkPool(driver, poolSettings(options)), driver };
}

function take(pool: LinkPool<FakeLink>): Promise<FakeLink> | FakeLink {
  return pool.takeNow() ?? pool.acquire();
}

/** Throws unless it holds: for what has to hold however a scenario ends. */
function mustHold(holds: boolean, words: string): void {
  if (!holds) throw new Error(words);
}

/** What holds at every moment. */
function expectSound(pool: LinkPool<FakeLink>, driver: FakeDriver, max: number): void {
  const { size, idle, inUse, opening, waiting } = pool.statistics();
  expect(size).toBe(idle + inUse + opening);
  expect(size).toBeLessThanOrEqual(max);
  expect(driver.count).toBeLessThanOrEqual(max);
  mustHold(waiting === 0 || idle === 0, "one is idle, and somebody waits");
}

const person = fc.record({
  comes: fc.integer({ min: 0, max: 40 }),
  holds: fc.integer({ min: 0, max: 20 }),
  leaves: fc.option(fc.integer({ min: 0, max: 40 })),
  breaks: fc.boolean(),
});

test("whoever comes, stays, breaks it or goes: in order, never too many, all are served", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(person, { maxLength: 25 }),
      fc.integer({ min: 1, max: 3 }),
      async (people, max) => {
        await runVirtual(async () => {
          const { pool, driver } = poolOf({ max, acquireTimeout: 100_000 });
          const line: number[] = [];
          const served: number[] = [];
          const visit = async (at: number): Promise<void> => {
            const now = pool.takeNow();
            if (now === null) line.push(at);
            const link = now ?? (await pool.acquire());
            if (now === null) served.push(at);
            try {
              expect(driver.holders.has(link), "two have the same one").toBe(false);
              driver.holders.add(link);
              expectSound(pool, driver, max);
              await sleep(people[at]?.holds ?? 0);
            } finally {
              driver.holders.delete(link);
              if (people[at]?.breaks) link.destroy("it broke");
              pool.giveBack(link);
              expectSound(pool, driver, max);
            }
          };
          const tasks = people.map(({ comes, leaves }, at) =>
            createTask(async () => {
              await sleep(comes);
              await moveOnAfter(leaves ?? Infinity, () => visit(at));
            }),
          );
          await gather(tasks);
          // Those who were served had waited in this order.
          expect(served).toEqual(line.filter((at) => served.includes(at)));
          const patient = line.filter((at) => people[at]?.leaves === null);
          expect(patient.filter((at) => !served.includes(at))).toEqual([]);
          expect(pool.statistics()).toMatchObject({ inUse: 0, waiting: 0 });
          await pool.close(0);
          expect(driver.count).toBe(0);
        });
      },
    ),
    { numRuns: 200 },
  );
});

test("a cancel at any point of acquiring and giving back leaves the pool whole", async () => {
  const points = await cancelEverywhere(async () => {
    const { pool, driver } = poolOf({ max: 1, checkAfter: 10 });
    const visit = async (): Promise<void> => {
      const link = await take(pool);
      try {
        await sleep(1);
      } finally {
        pool.giveBack(link);
      }
    };
    try {
      await taskGroup((group) => {
        for (let at = 0; at < 3; at++) group.spawn(visit);
      });
      await sleep(50);
      // Idle for so long that it is tried first.
      await visit();
    } finally {
      mustHold(pool.statistics().inUse === 0, "one was not given back");
      mustHold(pool.statistics().waiting === 0, "somebody still stands in line");
      await pool.close(0).finally(() => mustHold(driver.count === 0, "one is still open"));
    }
  });
  expect(points).toBeGreaterThan(6);
});

test("one that was handed to who is cancelled in the same step goes back, and on to the next", async () => {
  await runVirtual(async () => {
    const { pool } = poolOf({ max: 1 });
    const held = await take(pool);
    const visit = async (): Promise<string> => {
      const link = await pool.acquire();
      try {
        await sleep(5);
        return "served";
      } finally {
        pool.giveBack(link);
      }
    };
    const first = createTask(visit);
    const second = createTask(visit);
    await sleep(1);
    pool.giveBack(held);
    first.cancel();
    const outcomes = await gather([first, second], { returnExceptions: true });
    expect(isCancelled(outcomes[0])).toBe(true);
    expect(outcomes[1]).toBe("served");
    expect(pool.statistics()).toMatchObject({ inUse: 0, idle: 1, opened: 1 });
    await pool.close(0);
  });
});

test("each who waits too long is sent away at his own time, and the others stay", async () => {
  await runVirtual(async () => {
    const { pool } = poolOf({ max: 1, acquireTimeout: 100 });
    const held = await take(pool);
    const ends: number[] = [];
    const { loop } = pool;
    const begin = loop.time();
    const waiter = async (): Promise<unknown> => {
      const outcome: unknown = await pool.acquire().catch((error: unknown) => error);
      ends.push(loop.time() - begin);
      return outcome;
    };
    const tasks: Task<unknown>[] = [];
    for (let at = 0; at < 4; at++) {
      tasks.push(createTask(waiter));
      await sleep(40);
    }
    pool.giveBack(held);
    const outcomes = await gather(tasks);
    expect(ends.slice(0, 2)).toEqual([100, 140]);
    expect(outcomes[0]).toBeInstanceOf(PoolTimeoutError);
    expect(outcomes[0]).toBeInstanceOf(TimeoutError);
    expect(outcomes[1]).toBeInstanceOf(PoolTimeoutError);
    expect(outcomes[2]).toBe(held);
    expect(outcomes[3]).toBeInstanceOf(PoolTimeoutError);
    pool.giveBack(held);
    await pool.close(0);
  });
});

test("those that are idle too long are closed but for `min`, the longest idle first", async () => {
  await runVirtual(async () => {
    const { pool, driver } = poolOf({ max: 4, min: 1, idleTimeout: 1000 });
    const links = await gather(Array.from({ length: 4 }, () => () => pool.acquire()));
    for (const link of links) {
      pool.giveBack(link);
      await sleep(100);
    }
    await sleep(650);
    expect(driver.closed).toEqual(links.slice(0, 1));
    await sleep(5000);
    expect(driver.closed).toEqual(links.slice(0, 3));
    expect(pool.statistics()).toMatchObject({ size: 1, idle: 1 });
    await pool.close(0);
  });
});

test("one that has grown old is replaced: when it is idle, when it is given back, when it is asked for", async () => {
  await runVirtual(async () => {
    const { pool, driver } = poolOf({ max: 2, min: 2, maxLifetime: 1000, checkAfter: 100_000 });
    const [idle, used] = await gather([() => pool.acquire(), () => pool.acquire()]);
    pool.giveBack(idle);
    await sleep(1001);
    expect(driver.closed).toEqual([idle]);
    pool.giveBack(used);
    expect(driver.closed).toEqual([idle, used]);
    const fresh = await pool.acquire();
    expect([idle, used]).not.toContain(fresh);
    pool.giveBack(fresh);
    await pool.close(0);
  });
});

test("one that was idle for long is tried; when it doesn't answer, another one is opened", async () => {
  await runVirtual(async () => {
    const { pool, driver } = poolOf({ max: 1, checkAfter: 100, killTimeout: 50 });
    const first = await take(pool);
    pool.giveBack(first);
    await sleep(99);
    expect(pool.takeNow()).toBe(first);
    pool.giveBack(first);
    await sleep(100);
    expect(pool.takeNow()).toBeNull();
    expect(await pool.acquire()).toBe(first);
    expect(first.checks).toBe(1);
    pool.giveBack(first);
    await sleep(100);
    first.answers = "never";
    const second = await pool.acquire();
    expect(second).not.toBe(first);
    pool.giveBack(second);
    await sleep(100);
    second.answers = "broken";
    const third = await pool.acquire();
    expect(third).not.toBe(second);
    expect(driver.count).toBe(1);
    expect(pool.statistics()).toMatchObject({ opened: 3, destroyed: 2 });
    pool.giveBack(third);
    await pool.close(0);
  });
});

test("when one can't be opened, who has waited longest hears of it, and the next is tried for", async () => {
  await runVirtual(async () => {
    const { pool, driver } = poolOf({ max: 1, connectTimeout: 500 });
    driver.refuse = 1;
    const [first, second] = await gather([() => pool.acquire(), () => pool.acquire()], {
      returnExceptions: true,
    });
    expect(first).toBeInstanceOf(DatabaseConnectionError);
    pool.giveBack(second as FakeLink);
    await pool.close(0);
    await expect(pool.acquire()).rejects.toBeInstanceOf(PoolClosedError);
  });
});
