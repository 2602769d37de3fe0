/*
 * Cancellation, rule by rule. Timers of Node's own stand for foreign work here, a few milliseconds each: that it cannot
 * be interrupted, or only by its signal, is what those tests are about.
 */
import { setTimeout as foreignSleep } from "node:timers/promises";
import {
  ambientSignal,
  cancellable,
  CancelledError,
  createTask,
  currentTask,
  Future,
  isCancelled,
  protect,
  rethrowIfCancelled,
  run,
  shield,
  sleep,
  suspend,
  timeout,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { endOf } from "./ends.ts";

const LOOPS = [
  ["virtual", runVirtual],
  ["real", run],
] as const;

describe.each(LOOPS)("on the %s loop", (_name, start) => {
  test("cancel throws a CancelledError out of the wait; finally blocks may wait as usual", async () => {
    const log: string[] = [];
    await start(async () => {
      const task = createTask(async () => {
        try {
          await sleep(1000);
        } catch (error) {
          log.push((error as Error).name);
          throw error;
        } finally {
          await sleep(1);
          log.push("cleaned up");
        }
      });
      await sleep(1);
      expect(task.cancel("enough")).toBe(true);
      expect(await endOf(task)).toBe("cancelled");
      expect(task.cancelled()).toBe(true);
    });
    expect(log).toEqual(["CancelledError", "cleaned up"]);
  });

  test("a task that was cancelled before it started never runs its body", async () => {
    let ran = false;
    await start(async () => {
      const task = createTask(async () => {
        ran = true;
      });
      task.cancel();
      expect(await endOf(task)).toBe("cancelled");
    });
    expect(ran).toBe(false);
  });

  test("a cancel with no wait pending is thrown by the next wait", async () => {
    await start(async () => {
      const task = createTask(async () => {
        task.cancel();
        const log = ["goes on"];
        await sleep(0).catch((error: unknown) => log.push((error as Error).name));
        return log.join();
      });
      expect(await endOf(task)).toBe("value goes on,CancelledError");
    });
  });

  test("a body that returned has returned, an undelivered request or not", async () => {
    await start(async () => {
      const task = createTask(async () => {
        task.cancel();
        return "done";
      });
      expect(await endOf(task)).toBe("value done");
      expect(task.cancelling()).toBe(1);
    });
  });

  test("cancelling the awaiter cancels the awaited task and waits for its real end", async () => {
    const log: string[] = [];
    await start(async () => {
      const inner = createTask(async () => {
        try {
          await sleep(1000);
        } finally {
          await sleep(2);
          log.push("inner ended");
        }
      });
      const outer = createTask(async () => {
        try {
          await inner;
        } finally {
          log.push("outer resumed");
        }
      });
      await sleep(1);
      outer.cancel();
      expect(await endOf(outer)).toBe("cancelled");
      expect(inner.cancelled()).toBe(true);
    });
    expect(log).toEqual(["inner ended", "outer resumed"]);
  });

  test("an awaited task that swallows the cancel and returns gives its value to the cancelled awaiter", async () => {
    await start(async () => {
      const stubborn = createTask(async () => {
        try {
          await sleep(1000);
        } catch {
          return "stubborn";
        }
        return "never";
      });
      const outer = createTask(async () => await stubborn);
      await sleep(1);
      outer.cancel();
      expect(await endOf(outer)).toBe("value stubborn");
    });
  });

  test("only the scope is cancelled: a timeout beside another wait of the same task leaves it alone", async () => {
    await start(async () => {
      const slow = sleep(8, "b");
      const outcome = await Promise.all([endOf(timeout(2, () => sleep(1000))), slow]);
      expect(outcome).toEqual(["error timed out after 2 ms", "b"]);
    });
  });
});

describe("edges", () => {
  test("a second cancel interrupts the clean-up", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      const task = createTask(async () => {
        try {
          await sleep(1000);
        } finally {
          try {
            await sleep(1000);
            log.push("cleaned up");
          } catch (error) {
            log.push(`interrupted: ${(error as Error).name}`);
          }
        }
      });
      await sleep(1);
      task.cancel();
      await sleep(1);
      task.cancel();
      expect(task.cancelling()).toBe(2);
      expect(await endOf(task)).toBe("cancelled");
    });
    expect(log).toEqual(["interrupted: CancelledError"]);
  });

  test("a cancelled task that swallows the error goes on", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        await sleep(1000).catch(() => {});
        return "went on";
      });
      await sleep(1);
      task.cancel();
      expect(await endOf(task)).toBe("value went on");
    });
  });

  test("completion beats cancellation: a wait that has completed keeps its value, the next one throws", async () => {
    await runVirtual(async () => {
      const future = new Future<string>();
      const log: string[] = [];
      const task = createTask(async () => {
        log.push(await shield(future));
        await sleep(1).catch(() => log.push("next wait throws"));
      });
      await sleep(1);
      future.setResult("kept");
      await sleep(0);
      task.cancel();
      await task;
      expect(log).toEqual(["kept", "next wait throws"]);
    });
  });

  test("in the same instant, resolve then cancel gives the value, cancel then resolve the CancelledError", async () => {
    for (const order of ["resolve first", "cancel first"]) {
      await runVirtual(async () => {
        const here = {};
        let settle!: (value: string) => boolean;
        const task = createTask(() =>
          suspend<string, object>((wait) => {
            settle = (value) => wait.resolve(value);
          }, here),
        );
        await sleep(1);
        const steps = [() => settle("value"), () => task.cancel()];
        if (order === "cancel first") steps.reverse();
        expect(steps.map((step) => step())).toEqual(
          order === "resolve first" ? [true, true] : [true, false],
        );
        expect(await endOf(task)).toBe(order === "resolve first" ? "value value" : "cancelled");
      });
    }
  });

  test("uncancel back to zero drops a request that was not delivered yet", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        task.cancel();
        expect(task.cancelling()).toBe(1);
        expect(task.uncancel()).toBe(0);
        await sleep(0);
        return "not cancelled";
      });
      expect(await endOf(task)).toBe("value not cancelled");
    });
  });

  test("uncancel above zero keeps the request, and never goes below zero", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        expect(task.uncancel()).toBe(0);
        task.cancel();
        task.cancel();
        expect(task.uncancel()).toBe(1);
        return endOf(sleep(0));
      });
      expect(await endOf(task)).toBe("value cancelled");
    });
  });

  test("cancel of a task that is done says false", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => 1);
      await task;
      expect(task.cancel()).toBe(false);
      expect(task.cancelling()).toBe(0);
    });
  });

  test("all pending waits of one task are cancelled, oldest first", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      const task = createTask(() =>
        Promise.allSettled(["a", "b", "c"].map((name) => sleep(1000).catch(() => log.push(name)))),
      );
      await sleep(1);
      task.cancel();
      await task;
    });
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("a CancelledError that a body throws marks the task cancelled, with no cancel asked for", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        throw new CancelledError("by hand");
      });
      expect(await endOf(task)).toBe("cancelled");
      expect(task.cancelled()).toBe(true);
      expect(task.cancelling()).toBe(0);
    });
  });

  test("the error carries the reason; a string or an error is in the message too", async () => {
    await runVirtual(async () => {
      const reasons: [unknown, string][] = [
        ["too slow", "task 't' was cancelled: too slow"],
        [new Error("peer gone"), "task 't' was cancelled: peer gone"],
        [{ code: 7 }, "task 't' was cancelled"],
        [undefined, "task 't' was cancelled"],
      ];
      for (const [reason, message] of reasons) {
        const task = createTask(() => sleep(1000), { name: "t" });
        await sleep(1);
        task.cancel(reason);
        const error = await task.then(null, (thrown: unknown) => thrown as CancelledError);
        expect(error).toMatchObject({ name: "CancelledError", message, reason });
      }
    });
  });
});

