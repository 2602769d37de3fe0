/*
 * What holds for every schedule: producers and consumers that select, at random, with random cancels, under random
 * seeds. No item is lost, none comes twice, each queue keeps its order.
 */
import { after, createTask, openChannel, Queue, select, Semaphore, sleep, type Task } from "ambit";
import { exploreSchedules, runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, boolean, integer, nat, option, record } from "fast-check";
import { expect, test } from "vitest";

const RUNS = { seed: 20_261_124, numRuns: 80 };

const producer = record({ starts: nat(6), pause: nat(3), count: nat(6), selects: boolean() });
const consumer = record({
  starts: nat(6),
  pause: nat(3),
  patience: integer({ min: 1, max: 5 }),
  fair: boolean(),
  cancelled: option(nat(20), { nil: undefined }),
});

test("queues and channels: no item is lost, none comes twice, and each source keeps its order", async () => {
  await assert(
    asyncProperty(
      array(producer, { minLength: 1, maxLength: 4 }),
      array(consumer, { minLength: 1, maxLength: 4 }),
      integer({ min: 1, max: 2 }),
      integer({ min: 0, max: 2 }),
      nat(),
      async (producers, consumers, maxsize, capacity, seed) => {
        await runVirtual(
          async () => {
            const queue = new Queue<string>(maxsize);
            const { sender, receiver } = openChannel<string>(capacity);
            const put: string[] = [];
            const got: string[] = [];
            /** Puts in either of the two, whichever has room first; or always in the same. */
            const produce = async (who: number): Promise<void> => {
              const { starts, pause, count, selects } = producers[who] as (typeof producers)[0];
              await sleep(starts);
              for (let i = 0; i < count; i++) {
                const item = `${who}.${i}`;
                if (selects) {
                  const { name } = await select({
                    q: queue.putting(`q${item}`),
                    c: sender.sending(`c${item}`),
                  });
                  put.push(`${name}${item}`);
                } else {
                  await queue.put(`q${item}`);
                  put.push(`q${item}`);
                }
                await sleep(pause);
              }
            };
            const consume = async (who: number): Promise<void> => {
              const { starts, pause, patience, fair } = consumers[who] as (typeof consumers)[0];
              await sleep(starts);
              for (;;) {
                const chosen = await select({ queue, receiver, late: after(patience) }, { fair });
                if (chosen.name !== "late") got.push(chosen.value);
                await sleep(pause);
              }
            };
            const making = producers.map((_, who) => createTask(() => produce(who)));
            const taking = consumers.map((_, who) => createTask(() => consume(who)));
            consumers.forEach(({ cancelled }, who) => cancelAt(taking[who], cancelled));
            // One that is never cancelled, so that the producers come to an end.
            const last = createTask(async () => {
              for (;;) got.push((await select({ receiver, queue })).value);
            });
            for (const task of making) await task;
            await sleep(100);
            for (const task of [...taking, last]) task.cancel();
            await Promise.allSettled([...taking, last]);

            expect([...got].sort()).toEqual([...put].sort());
            expect(queue.statistics()).toMatchObject({ size: 0, getting: 0, putting: 0 });
            expect(receiver.statistics()).toMatchObject({ size: 0, receiving: 0, sending: 0 });
          },
          { seed },
        );
      },
    ),
    RUNS,
  );
});

function cancelAt(task: Task<unknown> | undefined, when: number | undefined): void {
  if (when === undefined) return;
  createTask(async () => {
    await sleep(when);
    task?.cancel();
  });
}

test("one consumer that selects sees each producer's items in order, and each queue's", async () => {
  await assert(
    asyncProperty(
      array(nat(4), { minLength: 1, maxLength: 12 }),
      array(nat(4), { minLength: 1, maxLength: 12 }),
      nat(),
      async (first, second, seed) => {
        await runVirtual(
          async () => {
            const queues = { a: new Queue<number>(2), b: new Queue<number>(1) };
            const fill = async (queue: Queue<number>, pauses: number[]): Promise<void> => {
              for (const [index, pause] of pauses.entries()) {
                await sleep(pause);
                await queue.put(index);
              }
            };
            const filling = [
              createTask(() => fill(queues.a, first)),
              createTask(() => fill(queues.b, second)),
            ];
            const seen: { a: number[]; b: number[] } = { a: [], b: [] };
            for (let left = first.length + second.length; left > 0; left--) {
              const { name, value } = await select(queues);
              seen[name].push(value);
            }
            for (const task of filling) await task;
            expect(seen).toEqual({ a: [...first.keys()], b: [...second.keys()] });
          },
          { seed },
        );
      },
    ),
    RUNS,
  );
});

test("permits: never more lent than there are, and all are back at the end, though selects lose and are cancelled", async () => {
  const visit = record({
    comes: nat(8),
    holds: nat(3),
    patience: nat(4),
    cancelled: option(nat(12), { nil: undefined }),
  });
  await assert(
    asyncProperty(array(visit, { minLength: 1, maxLength: 10 }), nat(), async (visits, seed) => {
      await runVirtual(
        async () => {
          const semaphores = { one: new Semaphore(1), two: new Semaphore(2) };
          const lent = { one: 0, two: 0 };
          const tasks = visits.map(({ comes, holds, patience }) =>
            createTask(async () => {
              await sleep(comes);
              const chosen = await select({ ...semaphores, late: after(patience) });
              if (chosen.name === "late") return;
              const { name, value } = chosen;
              lent[name]++;
              try {
                expect(lent.one <= 1 && lent.two <= 2).toBe(true);
                await sleep(holds);
              } finally {
                lent[name]--;
                value.release();
              }
            }),
          );
          visits.forEach(({ cancelled }, who) => cancelAt(tasks[who], cancelled));
          for (const { status, reason } of (await Promise.allSettled(
            tasks,
          )) as PromiseRejectedResult[]) {
            if (status === "rejected" && (reason as Error).name !== "CancelledError") throw reason;
          }
          await sleep(20);
          expect(semaphores.one.statistics()).toEqual({ value: 1, waiting: 0 });
          expect(semaphores.two.statistics()).toEqual({ value: 2, waiting: 0 });
        },
        { seed },
      );
    }),
    RUNS,
  );
});

test("under one schedule after the other, two that select and are cancelled lose and double nothing", async () => {
  const { schedules, complete } = await exploreSchedules(
    async () => {
      const queue = new Queue<string>();
      const { sender, receiver } = openChannel<string>(0);
      const got: string[] = [];
      const take = async (): Promise<void> =>
        void got.push((await select({ queue, receiver })).value);
      const takers = [createTask(take), createTask(take)];
      const sending = createTask(async () => {
        await sender.send("sent");
        got.push("(sent)");
      });
      createTask(() => queue.putNowait("put"));
      createTask(() => void takers[0]?.cancel());
      await Promise.allSettled(takers);
      sending.cancel();
      await Promise.allSettled([sending]);
      const sent = got.includes("(sent)");
      while (!queue.empty()) got.push(queue.getNowait());
      expect([...got].sort()).toEqual(sent ? ["(sent)", "put", "sent"] : ["put"]);
      expect(queue.statistics().getting + receiver.statistics().receiving).toBe(0);
    },
    { maxSchedules: 500 },
  );
  expect([schedules > 100, complete || schedules === 500]).toEqual([true, true]);
});
