/*
 * Debug mode: cancellations that were swallowed, and those that only look so.
 */
import {
  CancelledError,
  CancelScope,
  Condition,
  createTask,
  currentTask,
  type ExceptionContext,
  Future,
  gather,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  protect,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TimeoutError,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { marks } from "./lines.ts";

const at = marks(import.meta.url);

/** What is reported while the body runs in debug mode, and whatever it leaves behind is ended. */
async function reportsOf(body: () => Promise<unknown>, debug = true): Promise<ExceptionContext[]> {
  const seen: ExceptionContext[] = [];
  await runVirtual(
    async () => {
      const loop = getRunningLoop();
      loop.slowCallbackDuration = Infinity;
      loop.setExceptionHandler((context) => seen.push(context));
      await body();
      await sleep(100_000);
    },
    { debug },
  );
  return seen;
}

const signs = (seen: readonly ExceptionContext[]): string[] =>
  seen.map(({ message }) => message.replace(/^a CancelledError was swallowed: /, ""));

/** Starts the body and cancels it after 5 ms; gives the task, which must not be awaited. */
async function cancelled(body: () => Promise<unknown>): Promise<{ task: Task<unknown> }> {
  const task = createTask(body, { name: "victim" }); // victims are made
  await sleep(5);
  task.cancel(); // cancels
  return { task };
}

describe("a swallowed CancelledError is reported", () => {
  test("when a loop goes round: with where it was thrown, who cancelled, and the task's creation", async () => {
    const seen = await reportsOf(async () => {
      let rounds = 0;
      async function poll(): Promise<void> {
        while (rounds++ < 5) {
          try {
            await sleep(100); // polls
          } catch {
            // The mistake.
          }
        }
      }
      await cancelled(poll);
    });
    expect(signs(seen)).toEqual(["it waits again where the cancel was thrown"]);
    expect(seen[0]).toMatchObject({
      waitedAt: at("polls"),
      nextWaitAt: at("polls"),
      createdAt: at("victims are made"),
    });
    expect(seen[0]?.exception).toBeInstanceOf(CancelledError);
    expect(seen[0]?.details).toContain(`cancel was called:\n    at ${at("cancels")}`);
    expect(seen[0]?.details).toContain(
      `it was thrown out of sleep:\n    at ${at("polls")} in poll`,
    );
    expect(seen[0]?.details).toContain("rethrowIfCancelled");
  });

  test("when the loop is a caller's", async () => {
    const seen = await reportsOf(async () => {
      const once = async (): Promise<void> => {
        await sleep(100); // waits in the callee
      };
      await cancelled(async () => {
        for (let round = 0; round < 3; round++) await once().catch(() => {});
      });
    });
    expect(seen).toMatchObject([{ waitedAt: at("waits in the callee") }]);
  });

  test("when it ends with a value", async () => {
    const seen = await reportsOf(() =>
      cancelled(async () => {
        try {
          return await sleep(100, "fresh"); // is fetched
        } catch {
          return "stale";
        }
      }),
    );
    expect(signs(seen)).toEqual(["it ended with a value"]);
    expect(seen[0]).toMatchObject({
      waitedAt: at("is fetched"),
      createdAt: at("victims are made"),
    });
    expect(seen[0]).not.toHaveProperty("nextWaitAt");
  });

  test("when it forgets to throw on after its clean-up", async () => {
    const seen = await reportsOf(() =>
      cancelled(async () => {
        try {
          await sleep(100);
        } catch {
          await sleep(1);
        }
      }),
    );
    expect(signs(seen)).toEqual(["it ended with a value"]);
  });

  test("when it goes on elsewhere for more than five seconds, also from a request that a later wait threw", async () => {
    const seen = await reportsOf(async () => {
      const task = createTask(async () => {
        task.cancel();
        await sleep(1).catch(() => {}); // throws at once
        await sleep(6000);
        await sleep(1); // still there
      });
      await task;
    });
    expect(signs(seen)).toEqual([
      expect.stringMatching(
        /^it begins another wait 6000 ms after the cancel was thrown \(a clean-up/,
      ),
    ]);
    expect(seen[0]).toMatchObject({
      waitedAt: at("throws at once"),
      nextWaitAt: at("still there"),
    });
  });

  test("when the task that it awaited took the cancel and gave a value all the same", async () => {
    const seen = await reportsOf(async () => {
      const stubborn = createTask(() => sleep(100).catch(() => {}));
      await cancelled(async () => {
        await stubborn;
        await sleep(1); // goes on
      });
    });
    expect(signs(seen)).toEqual([
      "what it awaited was cancelled with it and gave a value all the same",
    ]);
    expect(seen[0]).toMatchObject({ nextWaitAt: at("goes on") });
  });

  test("of a scope: the deadline of a timeout that its body will not see", async () => {
    const seen = await reportsOf(() =>
      timeout(50, async () => {
        for (let round = 0; round < 5; round++) {
          await sleep(100).catch(() => {}); // in the timeout
        }
      }),
    );
    expect(seen).toMatchObject([{ nextWaitAt: at("in the timeout") }]);
  });

  test("once per cancel, and again for the next one", async () => {
    const seen = await reportsOf(async () => {
      const { task } = await cancelled(async () => {
        for (let round = 0; round < 20; round++) await sleep(10).catch(() => {});
      });
      await sleep(50);
      task.cancel();
    });
    expect(signs(seen)).toEqual([
      "it waits again where the cancel was thrown",
      "it waits again where the cancel was thrown",
    ]);
  });
});

describe("no false alarm", () => {
  const quiet: Record<string, () => Promise<unknown>> = {
    "clean-up in finally, with waits": () =>
      cancelled(async () => {
        try {
          await sleep(100);
        } finally {
          for (let round = 0; round < 20; round++) await sleep(10);
        }
      }),
    "clean-up that calls the function that was interrupted": () => {
      const send = (): Promise<void> => sleep(100);
      return cancelled(async () => {
        try {
          await send();
        } finally {
          await send();
        }
      });
    },
    "a task that just ends": () =>
      cancelled(async () => {
        for (;;) {
          try {
            await sleep(100);
          } catch (error) {
            if (isCancelled(error)) break;
          }
        }
      }),
    "a task that takes the cancel back": () =>
      cancelled(async () => {
        await sleep(100).catch(() => currentTask()?.uncancel());
        for (let round = 0; round < 3; round++) await sleep(6000);
        return "on purpose";
      }),
    "loops over moveOnAfter": async () => {
      for (let round = 0; round < 3; round++) await moveOnAfter(1, () => sleep(100));
      await sleep(10_000);
    },
    "loops over timeouts that are caught": async () => {
      for (let round = 0; round < 3; round++) {
        await timeout(1, () => sleep(100)).catch((error: unknown) => {
          if (!(error instanceof TimeoutError)) throw error;
        });
      }
    },
    "a scope that was cancelled by hand": async () => {
      for (let round = 0; round < 3; round++) {
        const scope = new CancelScope();
        await scope.run(async () => {
          scope.cancel();
          await sleep(1);
        });
      }
    },
    "a group that waits for the clean-up of its children": () =>
      cancelled(async () => {
        await taskGroup(async (group) => {
          group.spawn(async () => {
            try {
              await sleep(100);
            } finally {
              await sleep(50);
            }
          });
        });
      }),
    "a protected section": () =>
      cancelled(async () => {
        await protect(async () => {
          for (let round = 0; round < 3; round++) await sleep(4000);
        });
        await sleep(1);
      }),
    "a gathering whose children take their time to end": () =>
      cancelled(async () => {
        const slow = async (): Promise<void> => {
          try {
            await sleep(100);
          } finally {
            await sleep(50);
          }
        };
        await gather([slow, slow]);
      }),
    "a condition that takes its lock again, cancelled twice meanwhile": async () => {
      const condition = new Condition();
      const waiter = createTask(async () => {
        using _ = await condition.acquire();
        await condition.wait();
      });
      await sleep(1);
      {
        using _ = await condition.acquire();
        for (let times = 0; times < 3; times++) {
          waiter.cancel();
          await sleep(1);
        }
      }
      await waiter.then(null, () => {});
    },
    "a task that another one awaits": async () => {
      const inner = createTask(() => sleep(1000));
      await cancelled(async () => await inner);
    },
    "a future that is cancelled": async () => {
      const future = new Future<void>();
      await cancelled(async () => await future);
    },
    "clean-up that fails": async () => {
      const { task } = await cancelled(async () => {
        try {
          await sleep(100);
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- the case at hand
          throw new Error("clean-up failed");
        }
      });
      await task.then(null, () => {});
    },
  };

  test.each(Object.keys(quiet))("for %s", async (name) => {
    const seen = await reportsOf(() => quiet[name]?.() ?? Promise.reject(new Error("no case")));
    expect(seen.map(({ message }) => message)).toEqual([]);
  });

  test("outside debug mode nothing is watched", async () => {
    const seen = await reportsOf(
      () =>
        cancelled(async () => {
          for (let round = 0; round < 5; round++) await sleep(10).catch(() => {});
          return "value";
        }),
      false,
    );
    expect(seen).toEqual([]);
  });
});
