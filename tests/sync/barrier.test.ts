/*
 * Barrier: rounds, places, states, reset, abort, cancellation.
 */
import { inspect } from "node:util";
import { Barrier, BrokenBarrierError, createTask, run, sleep, type Task, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

function arrivals(barrier: Barrier, count: number): Task<number>[] {
  return Array.from({ length: count }, () => createTask(() => barrier.wait()));
}

/** What each of the tasks ended with: a place, or the name of an error. */
async function outcomes(tasks: readonly PromiseLike<number>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(tasks);
  return settled.map((each) =>
    each.status === "fulfilled" ? each.value : (each.reason as Error).name,
  );
}

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("all go on when the last has arrived, each with its place", async () => {
    await start(async () => {
      const barrier = new Barrier(3);
      const tasks = arrivals(barrier, 2);
      await sleep(1);
      expect(tasks.some((task) => task.done())).toBe(false);
      expect(await barrier.wait()).toBe(2);
      expect(await outcomes(tasks)).toEqual([0, 1]);
    });
  });

  test("the barrier is used again, round after round", async () => {
    const log: string[] = [];
    await start(async () => {
      const barrier = new Barrier(3);
      await taskGroup(async (group) => {
        for (const name of ["a", "b", "c"]) {
          group.spawn(async () => {
            for (let round = 0; round < 3; round++) {
              await barrier.wait();
              log.push(`${round}${name}`);
            }
          });
        }
      });
      expect(barrier.statistics()).toEqual({
        parties: 3,
        waiting: 0,
        outside: 0,
        state: "filling",
      });
    });
    expect(log.map((each) => each[0]).join("")).toBe("000111222");
  });

  test("more tasks than parties pass in several rounds", async () => {
    await start(async () => {
      const barrier = new Barrier(2);
      const places = await outcomes(arrivals(barrier, 6));
      expect(places.filter((place) => place === 0)).toHaveLength(3);
      expect(places.filter((place) => place === 1)).toHaveLength(3);
      expect(barrier.nWaiting).toBe(0);
    });
  });

  test("a barrier for one never waits", async () => {
    await start(async () => {
      const barrier = new Barrier(1);
      expect([await barrier.wait(), await barrier.wait()]).toEqual([0, 0]);
      expect(barrier.statistics().state).toBe("filling");
    });
  });
});

test("nWaiting counts who has arrived, and is 0 while they leave", async () => {
  await runVirtual(async () => {
    const barrier = new Barrier(3);
    const tasks = [...arrivals(barrier, 1)];
    await sleep(0);
    expect([barrier.parties, barrier.nWaiting]).toEqual([3, 1]);
    tasks.push(...arrivals(barrier, 1));
    await sleep(0);
    expect(barrier.nWaiting).toBe(2);
    const last = barrier.wait();
    expect([barrier.nWaiting, barrier.statistics().state]).toEqual([0, "draining"]);
    await Promise.all([last, ...tasks]);
    expect(barrier.statistics().state).toBe("filling");
  });
});

test("who comes while the barrier drains stands outside, and is let in, in order, when all have left", async () => {
  await runVirtual(async () => {
    const barrier = new Barrier(2);
    const first = arrivals(barrier, 1);
    await sleep(0);
    const places = [barrier.wait(), barrier.wait(), barrier.wait(), barrier.wait()];
    expect(barrier.statistics()).toEqual({ parties: 2, waiting: 0, outside: 3, state: "draining" });
    expect(await outcomes([...first, ...places.slice(0, 3)])).toEqual([0, 1, 0, 1]);
    expect(barrier.statistics()).toEqual({ parties: 2, waiting: 1, outside: 0, state: "filling" });
    expect(await outcomes([barrier.wait(), ...places.slice(3)])).toEqual([1, 0]);
  });
});

describe("a cancelled wait", () => {
  test("leaves the barrier, and the places stay different", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(3);
      const tasks = arrivals(barrier, 2);
      await sleep(0);
      tasks[0]?.cancel();
      expect(barrier.nWaiting).toBe(1);
      tasks.push(...arrivals(barrier, 2));
      expect(await outcomes(tasks)).toEqual(["CancelledError", 0, 1, 2]);
    });
  });

  test("stands outside no longer", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(2);
      const inside = arrivals(barrier, 1);
      await sleep(0);
      let outside: Task<number> | undefined;
      const last = createTask(async () => {
        const place = await barrier.wait();
        outside = createTask(() => barrier.wait(), { eager: true });
        outside.cancel();
        return place;
      });
      expect(await outcomes([...inside, last])).toEqual([0, 1]);
      expect(await outcomes([outside as Task<number>])).toEqual(["CancelledError"]);
      expect(barrier.statistics()).toEqual({
        parties: 2,
        waiting: 0,
        outside: 0,
        state: "filling",
      });
    });
  });

  test("does not undo a round that is complete: the cancel comes at the next wait", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(2);
      const places: number[] = [];
      const task = createTask(async () => {
        places.push(await barrier.wait());
        await sleep(0);
      });
      await sleep(0);
      const last = barrier.wait();
      task.cancel();
      await expect(task).rejects.toThrow("was cancelled");
      expect([await last, places]).toEqual([1, [0]]);
      expect(barrier.statistics().state).toBe("filling");
    });
  });
});

