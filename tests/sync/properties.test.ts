/*
 * What holds for every schedule: random arrivals, holding times and cancels, under random seeds of the virtual loop.
 */
import {
  Barrier,
  BrokenBarrierError,
  Condition,
  createTask,
  currentTask,
  Event,
  getRunningLoop,
  Lock,
  ReadWriteLock,
  Semaphore,
  sleep,
  type Task,
} from "ambit";
import { runVirtual } from "ambit/testing";
import {
  array,
  assert,
  asyncProperty,
  boolean,
  integer,
  nat,
  option,
  record,
  tuple,
} from "fast-check";
import { expect, test } from "vitest";

/** The same cases in every run; a failure prints the case, shrunk. */
const RUNS = { seed: 20_261_124, numRuns: 150 };

/** A task that comes at some time, holds for some time and may be cancelled at some time, in milliseconds. */
const visit = record({
  comes: nat(8),
  holds: nat(4),
  cancelled: option(nat(20), { nil: undefined }),
});
const visits = array(visit, { minLength: 1, maxLength: 12 });
const seed = nat();

interface Visit {
  readonly comes: number;
  readonly holds: number;
  readonly cancelled: number | undefined;
}

/** Runs a task for each visit, cancels as they say, and waits for all. */
async function visitAll(
  all: readonly Visit[],
  body: (visit: Visit, index: number) => Promise<void>,
): Promise<void> {
  const tasks = all.map((each, index) =>
    createTask(async () => {
      await sleep(each.comes);
      await body(each, index);
    }),
  );
  all.forEach((each, index) => cancelAt(tasks[index] as Task<void>, each.cancelled));
  for (const { status, reason } of (await Promise.allSettled(tasks)) as PromiseRejectedResult[]) {
    if (status === "rejected" && (reason as Error).name !== "CancelledError") throw reason as Error;
  }
}

function cancelAt(task: Task<void>, when: number | undefined): void {
  if (when !== undefined) getRunningLoop().callAt(when, () => void task.cancel());
}

interface Comer {
  readonly task: Task<unknown>;
  readonly writes: boolean;
}

/** Who came, in order, and was not served yet. */
class Line {
  #comers: Comer[] = [];

  /** Runs `acquire` standing in line; returns what it gave and who was in line before, less those being cancelled. */
  async pass<T>(
    acquire: () => Promise<T>,
    writes = false,
  ): Promise<{ lent: T; passed: readonly Comer[] }> {
    const comer = { task: currentTask() as Task<unknown>, writes };
    this.#comers.push(comer);
    try {
      const lent = await acquire();
      const before = this.#comers.slice(0, this.#comers.indexOf(comer));
      return { lent, passed: before.filter(({ task }) => task.cancelling() === 0) };
    } finally {
      this.#comers = this.#comers.filter((each) => each !== comer);
    }
  }
}

test("Lock: one holder at a time, first come, first served, free at the end", async () => {
  await assert(
    asyncProperty(visits, seed, async (all, schedule) => {
      await runVirtual(
        async () => {
          const lock = new Lock();
          const line = new Line();
          let inside = 0;
          await visitAll(all, async ({ holds }) => {
            const { lent, passed } = await line.pass(() => lock.acquire());
            using _ = lent;
            expect([++inside, passed]).toEqual([1, []]);
            await sleep(holds).finally(() => inside--);
          });
          expect(lock.statistics()).toEqual({ locked: false, holder: null, waiting: 0 });
        },
        { seed: schedule },
      );
    }),
    RUNS,
  );
});

test("Semaphore: never too many inside, nobody waits beside a free permit, nobody is passed, all permits return", async () => {
  await assert(
    asyncProperty(visits, integer({ min: 1, max: 4 }), seed, async (all, permits, schedule) => {
      await runVirtual(
        async () => {
          const semaphore = new Semaphore(permits);
          const line = new Line();
          let inside = 0;
          await visitAll(all, async ({ holds }) => {
            const { passed } = await line.pass(() => semaphore.acquire());
            const { value, waiting } = semaphore.statistics();
            expect(value === 0 || waiting === 0).toBe(true);
            expect(++inside).toBeLessThanOrEqual(permits);
            // Those that were served in the same step run in any order.
            expect(passed.length).toBeLessThan(permits);
            try {
              await sleep(holds);
            } finally {
              inside--;
              semaphore.release();
            }
          });
          expect(semaphore.statistics()).toEqual({ value: permits, waiting: 0 });
        },
        { seed: schedule },
      );
    }),
    RUNS,
  );
});

