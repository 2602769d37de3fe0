/*
 * Queues that are shut down while everybody works: random producers, consumers, joiners, cancels and shutdowns, under
 * both wake policies, with random seeds of the virtual loop, and what must hold in every mixture of them.
 */
import {
  createTask,
  getRunningLoop,
  isCancelled,
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueShutDown,
  sleep,
  type Task,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, boolean, integer, nat, option, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { runDirect } from "../oracle/runDirect.ts";

const RUNS = { seed: 20_261_125, numRuns: 50 };

const KINDS = [
  { kind: "Queue", make: (maxsize: number) => new Queue<number>(maxsize) },
  { kind: "LifoQueue", make: (maxsize: number) => new LifoQueue<number>(maxsize) },
  {
    kind: "PriorityQueue",
    make: (maxsize: number) => new PriorityQueue<number>((a, b) => a - b, maxsize),
  },
];

const cancelled = option(nat(12), { nil: undefined });
const producer = record({
  comes: nat(6),
  items: integer({ min: 1, max: 4 }),
  pause: nat(2),
  cancelled,
});
const consumer = record({ comes: nat(6), works: nat(2), iterates: boolean(), cancelled });
const joiner = record({ comes: nat(10), cancelled });
const shutdown = record({ at: nat(12), immediate: boolean() });

/** Waits for all; what they failed with, other than their cancellation. */
async function failuresOf(tasks: readonly Task<unknown>[]): Promise<Error[]> {
  const settled = await Promise.allSettled(tasks);
  const failures = settled.flatMap((each) =>
    each.status === "rejected" ? [each.reason as Error] : [],
  );
  return failures.filter((error) => !isCancelled(error));
}

function cancelAt(task: Task<unknown>, when: number | undefined): void {
  if (when !== undefined) getRunningLoop().callAt(when, () => void task.cancel());
}

/** The virtual loop's wake policy, whose order a seed permutes, and production's. */
const POLICIES = [
  ["stepped", runVirtual],
  ["direct", runDirect],
] as const;

describe.each(POLICIES)("under the %s policy", (_policy, start) => {
  test.each(KINDS)(
    "$kind: what was put is taken once, dropped or left; join ends when all is done; nobody hangs",
    async ({ make }) => {
      await assert(
        asyncProperty(
          nat(3),
          array(producer, { minLength: 1, maxLength: 4 }),
          array(consumer, { maxLength: 4 }),
          array(joiner, { maxLength: 3 }),
          array(shutdown, { minLength: 1, maxLength: 3 }),
          nat(),
          async (maxsize, producers, consumers, joiners, shutdowns, seed) => {
            await start(
              async () => {
                const queue = make(maxsize);
                const loop = getRunningLoop();
                const wrong: string[] = [];
                const [put, taken]: [Set<number>, number[]] = [new Set(), []];
                let [working, dropped, items, closed] = [0, 0, 0, false];
                /** How often all was done, and join could end. */
                let done = 0;
                const countDone = (): void => {
                  if (queue.statistics().unfinished === 0) done++;
                };

                const take = async (item: number, works: number): Promise<void> => {
                  taken.push(item);
                  working++;
                  try {
                    await sleep(works);
                  } finally {
                    working--;
                    queue.taskDone();
                    countDone();
                  }
                };
                const producing = producers.map((each) => {
                  const task = createTask(async () => {
                    await sleep(each.comes);
                    for (let left = each.items; left > 0; left--) {
                      const item = items++;
                      await queue.put(item);
                      put.add(item);
                      await sleep(each.pause);
                    }
                  });
                  cancelAt(task, each.cancelled);
                  return task;
                });
                const consuming = consumers.map((each) => {
                  const task = createTask(async () => {
                    await sleep(each.comes);
                    if (each.iterates) {
                      for await (const item of queue) await take(item, each.works);
                      if (!closed) wrong.push("an iteration ended before the shutdown");
                      return;
                    }
                    for (;;) await take(await queue.get(), each.works);
                  });
                  cancelAt(task, each.cancelled);
                  return task;
                });
                const joining = joiners.map((each) => {
                  const task = createTask(async () => {
                    await sleep(each.comes);
                    const before = queue.statistics().unfinished === 0 ? -1 : done;
                    await queue.join();
                    if (done === before) wrong.push("join ended too early");
                  });
                  cancelAt(task, each.cancelled);
                  return task;
                });
                for (const { at, immediate } of shutdowns) {
                  loop.callAt(at, () => {
                    closed = true;
                    if (immediate) dropped += queue.qsize();
                    queue.shutdown({ immediate });
                    countDone();
                    const { getting, putting } = queue.statistics();
                    if (getting + putting > 0) wrong.push("somebody still waits in line");
                  });
                }

                await sleep(20);
                const failures = await failuresOf([...producing, ...consuming]);
                expect(failures.filter((error) => !(error instanceof QueueShutDown))).toEqual([]);
                expect([wrong, working]).toEqual([[], 0]);
                expect(new Set(taken).size).toBe(taken.length);
                // Cancelled producers may have put an item without coming to say so.
                const known = [...put].filter((item) => taken.includes(item)).length;
                expect(known).toBeGreaterThanOrEqual(put.size - dropped - queue.qsize());
                await expect(queue.put(99)).rejects.toThrow(QueueShutDown);

                const { size, unfinished } = queue.statistics();
                expect(unfinished).toBe(size);
                for (let left = size; left > 0; left--) {
                  taken.push(queue.getNowait());
                  queue.taskDone();
                }
                expect(new Set(taken).size).toBe(taken.length);
                expect(() => queue.getNowait()).toThrow(QueueShutDown);
                expect(await failuresOf(joining)).toEqual([]);
                expect(queue.statistics()).toMatchObject({ getting: 0, putting: 0, joining: 0 });
              },
              { seed },
            );
          },
        ),
        RUNS,
      );
    },
  );
});