describe("reset", () => {
  test("of an empty barrier changes nothing (CPython: test_locks BarrierTests.test_reset_barrier)", () => {
    const barrier = new Barrier(2);
    barrier.reset();
    expect([barrier.nWaiting, barrier.broken]).toEqual([0, false]);
  });

  test("sends away who waits, and the barrier works again (CPython: test_locks BarrierTests.test_reset_barrier_while_tasks_waiting)", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(3);
      const tasks = arrivals(barrier, 2);
      await sleep(0);
      barrier.reset();
      expect([barrier.statistics().state, barrier.broken]).toEqual(["resetting", false]);
      expect(await outcomes(tasks)).toEqual(["BrokenBarrierError", "BrokenBarrierError"]);
      expect([barrier.statistics().state, barrier.nWaiting]).toEqual(["filling", 0]);
      expect(await outcomes(arrivals(barrier, 3))).toEqual([0, 1, 2]);
    });
  });

  test("lets in who comes while they leave", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(2);
      const sent = arrivals(barrier, 1);
      await sleep(0);
      barrier.reset();
      barrier.reset();
      const late = [barrier.wait(), barrier.wait()];
      expect(barrier.statistics().outside).toBe(2);
      expect(await outcomes([...sent, ...late])).toEqual(["BrokenBarrierError", 0, 1]);
    });
  });

  test("while the barrier drains sends away those who have not run again", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(4);
      const tasks = Array.from({ length: 3 }, (_, i) =>
        createTask(async () => {
          const place = await barrier.wait();
          if (i === 0) barrier.reset();
          return place;
        }),
      );
      await sleep(0);
      tasks.push(...arrivals(barrier, 1));
      expect(await outcomes(tasks)).toEqual([0, "BrokenBarrierError", "BrokenBarrierError", 3]);
      expect(barrier.statistics()).toEqual({
        parties: 4,
        waiting: 0,
        outside: 0,
        state: "filling",
      });
    });
  });
});

describe("abort", () => {
  test("refuses who waits and who comes, until reset", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(3);
      const tasks = arrivals(barrier, 2);
      await sleep(0);
      barrier.abort();
      expect([barrier.broken, barrier.nWaiting]).toEqual([true, 0]);
      tasks.push(...arrivals(barrier, 1));
      expect(await outcomes(tasks)).toEqual(Array(3).fill("BrokenBarrierError"));
      barrier.reset();
      expect(barrier.broken).toBe(false);
      expect(await outcomes(arrivals(barrier, 3))).toEqual([0, 1, 2]);
    });
  });

  test("while the barrier drains refuses those inside and outside", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(2);
      const inside = arrivals(barrier, 1);
      await sleep(0);
      const rest = [barrier.wait(), barrier.wait()];
      barrier.abort();
      expect(await outcomes([...inside, ...rest])).toEqual([
        "BrokenBarrierError",
        1,
        "BrokenBarrierError",
      ]);
      expect(barrier.broken).toBe(true);
    });
  });

  test("followed by reset before those inside have left begins anew when they have", async () => {
    await runVirtual(async () => {
      const barrier = new Barrier(3);
      const tasks = arrivals(barrier, 2);
      await sleep(0);
      barrier.abort();
      barrier.reset();
      expect(barrier.statistics().state).toBe("resetting");
      expect(await outcomes(tasks)).toEqual(["BrokenBarrierError", "BrokenBarrierError"]);
      expect(barrier.statistics().state).toBe("filling");
    });
  });
});

test("the errors say whether the barrier is broken or was reset", async () => {
  await runVirtual(async () => {
    const barrier = new Barrier(2);
    const sent = arrivals(barrier, 1);
    await sleep(0);
    barrier.reset();
    await expect(sent[0]).rejects.toThrow(
      new BrokenBarrierError(
        "wait on Barrier { state: 'resetting', waiting: 0, parties: 2 }, which was reset while the task waited",
      ),
    );
    barrier.abort();
    await expect(barrier.wait()).rejects.toThrow(
      new BrokenBarrierError(
        "wait on Barrier { state: 'broken', waiting: 0, parties: 2 }, which is broken: reset it to use it again",
      ),
    );
  });
});

test.each([
  [0, RangeError],
  [-4, RangeError],
  [1.5, RangeError],
  [Infinity, RangeError],
  ["3", TypeError],
])(
  "a barrier for %s parties is refused (CPython: test_locks BarrierTests.test_barrier_parties)",
  (parties, type) => {
    const make = () => new Barrier(parties as number);
    expect(make).toThrow(type);
    expect(make).toThrow("Expected `parties` to be an integer of at least 1, got");
  },
);

test("statistics are frozen, and it prints its state", async () => {
  await runVirtual(async () => {
    const barrier = new Barrier(2);
    const waiter = arrivals(barrier, 1);
    await sleep(0);
    expect(Object.isFrozen(barrier.statistics())).toBe(true);
    expect(inspect(barrier)).toBe("Barrier { state: 'filling', waiting: 1, parties: 2 }");
    await Promise.all([barrier.wait(), ...waiter]);
  });
});