describe("work left floating", () => {
  test("a wait in a scope that has ended is refused, and what waited there dies out with its finally blocks", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      const worker = createTask(async () => {
        void (async () => {
          try {
            await sleep(1000);
          } catch (error) {
            log.push((error as Error).name);
            await sleep(1).catch((late: Error) => log.push(`refused: ${late.message}`));
          } finally {
            log.push("finally");
          }
        })();
        await sleep(1);
      });
      await worker;
      await sleep(1);
    });
    expect(log).toEqual(["CancelledError", "refused: the scope of this wait has ended", "finally"]);
  });

  test("a loser of Promise.race dies with its task, and ends no process", async () => {
    await runVirtual(async () => {
      const task = createTask(() => Promise.race([sleep(1, "winner"), sleep(1000, "loser")]));
      expect(await endOf(task)).toBe("value winner");
    });
  });

  test("a floating await of a shared task is let go without cancelling that task", async () => {
    await runVirtual(async () => {
      const shared = createTask(() => sleep(10, "shared"));
      const brief = createTask(() => Promise.race([shared, sleep(1, "first")]));
      expect(await endOf(brief)).toBe("value first");
      expect(await endOf(shared)).toBe("value shared");
    });
  });
});

describe("foreign promises", () => {
  test("cancellable(promise) lets the awaiter go while the promise goes on, a late failure ignored", async () => {
    await run(async () => {
      let fail!: (error: Error) => void;
      const foreign = new Promise<never>((_, reject) => (fail = reject));
      const task = createTask(() => cancellable(foreign));
      await sleep(1);
      task.cancel();
      expect(await endOf(task)).toBe("cancelled");
      fail(new Error("late"));
      await sleep(1);
    });
  });

  test("cancellable(promise) gives its value or its error", async () => {
    await run(async () => {
      expect(await cancellable(Promise.resolve(1))).toBe(1);
      await expect(cancellable(Promise.reject(new Error("no")))).rejects.toThrow("no");
      await expect(cancellable(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    });
  });

  test("cancellable(function) hands on the scope's signal, aborted with the CancelledError as reason", async () => {
    await run(async () => {
      let signal!: AbortSignal;
      const task = createTask(() =>
        cancellable((given) => {
          signal = given;
          return foreignSleep(10_000, "late", { signal: given });
        }),
      );
      await sleep(1);
      expect(signal.aborted).toBe(false);
      task.cancel("stop");
      expect(await endOf(task)).toBe("cancelled");
      expect(signal.aborted).toBe(true);
      expect(signal.reason).toBeInstanceOf(CancelledError);
    });
  });

  test("a foreign error caused by the cancel counts as the task's cancellation", async () => {
    await run(async () => {
      const wrapped = createTask(async () => {
        const signal = ambientSignal();
        await new Promise<void>((_, reject) =>
          signal.addEventListener("abort", () =>
            reject(new TypeError("terminated", { cause: signal.reason })),
          ),
        );
      });
      const aborted = createTask(() => foreignSleep(10_000, null, { signal: ambientSignal() }));
      await sleep(1);
      wrapped.cancel();
      aborted.cancel();
      expect(await endOf(wrapped)).toBe("cancelled");
      expect(await endOf(aborted)).toBe("cancelled");
    });
  });

  test("an AbortError with no cancel asked for stays an error", async () => {
    await run(async () => {
      const task = createTask(() => foreignSleep(10_000, null, { signal: AbortSignal.abort() }));
      expect(await endOf(task)).toBe("error The operation was aborted");
      expect(task.cancelled()).toBe(false);
    });
  });

  test("clean-up code gets a signal of its own, not the aborted one", async () => {
    await run(async () => {
      const seen: boolean[] = [];
      const task = createTask(async () => {
        const before = ambientSignal();
        try {
          await sleep(1000);
        } finally {
          seen.push(before.aborted, ambientSignal().aborted);
          seen.push(await cancellable<boolean>((signal) => foreignSleep(1, signal.aborted)));
        }
      });
      await sleep(1);
      task.cancel();
      expect(await endOf(task)).toBe("cancelled");
      expect(seen).toEqual([true, false, false]);
      expect(task.signal.aborted).toBe(true);
    });
  });

  test("neither a promise nor a function is refused", () => {
    expect(() => cancellable(5 as never)).toThrow(
      "Expected `work` to be a promise or a function, got `5` (number)",
    );
  });
});

describe("outside signals", () => {
  test("aborting options.signal cancels the task with the abort's reason", async () => {
    await runVirtual(async () => {
      const controller = new AbortController();
      const task = createTask(() => sleep(1000), { signal: controller.signal });
      await sleep(1);
      controller.abort(new Error("user left"));
      const error = await task.then(null, (thrown: unknown) => thrown as CancelledError);
      expect((error as CancelledError).reason).toBe(controller.signal.reason);
    });
  });

  test("a signal that was aborted before stops the task before it starts", async () => {
    await runVirtual(async () => {
      let ran = false;
      const task = createTask(async () => (ran = true), { signal: AbortSignal.abort() });
      expect(await endOf(task)).toBe("cancelled");
      expect(ran).toBe(false);
    });
  });

  test("no listener is left on an outside signal when the task has ended", async () => {
    await runVirtual(async () => {
      const { signal } = new AbortController();
      let listeners = 0;
      for (const [name, change] of [
        ["addEventListener", 1],
        ["removeEventListener", -1],
      ] as const) {
        const original = signal[name].bind(signal);
        signal[name] = (type: string, listener: never) => {
          listeners += change;
          original(type, listener);
        };
      }
      const tasks = [1, 2, 3].map((ms) => createTask(() => sleep(ms), { signal }));
      expect(listeners).toBe(1);
      await tasks[0];
      expect(listeners).toBe(1);
      await Promise.all(tasks);
      expect(listeners).toBe(0);
    });
  });
});

describe("protect", () => {
  test("the body runs to its end and the cancel is delivered at the first wait after it", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      const task = createTask(async () => {
        await protect(async () => {
          await sleep(5);
          log.push("committed");
        });
        log.push("left protect");
        await sleep(1000);
        log.push("never");
      });
      await sleep(1);
      task.cancel();
      expect(await endOf(task)).toBe("cancelled");
    });
    expect(log).toEqual(["committed", "left protect"]);
  });

  test("it takes a task, and gives its value to a cancelled awaiter", async () => {
    await runVirtual(async () => {
      const inner = createTask(() => sleep(5, "inner"));
      const outer = createTask(async () => protect(inner));
      await sleep(1);
      outer.cancel();
      expect(await endOf(outer)).toBe("value inner");
    });
  });

  test("a timeout inside it still works", async () => {
    await runVirtual(async () => {
      const task = createTask(() => protect(() => timeout(5, () => sleep(1000))));
      await sleep(1);
      task.cancel();
      expect(await endOf(task)).toBe("error timed out after 5 ms");
    });
  });

  test("the current task is the same inside", async () => {
    await runVirtual(async () => {
      const me = currentTask();
      expect(await protect(async () => currentTask() === me)).toBe(true);
    });
  });
});

