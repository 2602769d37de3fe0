/*
 * Barrier, round after round: filling, draining, reset and abort with tasks inside, outside and on their way out, as
 * asyncio's own tests have it.
 */
import { inspect } from "node:util";
import { Barrier, BrokenBarrierError, CancelledError, createTask, gather, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const PARTIES = 5;

/** Runs the body in as many tasks, to the end of all. */
async function inTasks<T>(count: number, body: () => Promise<T>): Promise<T[]> {
  return gather(Array.from({ length: count }, () => createTask(body)));
}

/** Empty, whole and ready for a round. */
function expectIdle(barrier: Barrier): void {
  expect(barrier.statistics()).toEqual({
    parties: barrier.parties,
    waiting: 0,
    outside: 0,
    state: "filling",
  });
  expect(barrier.broken).toBe(false);
}

/** True if the barrier sends the caller away, false if it lets it go on. */
async function isSentAway(barrier: Barrier): Promise<boolean> {
  const error = await barrier.wait().then(
    () => null,
    (thrown: Error) => thrown,
  );
  if (error === null || error instanceof BrokenBarrierError) return error !== null;
  throw error;
}

test("prints its state in each of its four (CPython: test_locks BarrierTests.test_repr)", () =>
  runVirtual(async () => {
    const barrier = new Barrier(PARTIES);
    const arrive = (count: number) => {
      const tasks = Array.from({ length: count }, () => createTask(() => barrier.wait()));
      waiters.push(...tasks);
      return sleep(0);
    };
    const waiters: PromiseLike<number>[] = [];
    const printed = (state: string, waiting: number): string =>
      `Barrier { state: '${state}', waiting: ${waiting}, parties: ${PARTIES} }`;
    expect(inspect(barrier)).toBe(printed("filling", 0));
    await arrive(2);
    expect(inspect(barrier)).toBe(printed("filling", 2));
    await arrive(PARTIES - barrier.nWaiting);
    expect(inspect(barrier)).toBe(printed("draining", 0));
    barrier.reset();
    await arrive(2);
    barrier.reset();
    expect(inspect(barrier)).toBe(printed("resetting", 0));
    await arrive(2);
    barrier.abort();
    expect(inspect(barrier)).toBe(printed("broken", 0));
    expect(barrier.broken).toBe(true);
    await Promise.allSettled(waiters);
  }));

describe("filling", () => {
  test("each of the parties gets a place of its own (CPython: test_locks BarrierTests.test_context_manager)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(3);
      expect(new Set(await inTasks(3, () => barrier.wait()))).toEqual(new Set([0, 1, 2]));
      expectIdle(barrier);
    }));

  test("one party goes straight through, twice (CPython: test_locks BarrierTests.test_filling_one_task, BarrierTests.test_filling_one_task_twice)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(1);
      const passages = [];
      for (let i = 0; i < 2; i++) {
        passages.push(createTask(() => barrier.wait()));
        await sleep(0);
        expectIdle(barrier);
      }
      expect(passages.map((task) => [task.done(), task.result()])).toEqual(
        [true, true].map((done) => [done, 0]),
      );
    }));

  test("the waiting are counted as they come, until the last makes the round complete (CPython: test_locks BarrierTests.test_filling_task_by_task)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(3);
      const tasks = [];
      for (const waiting of [1, 2]) {
        tasks.push(createTask(() => barrier.wait()));
        await sleep(0);
        expect(barrier.statistics()).toMatchObject({ state: "filling", waiting });
      }
      tasks.push(createTask(() => barrier.wait()));
      await gather(tasks);
      expectIdle(barrier);
    }));

  test("a second round begins with those who are out of the first (CPython: test_locks BarrierTests.test_filling_tasks_wait_twice, BarrierTests.test_filling_tasks_check_return_value)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      const rounds: number[] = [];
      const places = await inTasks(PARTIES, async () => {
        await barrier.wait();
        rounds.push(1);
        const place = await barrier.wait();
        rounds.push(2);
        return place;
      });
      expect(rounds).toEqual([
        ...Array<number>(PARTIES).fill(1),
        ...Array<number>(PARTIES).fill(2),
      ]);
      expect(new Set(places)).toEqual(new Set([0, 1, 2, 3, 4]));
      expectIdle(barrier);
    }));

  test("a cancelled task is no longer counted, and another takes its place (CPython: test_locks BarrierTests.test_filling_tasks_cancel_one)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(3);
      let passed = 0;
      const arrive = async () => {
        const task = createTask(async () => {
          await barrier.wait();
          passed++;
        });
        await sleep(0);
        return [task, barrier.nWaiting] as const;
      };
      const [first, one] = await arrive();
      const [second, two] = await arrive();
      expect([one, two]).toEqual([1, 2]);
      first.cancel();
      await sleep(0);
      expect(barrier.nWaiting).toBe(1);
      await expect(first).rejects.toThrow(CancelledError);
      const [third, again] = await arrive();
      expect(again).toBe(2);
      const [fourth] = await arrive();
      await gather([second, third, fourth]);
      expect([passed, first.cancelled()]).toEqual([3, true]);
      expectIdle(barrier);
    }));
});

describe("draining", () => {
  test("lasts until the last of the round runs again (CPython: test_locks BarrierTests.test_draining_state)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      const states: string[] = [];
      await inTasks(PARTIES, async () => {
        await barrier.wait();
        states.push(barrier.statistics().state);
      });
      expect(states).toEqual([...Array<string>(PARTIES - 1).fill("draining"), "filling"]);
      expectIdle(barrier);
    }));

  test("who comes back early does not take part in the round that is draining (CPython: test_locks BarrierTests.test_blocking_tasks_while_draining)", () =>
    runVirtual(async () => {
      const early = 2;
      const barrier = new Barrier(PARTIES);
      const others = new Barrier(PARTIES - early);
      let left = early;
      const places = await inTasks(PARTIES, async () => {
        await barrier.wait();
        if (left-- > 0) return barrier.wait();
        await others.wait();
        return barrier.wait();
      });
      expect(new Set(places)).toEqual(new Set([0, 1, 2, 3, 4]));
      expectIdle(barrier);
    }));
});