test("ReadWriteLock: readers and writers never meet, no writer is passed, free at the end", async () => {
  const kinds = array(tuple(visit, boolean()), { minLength: 1, maxLength: 12 });
  await assert(
    asyncProperty(kinds, seed, async (all, schedule) => {
      await runVirtual(
        async () => {
          const lock = new ReadWriteLock();
          const line = new Line();
          let [reading, writing] = [0, 0];
          const bodies = all.map(([each]) => each);
          await visitAll(bodies, async ({ holds }, index) => {
            const writes = all[index]?.[1] === true;
            const acquire = () => (writes ? lock.acquireWrite() : lock.acquireRead());
            const { lent, passed } = await line.pass(acquire, writes);
            using _ = lent;
            if (writes) writing++;
            else reading++;
            expect([writing <= 1, writing === 0 || reading === 0]).toEqual([true, true]);
            expect(passed.filter((each) => writes || each.writes)).toEqual([]);
            await sleep(holds).finally(() => (writes ? writing-- : reading--));
          });
          expect(lock.statistics()).toEqual({ readers: 0, writing: false, waiting: 0 });
        },
        { seed: schedule },
      );
    }),
    RUNS,
  );
});

test("Condition: no notification is lost: each item finds a taker, or its taker was cancelled", async () => {
  await assert(
    asyncProperty(visits, seed, async (all, schedule) => {
      await runVirtual(
        async () => {
          const condition = new Condition();
          let [items, taken] = [0, 0];
          let gone = 0;
          const putting = createTask(async () => {
            for (const { holds } of all) {
              await sleep(holds);
              await condition.run(async () => {
                items++;
                condition.notify();
                await sleep(holds % 2);
              });
            }
          });
          await visitAll(all, async () => {
            try {
              using _ = await condition.acquire();
              await condition.waitFor(() => items > 0);
              items--;
              taken++;
            } catch (error) {
              gone++;
              throw error;
            }
          });
          await putting;
          expect(items).toBe(all.length - taken);
          expect(taken + gone).toBeLessThanOrEqual(all.length);
          expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
        },
        { seed: schedule },
      );
    }),
    RUNS,
  );
});

test("Event: everybody who waits when it is set goes on, at that time", async () => {
  await assert(
    asyncProperty(visits, nat(10), seed, async (all, when, schedule) => {
      await runVirtual(
        async () => {
          const event = new Event();
          const loop = getRunningLoop();
          loop.callAt(when, () => event.set());
          await visitAll(all, async ({ comes }) => {
            await event.wait();
            expect(loop.time()).toBe(Math.max(comes, when));
          });
          expect(event.statistics().waiting).toBe(0);
        },
        { seed: schedule },
      );
    }),
    RUNS,
  );
});

test("Barrier: every round has each place once, whatever the order and who is cancelled", async () => {
  await assert(
    asyncProperty(visits, integer({ min: 1, max: 4 }), seed, async (all, parties, schedule) => {
      await runVirtual(
        async () => {
          const barrier = new Barrier(parties);
          const places: number[] = [];
          const visiting = visitAll(all, async () => {
            places.push(await barrier.wait());
          });
          // Who is left without a full round at the end is sent away.
          getRunningLoop().callAt(100, () => barrier.abort());
          const failure = await visiting.then(
            () => undefined,
            (error: unknown) => error,
          );
          expect([undefined, expect.any(BrokenBarrierError)]).toContainEqual(failure);
          expect(barrier.statistics()).toMatchObject({ waiting: 0, outside: 0 });
          expect(places.length % parties).toBe(0);
          const rounds = places.length / parties;
          for (let place = 0; place < parties; place++) {
            expect(places.filter((each) => each === place)).toHaveLength(rounds);
          }
        },
        { seed: schedule },
      );
    }),
    RUNS,
  );
});
