/*
 * Condition and Barrier where everything comes at once: repeated cancels, notifications, resets and aborts at random
 * times, under both wake policies, with random seeds of the virtual loop. asyncio's own tests try these one by one; here
 * what holds must hold in every mixture.
 */
import {
  Barrier,
  BrokenBarrierError,
  CancelledError,
  Condition,
  createTask,
  getRunningLoop,
  sleep,
  type Task,
} from "ambit";
import { runVirtual } from "ambit/testing";
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  record,
} from "fast-check";
import { describe, expect, test } from "vitest";
import { runDirect } from "../oracle/runDirect.ts";

/** The same cases in every run; a failure prints the case, shrunk. */
const RUNS = { seed: 20_261_125, numRuns: 60 };

const seed = nat();
const times = array(nat(12), { maxLength: 5 });

/** A task that waits at the condition again and again until it has been told often enough. */
const waiter = record({
  comes: nat(6),
  rounds: integer({ min: 1, max: 3 }),
  swallows: boolean(),
  cancels: times,
});
const notifier = record({ comes: nat(12), count: integer({ min: 1, max: 3 }), holds: nat(2) });

/** The virtual loop's wake policy, whose order a seed permutes, and production's. */
const POLICIES = [
  ["stepped", runVirtual],
  ["direct", runDirect],
] as const;

describe.each(POLICIES)("under the %s policy", (_policy, start) => {
  test("Condition: who leaves a wait has the lock alone, however often it is cancelled, and no notification is lost on it", async () => {
    await assert(
      asyncProperty(
        array(waiter, { minLength: 1, maxLength: 6 }),
        array(notifier, { maxLength: 8 }),
        seed,
        async (waiters, notifiers, schedule) => {
          await start(
            async () => {
              const condition = new Condition();
              const loop = getRunningLoop();
              const wrong: string[] = [];
              let [inside, asked] = [0, 0];
              /** Waiters that were notified, waits that returned, and that threw with nobody left to hand a notification to. */
              let [told, returned, alone] = [0, 0, 0];

              /** A turn with the lock, in which nobody else has it. */
              const work = async (ms: number): Promise<void> => {
                if (++inside !== 1 || !condition.locked()) wrong.push("not alone with the lock");
                await sleep(ms).catch(() => {});
                inside--;
              };
              const waitOnce = async (newest: { reason: number }): Promise<boolean> => {
                try {
                  await condition.wait();
                  returned++;
                  return true;
                } catch (error) {
                  const { reason } = error as CancelledError & { reason: number };
                  if (!(reason > newest.reason))
                    wrong.push(`${reason} came after ${newest.reason}`);
                  newest.reason = reason;
                  if (condition.statistics().waiting === 0) alone++;
                  return false;
                } finally {
                  if (inside !== 0 || !condition.locked())
                    wrong.push("left the wait without the lock");
                }
              };
              const tasks = waiters.map(({ comes, rounds, swallows, cancels }) => {
                const task = createTask(async () => {
                  const newest = { reason: -1 };
                  await sleep(comes);
                  const guard = await condition.acquire();
                  try {
                    for (let left = rounds; left > 0;) {
                      if (await waitOnce(newest)) left--;
                      else if (!swallows) return;
                      await work(1);
                    }
                  } finally {
                    guard.release();
                  }
                });
                for (const when of cancels) loop.callAt(when, () => void task.cancel(asked++));
                return task;
              });
              const notifying = notifiers.map(({ comes, count, holds }) =>
                createTask(async () => {
                  await sleep(comes);
                  using _ = await condition.acquire();
                  told += Math.min(count, condition.statistics().waiting);
                  condition.notify(count);
                  await work(holds);
                }),
              );
              await Promise.all(notifying);
              await sleep(100);
              // Who was notified has returned, or has thrown and handed it to the next, if there was one.
              if (returned > told || told > returned + alone)
                wrong.push("a notification was lost or doubled");
              expect([wrong, inside, condition.locked()]).toEqual([[], 0, false]);
              for (let i = 0; i < 10 && condition.statistics().waiting > 0; i++) {
                await condition.run(() => condition.notifyAll());
                await sleep(10);
              }
              await Promise.allSettled(tasks);
              expect(condition.statistics()).toEqual({ locked: false, waiting: 0 });
            },
            { seed: schedule },
          );
        },
      ),
      RUNS,
    );
  });

  const comer = record({ comes: nat(8), again: boolean(), cancelled: times });
  const blow = record({ at: nat(10), kind: constantFrom("reset" as const, "abort" as const) });

  test("Barrier: whatever resets, aborts and cancels meet, nobody is left inside, and the next rounds are whole", async () => {
    await assert(
      asyncProperty(
        integer({ min: 1, max: 4 }),
        array(comer, { minLength: 1, maxLength: 10 }),
        array(blow, { maxLength: 5 }),
        seed,
        async (parties, comers, blows, schedule) => {
          await start(
            async () => {
              const barrier = new Barrier(parties);
              const loop = getRunningLoop();
              const places: number[] = [];
              const arrive = async (): Promise<void> => {
                const place = await barrier.wait();
                expect(place).toBeGreaterThanOrEqual(0);
                expect(place).toBeLessThan(parties);
                places.push(place);
              };
              const tasks: Task<void>[] = comers.map(({ comes, again, cancelled }) => {
                const task = createTask(async () => {
                  await sleep(comes);
                  await arrive();
                  if (again) await arrive();
                });
                for (const when of cancelled) loop.callAt(when, () => void task.cancel());
                return task;
              });
              for (const { at, kind } of blows) loop.callAt(at, () => barrier[kind]());
              await sleep(50);
              const broken = barrier.broken;
              expect(barrier.statistics().state).toBe(broken ? "broken" : "filling");
              expect(barrier.statistics().outside).toBe(0);
              expect(barrier.nWaiting).toBeLessThan(parties);
              barrier.abort();
              await expect(barrier.wait()).rejects.toThrow(BrokenBarrierError);
              const failures = (await Promise.allSettled(tasks)).flatMap((each) =>
                each.status === "rejected" ? [each.reason as Error] : [],
              );
              const known = (error: Error) =>
                error instanceof BrokenBarrierError || error instanceof CancelledError;
              expect(failures.filter((error) => !known(error))).toEqual([]);
              expect(barrier.statistics()).toMatchObject({
                state: "broken",
                waiting: 0,
                outside: 0,
              });
              barrier.reset();
              for (let round = 0; round < 2; round++) {
                const whole = await Promise.all(
                  Array.from({ length: parties }, () => barrier.wait()),
                );
                expect(new Set(whole)).toEqual(
                  new Set(Array.from({ length: parties }, (_, i) => i)),
                );
              }
            },
            { seed: schedule },
          );
        },
      ),
      RUNS,
    );
  });
});
