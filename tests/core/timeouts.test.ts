/*
 * Timeouts and cancel scopes.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  CancelScope,
  createTask,
  currentTask,
  getRunningLoop,
  InvalidStateError,
  moveOnAfter,
  moveOnAt,
  sleep,
  taskGroup,
  timeout,
  timeoutAt,
  TimeoutError,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { nameOfEnd } from "./ends.ts";

const now = (): number => getRunningLoop().time();

describe("timeout", () => {
  test("gives the body's value in time, and leaves no timer behind", async () => {
    await runVirtual(async () => {
      expect(await timeout(10, () => sleep(1, "in time"))).toBe("in time");
      expect(now()).toBe(1);
    });
  });

  test("past the deadline the body is cancelled, waited for, and a TimeoutError thrown", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = timeout(10, async () => {
        try {
          await sleep(1000);
        } catch (error) {
          log.push((error as Error).name);
          await sleep(5);
          throw error;
        }
      });
      const error = await work.catch((thrown: unknown) => thrown as TimeoutError);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ message: "timed out after 10 ms", deadlineMs: 10 });
      expect([log.join(), now()]).toEqual(["CancelledError", 15]);
      await sleep(1);
    });
  });

  test("a task that a plain function returns is under the timeout too", async () => {
    await runVirtual(async () => {
      const inner = createTask(() => sleep(1000));
      expect(await nameOfEnd(timeout(5, () => inner))).toBe("TimeoutError");
      expect(inner.cancelled()).toBe(true);
    });
  });

  test("a body that finishes in spite of the deadline gives its value", async () => {
    await runVirtual(async () => {
      const stubborn = timeout(5, () => sleep(1000).catch(() => "all the same"));
      expect(await stubborn).toBe("all the same");
    });
  });

  test("an error of the body's own passes, before and after the deadline", async () => {
    await runVirtual(async () => {
      const early = timeout(5, async () => {
        throw new RangeError("early");
      });
      expect(await nameOfEnd(early)).toBe("RangeError");
      const late = timeout(5, () =>
        sleep(1000).catch(() => {
          throw new RangeError("late");
        }),
      );
      expect(await nameOfEnd(late)).toBe("RangeError");
    });
  });

  test("zero and less cancel at the first wait; Infinity never", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = timeout(0, async () => {
        log.push("started");
        await sleep(0);
        log.push("never");
      });
      expect(await nameOfEnd(work)).toBe("TimeoutError");
      expect(log).toEqual(["started"]);
      expect(await timeout(-5, async () => "no wait")).toBe("no wait");
      expect(await timeout(Infinity, () => sleep(1, "x"))).toBe("x");
    });
  });

  test("of nested timeouts only the one that fired converts", async () => {
    await runVirtual(async () => {
      const outer = timeout(5, () => timeout(50, () => sleep(1000)));
      const error = await outer.catch((thrown: unknown) => thrown as TimeoutError);
      expect((error as TimeoutError).deadlineMs).toBe(5);
      const inner = timeout(50, () =>
        timeout(5, () => sleep(1000)).catch((thrown: TimeoutError) => `inner ${thrown.deadlineMs}`),
      );
      expect(await inner).toBe("inner 5");
    });
  });

  test("when both deadlines fall together the outer one wins", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const outer = timeoutAt(10, async () => {
        await timeoutAt(10, () => sleep(1000)).catch((error: Error) => {
          log.push(error.name);
          throw error;
        });
      });
      expect(await nameOfEnd(outer)).toBe("TimeoutError");
      expect(log).toEqual(["CancelledError"]);
    });
  });

  test("an outer cancel wins over a deadline that has passed in the same instant", async () => {
    await runVirtual(async () => {
      const task = createTask(() => timeoutAt(10, () => sleep(1000)));
      await sleep(10);
      task.cancel();
      expect(await nameOfEnd(task)).toBe("CancelledError");
      expect(task.cancelled()).toBe(true);
    });
  });

  test("an outer cancel that comes while the body cleans up after the deadline wins", async () => {
    await runVirtual(async () => {
      const task = createTask(() =>
        timeout(5, async () => {
          try {
            await sleep(1000);
          } finally {
            await sleep(10);
          }
        }),
      );
      await sleep(7);
      task.cancel();
      expect(await nameOfEnd(task)).toBe("CancelledError");
      expect(task.cancelled()).toBe(true);
    });
  });

  test("the deadline can be moved and lifted while it has not passed", async () => {
    await runVirtual(async () => {
      const moved = timeout(5, async (limit) => {
        expect(limit.when()).toBe(5);
        limit.reschedule(now() + 50);
        await sleep(20);
        limit.reschedule(Infinity);
        await sleep(1000);
        return limit.expired();
      });
      expect(await moved).toBe(false);
      const earlier = timeout(50, async (limit) => {
        limit.reschedule(now() + 1);
        await sleep(20);
      });
      expect(await nameOfEnd(earlier)).toBe("TimeoutError");
    });
  });

  test("reschedule is refused when the deadline has passed and when the body has ended", async () => {
    await runVirtual(async () => {
      let kept: { reschedule(when: number): void; expired(): boolean } | undefined;
      await timeout(5, async (limit) => {
        kept = limit;
        await sleep(1000).catch(() => {});
        expect(limit.expired()).toBe(true);
        expect(() => limit.reschedule(100)).toThrow(/whose deadline has passed/);
      });
      expect(() => kept?.reschedule(100)).toThrow(InvalidStateError);
    });
  });

  test("timeouts and scopes print their state", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope({ deadline: 7 });
      const printed = [inspect(scope)];
      await scope.run(async () => {
        printed.push(inspect(scope));
        await sleep(1000);
      });
      printed.push(inspect(scope), inspect(new CancelScope()));
      await timeout(5, async (limit) => {
        printed.push(inspect(limit));
        await sleep(1000).catch(() => printed.push(inspect(limit)));
      });
      let kept: unknown;
      await timeoutAt(100, async (limit) => (kept = limit));
      printed.push(inspect(kept));
      expect(printed).toEqual([
        "<CancelScope new deadline=7>",
        "<CancelScope running deadline=7>",
        "<CancelScope ended deadline=7 cancelled>",
        "<CancelScope new>",
        "<Timeout active when=12>",
        "<Timeout expired when=12>",
        "<Timeout finished when=100>",
      ]);
    });
  });

  test("a fired timeout leaves nothing cancelled behind it", async () => {
    await runVirtual(async () => {
      expect(await nameOfEnd(timeout(5, () => sleep(1000)))).toBe("TimeoutError");
      await sleep(1);
      expect(currentTask()?.cancelling()).toBe(0);
    });
  });

  test("children of a group inside it end with it", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = timeout(5, () =>
        taskGroup(async (group) => {
          group.spawn(async () => {
            try {
              await sleep(1000);
            } finally {
              await sleep(2);
              log.push("child ended");
            }
          });
        }),
      );
      expect(await nameOfEnd(work)).toBe("TimeoutError");
      expect([log.join(), now()]).toEqual(["child ended", 7]);
    });
  });

  test("what is no number of milliseconds, or no function, is refused by name", async () => {
    expect(() => timeout(NaN, () => 1)).toThrow(
      new RangeError("Expected `ms` to be a number of milliseconds, got `NaN` (number)"),
    );
    expect(() => timeout("5" as never, () => 1)).toThrow(TypeError);
    expect(() => timeout(5, sleep(0) as never)).toThrow(
      "Expected `body` to be a function, got `Promise` (object)",
    );
    expect(() => timeoutAt(NaN, () => 1)).toThrow("`when`");
  });

  test("cancelled at any point, it leaves neither timer nor wait", async () => {
    const points = await cancelEverywhere(async () => {
      await timeout(20, async () => {
        await sleep(5);
        await timeout(10, () => sleep(50)).catch((error: Error) => {
          if (error instanceof CancelledError) throw error;
        });
      });
    });
    expect(points).toBe(2);
  });
});

describe("CancelScope and moveOnAfter", () => {
  test("the scope's own cancellation ends quietly and is told", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope();
      const cut = await scope.run(async (own) => {
        own.cancel("enough");
        await sleep(1000);
      });
      expect(cut).toEqual({ cancelledCaught: true, value: undefined });
      expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, true]);
    });
  });

  test("cancelled before it runs, the body is cancelled at its first wait", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope();
      scope.cancel();
      const log: string[] = [];
      const cut = await scope.run(async () => {
        log.push("started");
        await sleep(1);
        log.push("never");
      });
      expect([log.join(), cut.cancelledCaught]).toEqual(["started", true]);
    });
  });

  test("a body that finishes all the same is not cut", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope();
      const cut = await scope.run(async () => {
        scope.cancel();
        return "no wait";
      });
      expect(cut).toEqual({ cancelledCaught: false, value: "no wait" });
    });
  });

  test("cancel from another task interrupts only what runs in the scope", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope();
      const worker = createTask(async () => {
        const cut = await scope.run(() => sleep(1000));
        await sleep(5);
        return cut.cancelledCaught;
      });
      await sleep(1);
      scope.cancel();
      scope.cancel();
      expect(await worker).toBe(true);
      expect(worker.cancelling()).toBe(0);
    });
  });

  test("moveOnAfter tells whether it was cut short", async () => {
    await runVirtual(async () => {
      expect(await moveOnAfter(5, () => sleep(1, "x"))).toEqual({
        cancelledCaught: false,
        value: "x",
      });
      expect(await moveOnAfter(5, () => sleep(1000, "x"))).toEqual({
        cancelledCaught: true,
        value: undefined,
      });
      const at = await moveOnAt(now() + 3, () => sleep(1000));
      expect([at.cancelledCaught, now()]).toEqual([true, 9]);
    });
  });

  test("of nested moveOnAfter only the one whose deadline passed is cut", async () => {
    await runVirtual(async () => {
      const cuts = await moveOnAfter(50, async () => {
        const inner = await moveOnAfter(5, () => sleep(1000));
        return inner.cancelledCaught;
      });
      expect(cuts).toEqual({ cancelledCaught: false, value: true });
    });
  });

  test("an outer cancel passes on", async () => {
    await runVirtual(async () => {
      const task = createTask(() => moveOnAfter(50, () => sleep(1000)));
      await sleep(1);
      task.cancel();
      expect(await nameOfEnd(task)).toBe("CancelledError");
    });
  });

  test("a shielded scope is closed to cancels from above, and open to its own", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope({ shield: true, deadline: 20 });
      const log: string[] = [];
      const task = createTask(async () => {
        const cut = await scope.run(() => sleep(1000));
        log.push(`cut ${cut.cancelledCaught} at ${now()}`);
        await sleep(1);
      });
      await sleep(1);
      task.cancel();
      expect(await nameOfEnd(task)).toBe("CancelledError");
      expect(log).toEqual(["cut true at 20"]);
    });
  });

  test("a scope runs once, and its deadline may be set while it runs", async () => {
    await runVirtual(async () => {
      const scope = new CancelScope();
      const cut = await scope.run(async () => {
        scope.deadline = now() + 3;
        await sleep(1000);
      });
      expect([cut.cancelledCaught, now(), scope.deadline]).toEqual([true, 3, 3]);
      await expect(scope.run(async () => {})).rejects.toThrow(/has run before: make a new one/);
      expect(() => new CancelScope({ deadline: NaN })).toThrow("options.deadline");
      expect(() => (scope.deadline = NaN)).toThrow("deadline");
    });
  });
});
