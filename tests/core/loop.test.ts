/*
 * The loop: time, timers, callbacks, fairness. The tests of the real loop's clock use short real sleeps: time is what
 * they are about.
 */
import * as fc from "fast-check";
import { checkpoint, createTask, getRunningLoop, type Loop, run, sleep, suspend } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { TimerHandle, TimerQueue } from "../../src/core/clock.ts";

describe("sleep", () => {
  test("gives its value, and never ends early on the real loop (CPython: test_events EventLoopTestsMixin.test_run_until_complete)", async () => {
    await run(async () => {
      expect(await sleep(1, "value")).toBe("value");
      for (const ms of [1, 2.5, 7]) {
        const start = performance.now();
        await sleep(ms);
        expect(performance.now() - start).toBeGreaterThanOrEqual(ms);
      }
    });
  });

  test("wakes in order of the due times, and in order of the calls for equal ones", async () => {
    for (const start of [run, runVirtual]) {
      const log: string[] = [];
      await start(async () => {
        const loop = getRunningLoop();
        const base = loop.time();
        const at = (ms: number, name: string) =>
          suspend<void, Loop>(
            (wait) => void loop.callAt(base + ms, () => wait.resolve()),
            loop,
          ).then(() => log.push(name));
        await Promise.all([at(6, "c"), at(2, "a1"), at(2, "a2"), at(4, "b")]);
      });
      expect(log).toEqual(["a1", "a2", "b", "c"]);
    }
  });

  test("is not held up by a later timer that an earlier one starts", async () => {
    await run(async () => {
      const loop = getRunningLoop();
      const later: { cancel(): void }[] = [];
      loop.callLater(1, () => later.push(loop.callLater(3_600_000, () => {})));
      await sleep(30);
      expect(later).toHaveLength(1);
      later[0]?.cancel();
    });
  });

  test("in virtual time moves the time of day by as much, and by nothing else", async () => {
    await runVirtual(async () => {
      const loop = getRunningLoop();
      const began = loop.wallTime();
      expect(Math.abs(Date.now() - began)).toBeLessThan(10_000);
      await sleep(86_400_000);
      expect(loop.wallTime() - began).toBe(86_400_000);
    });
    await run(async () => {
      expect(Math.abs(Date.now() - getRunningLoop().wallTime())).toBeLessThan(10_000);
    });
  });

  test("refuses NaN and what is no number, and sleeps forever on Infinity until it is cancelled", async () => {
    expect(() => sleep(NaN)).toThrow(RangeError);
    expect(() => sleep("1" as never)).toThrow(
      "Expected `ms` to be a number of milliseconds, got `'1'` (string)",
    );
    await runVirtual(async () => {
      const task = createTask(() => sleep(Infinity));
      await sleep(1e9);
      expect(task.done()).toBe(false);
      task.cancel();
    });
  });

  test("sleep(0) passes one full turn of the event loop, I/O included, and shares it", async () => {
    await run(async () => {
      let immediate = false;
      setImmediate(() => (immediate = true));
      await sleep(0);
      expect(immediate).toBe(true);
      const log: string[] = [];
      const loop = async (name: string): Promise<void> => {
        for (let i = 0; i < 3; i++) {
          await sleep(0);
          log.push(name);
        }
      };
      await Promise.all([createTask(() => loop("a")), createTask(() => loop("b"))]);
      expect(log).toEqual(["a", "b", "a", "b", "a", "b"]);
    });
  });
});

describe("checkpoint", () => {
  test("lets timers run once the slice has used its budget, and not before", async () => {
    const turnsUntilTimer = async (): Promise<number> => {
      const timer = { fired: false };
      setTimeout(() => (timer.fired = true), 1);
      const start = performance.now();
      let turns = 0;
      while (!timer.fired && performance.now() - start < 2000) {
        await checkpoint();
        turns++;
      }
      expect(timer.fired).toBe(true);
      return turns;
    };
    await run(async () => {
      let most = 0;
      // A busy machine may stop the process for longer than a budget, but not each time.
      for (let i = 0; i < 50 && most <= 10; i++) most = Math.max(most, await turnsUntilTimer());
      expect(most).toBeGreaterThan(10);
    });
  });

  test("looks at the clock more often when the work between is long", async () => {
    await run(async () => {
      let immediates = 0;
      const tick = (): void => {
        immediates++;
        pending = setImmediate(tick);
      };
      let pending = setImmediate(tick);
      for (let i = 0; i < 40; i++) {
        const start = performance.now();
        while (performance.now() - start < 2);
        await checkpoint();
      }
      clearImmediate(pending);
      expect(immediates).toBeGreaterThanOrEqual(2);
    });
  });

  test("throws a requested cancel", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        for (;;) await checkpoint();
      });
      await sleep(0);
      task.cancel();
      await expect(task).rejects.toThrow("was cancelled");
    });
  });
});