describe("reset", () => {
  test("while some have drained sends away those who have not (CPython: test_locks BarrierTests.test_reset_barrier_when_tasks_half_draining)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      const rest = 2;
      let passed = 0;
      const away = await inTasks(PARTIES, async () => {
        if (await isSentAway(barrier)) return true;
        if (++passed === PARTIES - rest) barrier.reset();
        return false;
      });
      expect(away.filter(Boolean)).toHaveLength(rest);
      expectIdle(barrier);
    }));

  test("while some drain and some stand outside sends away the former only (CPython: test_locks BarrierTests.test_reset_barrier_when_tasks_half_draining_half_blocking)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      const blocking = 2;
      let [passed, sentAway, blockedAway] = [0, 0, 0];
      await inTasks(PARTIES, async () => {
        const away = await isSentAway(barrier);
        if (away) sentAway++;
        else if (++passed > blocking) barrier.reset();
        if (away || passed > blocking) await barrier.wait();
        else if (await isSentAway(barrier)) blockedAway++;
      });
      expect([sentAway, blockedAway]).toEqual([2, 0]);
      expectIdle(barrier);
    }));

  test("sends away all but the last, who meet again in the next round (CPython: test_locks BarrierTests.test_reset_barrier_while_tasks_waiting_and_waiting_again)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      let [sentAway, passed] = [0, 0];
      const tasks = Array.from({ length: PARTIES - 1 }, () =>
        createTask(async () => {
          if (await isSentAway(barrier)) sentAway++;
          await barrier.wait();
          passed++;
        }),
      );
      createTask(async () => barrier.reset());
      await sleep(0);
      tasks.push(
        createTask(async () => {
          await barrier.wait();
          passed++;
        }),
      );
      await gather(tasks);
      expect([sentAway, passed]).toEqual([PARTIES - 1, PARTIES]);
      expectIdle(barrier);
    }));

  test("by the last to drain sends away those who were let into the next round (CPython, differs: test_locks BarrierTests.test_reset_barrier_while_tasks_draining)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      let [count, passed] = [0, 0];
      const away = await inTasks(PARTIES, async () => {
        await barrier.wait();
        let sentAway = false;
        if (++count === PARTIES) barrier.reset();
        else sentAway = await isSentAway(barrier);
        await barrier.wait();
        passed++;
        return sentAway;
      });
      // In asyncio they come in a turn after the last has left, and would stay.
      expect(away.filter(Boolean)).toHaveLength(PARTIES - 1);
      expect(passed).toBe(PARTIES);
      expectIdle(barrier);
    }));
});

describe("abort", () => {
  test("of an empty barrier breaks it (CPython: test_locks BarrierTests.test_abort_barrier)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(1);
      createTask(async () => barrier.abort());
      await sleep(0);
      expect([barrier.nWaiting, barrier.broken]).toEqual([0, true]);
      expect(await isSentAway(barrier)).toBe(true);
    }));

  test("while some drain and some stand outside sends all away (CPython: test_locks BarrierTests.test_abort_barrier_when_tasks_half_draining_half_blocking)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      const blocking = 2;
      let [passed, sentAway, blockedAway] = [0, 0, 0];
      await inTasks(PARTIES, async () => {
        const away = await isSentAway(barrier);
        if (away) return sentAway++;
        if (++passed > blocking) return barrier.abort();
        if (await isSentAway(barrier)) blockedAway++;
      });
      expect([sentAway, blockedAway]).toEqual([blocking, PARTIES - blocking - 1]);
      expect(barrier.statistics()).toMatchObject({ state: "broken", waiting: 0, outside: 0 });
    }));

  test("by one task that failed keeps all others from the next round (CPython: test_locks BarrierTests.test_abort_barrier_when_exception)", () =>
    runVirtual(async () => {
      const barrier = new Barrier(PARTIES);
      const outcomes = await inTasks(PARTIES, () => failHalfway(barrier));
      expect(outcomes.toSorted()).toEqual(["failed", ...Array<string>(4).fill("sent away")]);
      expect([barrier.broken, barrier.nWaiting]).toEqual([true, 0]);
    }));

  test("is undone by a reset when all have left (CPython: test_locks BarrierTests.test_abort_barrier_when_exception_then_resetting)", () =>
    runVirtual(async () => {
      const [barrier, meeting] = [new Barrier(PARTIES), new Barrier(PARTIES)];
      let passed = 0;
      const outcomes = await inTasks(PARTIES, async () => {
        const outcome = await failHalfway(barrier);
        if ((await meeting.wait()) === 2) barrier.reset();
        await meeting.wait();
        await barrier.wait();
        passed++;
        return outcome;
      });
      expect(outcomes.toSorted()).toEqual(["failed", ...Array<string>(4).fill("sent away")]);
      expect(passed).toBe(PARTIES);
      expectIdle(barrier);
    }));

  /** Two rounds, but the task in the middle fails after the first and aborts. */
  async function failHalfway(barrier: Barrier): Promise<string> {
    try {
      if ((await barrier.wait()) === 2) throw new Error("failed");
      await barrier.wait();
      return "passed";
    } catch (error) {
      if (error instanceof BrokenBarrierError) return "sent away";
      barrier.abort();
      return (error as Error).message;
    }
  }
});