describe("recognising a cancellation", () => {
  test("isCancelled sees a CancelledError and an error caused by one; rethrowIfCancelled throws it on", () => {
    const own = new CancelledError();
    const caused = new TypeError("terminated", { cause: new Error("x", { cause: own }) });
    expect([own, caused, new Error("x"), undefined].map(isCancelled)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(() => rethrowIfCancelled(caused)).toThrow(caused);
    expect(() => rethrowIfCancelled(new Error("x"))).not.toThrow();
  });

  test("a cause chain that goes in circles is no cancellation", () => {
    const a = new Error("a");
    a.cause = new Error("b", { cause: a });
    expect(isCancelled(a)).toBe(false);
  });
});

test("await using cancels a task and waits for its end", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      try {
        await sleep(1000);
      } finally {
        await sleep(1);
        log.push("ended");
      }
    });
    await sleep(1);
    await task[Symbol.asyncDispose]();
    expect(log).toEqual(["ended"]);
    expect(task.cancelled()).toBe(true);
    const failing = createTask(async () => {
      await sleep(1000).catch(() => {
        throw new Error("clean-up failed");
      });
    });
    await sleep(1);
    await expect(failing[Symbol.asyncDispose]()).rejects.toThrow("clean-up failed");
  });
});

test("a cancel while a task is disposed of passes on, when the task has ended", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const outer = createTask(async () => {
      const task = createTask(async () => {
        try {
          await sleep(1000);
        } finally {
          await sleep(1000).catch(() => log.push("clean-up interrupted"));
        }
      });
      await sleep(1);
      await task[Symbol.asyncDispose]();
      log.push("never");
    });
    await sleep(5);
    outer.cancel();
    expect(await endOf(outer)).toBe("cancelled");
    expect(log).toEqual(["clean-up interrupted"]);
  });
});