describe("callbacks", () => {
  test("callSoon runs in order, after what runs now; a cancelled handle does not run", async () => {
    for (const start of [run, runVirtual]) {
      const log: string[] = [];
      await start(async () => {
        const loop = getRunningLoop();
        loop.callSoon(() => log.push("a"));
        const handle = loop.callSoon(() => log.push("never"));
        loop.callSoon(() => {
          log.push("b");
          loop.callSoon(() => log.push("d"));
        });
        loop.callSoon(() => log.push("c"));
        handle.cancel();
        expect(handle.cancelled()).toBe(true);
        log.push("now");
        await sleep(0);
        await sleep(0);
      });
      expect(log).toEqual(["now", "a", "b", "c", "d"]);
    }
  });

  test("callLater and callAt run when they are due, or not at all", async () => {
    await runVirtual(async () => {
      const loop = getRunningLoop();
      const log: unknown[] = [];
      loop.callLater(5, () => log.push(["later", loop.time()]));
      const at = loop.callAt(7, () => log.push(["at", loop.time()]));
      const never = loop.callLater(6, () => log.push("never"));
      expect([at.when, never.cancelled()]).toEqual([7, false]);
      never.cancel();
      await sleep(10);
      at.cancel();
      expect([never.cancelled(), at.cancelled()]).toEqual([true, false]);
      expect(log).toEqual([
        ["later", 5],
        ["at", 7],
      ]);
      expect(() => loop.callLater(NaN, () => {})).toThrow("`ms`");
      expect(() => loop.callSoon(5 as never)).toThrow("`callback`");
    });
  });

  test("a callback that throws is told to the exception handler; a handler that throws, to the default one", async () => {
    const written: string[] = [];
    const write = process.stderr.write;
    process.stderr.write = ((text: string) => written.push(text)) as never;
    try {
      await runVirtual(async () => {
        const loop = getRunningLoop();
        expect(loop.getExceptionHandler()).toBe(null);
        loop.callLater(1, () => {
          throw new Error("in a timer");
        });
        await sleep(2);
        loop.setExceptionHandler(() => {
          throw new Error("in the handler");
        });
        loop.callSoon(() => {
          throw new Error("in a callback");
        });
        await sleep(2);
        expect(() => loop.setExceptionHandler(5 as never)).toThrow("`handler`");
      });
    } finally {
      process.stderr.write = write;
    }
    const text = written.join("");
    expect(text.match(/Error: in [a-z ]+/g)).toEqual([
      "Error: in a timer",
      "Error: in a callback",
      "Error: in the handler",
    ]);
    expect(text).toMatch(/ambit: callback \(anonymous\) at .*loop.test.ts:\d+ threw\n/);
  });
});

describe("the timer queue", () => {
  test("gives timers in order of due time, then creation, whatever is cancelled between (CPython: test_events TimerTests.test_timer_comparison)", () => {
    const operation = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), when: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant("cancel" as const), index: fc.nat() }),
      fc.record({ kind: fc.constant("take" as const), now: fc.integer({ min: 0, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        let emptied = 0;
        const queue = new TimerQueue(() => emptied++);
        let model: TimerHandle[] = [];
        const taken: [real: unknown, model: unknown][] = [];
        for (const each of operations) {
          if (each.kind === "push") {
            const timer = new TimerHandle(queue, each.when, () => {}, null);
            queue.push(timer);
            model.push(timer);
          } else if (each.kind === "cancel" && model.length > 0) {
            const [timer] = model.splice(each.index % model.length, 1);
            timer?.cancel();
          } else if (each.kind === "take") {
            const due = model
              .filter((timer) => timer.when <= each.now)
              .sort((a, b) => a.when - b.when || a.order - b.order);
            model = model.filter((timer) => timer.when > each.now);
            taken.push([queue.takeAllDue(each.now), due]);
          }
          taken.push([queue.size, model.length]);
        }
        for (const [real, expected] of taken) expect(real).toEqual(expected);
        expect(emptied).toBeLessThanOrEqual(operations.length);
      }),
    );
  });
});
