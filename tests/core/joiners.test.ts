/*
 * Joiners: what the ends of a group's children mean, and what the group's call returns.
 */
import { inspect } from "node:util";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  ExceptionGroup,
  getRunningLoop,
  InvalidStateError,
  type JoinedTaskGroup,
  type Joiner,
  joiners,
  sleep,
  suppressedErrors,
  type Task,
  taskGroup,
  TaskGroupClosedError,
  TimeoutError,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, boolean, nat, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { failAfter } from "./bodies.ts";

/** A child that records its cancellation, and takes its time to clean up. */
const tidy =
  (log: string[], name: string, ms = 1000, cleanUpMs = 2) =>
  async (): Promise<string> => {
    try {
      await sleep(ms);
      return name;
    } finally {
      await sleep(cleanUpMs);
      log.push(`${name} ended at ${getRunningLoop().time()}`);
    }
  };

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(String, (error: unknown) => error);

describe("all", () => {
  test("gives the values in the order of spawning", async () => {
    await runVirtual(async () => {
      const values = await taskGroup(
        (group) => {
          for (const ms of [3, 1, 2]) group.spawn(() => sleep(ms, ms * 10));
        },
        { joiner: joiners.all<number>() },
      );
      expect(values).toEqual([30, 10, 20]);
    });
  });

  test("with no child, gives no values", async () => {
    await runVirtual(async () => {
      expect(await taskGroup(() => {}, { joiner: joiners.all() })).toEqual([]);
    });
  });

  test("the first failure cancels the rest, waits for them and is thrown itself, with the later ones attached", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const error = await caught(
        taskGroup(
          (group) => {
            group.spawn(tidy(log, "sibling"));
            group.spawn(() => sleep(1000).catch(() => failAfter(1, "clean-up failed")));
            group.spawn(() => failAfter(1, "boom"));
          },
          { joiner: joiners.all<unknown>() },
        ),
      );
      expect(String(error)).toBe("Error: boom");
      expect(suppressedErrors(error).map(String)).toEqual(["Error: clean-up failed"]);
      expect(log).toEqual(["sibling ended at 3"]);
      expect(allTasks()).toEqual([currentTask()]);
    });
  });

  test("a child that was cancelled by itself has failed", async () => {
    await runVirtual(async () => {
      const error = await caught(
        taskGroup(
          (group) => {
            group.spawn(() => sleep(5, 1));
            group.spawn(() => sleep(5, 2)).cancel();
          },
          { joiner: joiners.all<number>() },
        ),
      );
      expect(error).toBeInstanceOf(CancelledError);
      expect(currentTask()?.cancelling()).toBe(0);
    });
  });
});

describe("any", () => {
  test("gives the first value; the losers and the body are cancelled and waited for", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const value = await taskGroup(
        async (group) => {
          group.spawn(() => failAfter(1, "ignored"));
          group.spawn(tidy(log, "slow"));
          group.spawn(() => sleep(2, "fast"));
          await sleep(1000).catch((error: Error) => {
            log.push(`body ${error.name}`);
            throw error;
          });
        },
        { joiner: joiners.any<string>() },
      );
      expect([value, ...log]).toEqual(["fast", "body CancelledError", "slow ended at 4"]);
      await sleep(1);
      expect(currentTask()?.cancelling()).toBe(0);
    });
  });

  test("when all have failed, throws an ExceptionGroup of their failures in the order of spawning", async () => {
    await runVirtual(async () => {
      const error = await caught(
        taskGroup(
          (group) => {
            group.spawn(() => failAfter(2, "first"));
            group.spawn(() => failAfter(1, "second"));
          },
          { joiner: joiners.any<string>() },
        ),
      );
      expect(error).toBeInstanceOf(ExceptionGroup);
      expect((error as ExceptionGroup).errors.map(String)).toEqual([
        "Error: first",
        "Error: second",
      ]);
      expect((error as Error).message).toBe("all 2 have failed");
    });
  });

  test("with no child, there is nothing to give", async () => {
    await runVirtual(async () => {
      const error = await caught(taskGroup(() => {}, { joiner: joiners.any() }));
      expect(error).toEqual(
        new InvalidStateError("joiners.any joined a group in which no task was spawned"),
      );
    });
  });
});

test("allSettled gives what became of each, and no failure ends the group", async () => {
  await runVirtual(async () => {
    const results = await taskGroup(
      (group) => {
        group.spawn(() => sleep(3, "value"));
        group.spawn(() => failAfter(1, "boom"));
        group.spawn(() => sleep(5, "never")).cancel("not you");
      },
      { joiner: joiners.allSettled<string>() },
    );
    expect(results).toEqual([
      { status: "fulfilled", value: "value" },
      { status: "rejected", reason: new Error("boom") },
      { status: "rejected", reason: expect.any(CancelledError) },
    ]);
  });
});

describe("until", () => {
  test("goes on until the function has seen enough, and returns all tasks, ended", async () => {
    await runVirtual(async () => {
      let values = 0;
      const tasks = await taskGroup(
        (group) => {
          for (const ms of [4, 1, 2, 3]) group.spawn(() => sleep(ms, ms));
        },
        { joiner: joiners.until<number>((task) => !task.cancelled() && ++values === 2) },
      );
      expect(tasks.map((task) => (task.cancelled() ? "cancelled" : task.result()))).toEqual([
        "cancelled",
        1,
        2,
        "cancelled",
      ]);
    });
  });

  test("at the deadline it returns what has finished, too; the rest is cancelled", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const tasks = await taskGroup(
        (group) => {
          group.spawn(() => sleep(1, "fast"));
          group.spawn(tidy(log, "slow"));
        },
        { joiner: joiners.until<string>(() => false), timeout: 10 },
      );
      expect(tasks.map((task) => task.cancelled())).toEqual([false, true]);
      expect(log).toEqual(["slow ended at 12"]);
    });
  });

  test("wants a function", () => {
    expect(() => joiners.until(5 as never)).toThrow("Expected `enough` to be a function");
  });
});

/** A joiner of one's own: the sum of what there is when the sum is large enough, or the time is up. */
class SumOf implements Joiner<number, number> {
  readonly calls: string[] = [];
  readonly #enough: number;
  #sum = 0;

  constructor(enough: number) {
    this.#enough = enough;
  }

  onSpawn(task: Task<number>): void {
    this.calls.push(`spawn ${task.name} ${task.done()}`);
  }

  onComplete(task: Task<number>): boolean {
    this.calls.push(`complete ${task.name}`);
    this.#sum += task.result();
    return this.#sum >= this.#enough;
  }

  result(): number {
    return this.#sum;
  }

  onTimeout(): number {
    return -this.#sum;
  }
}

describe("a joiner of one's own", () => {
  const sumUpTo = (joiner: SumOf, timeout = Infinity): Promise<number> =>
    taskGroup(
      (group) => {
        for (const ms of [1, 2, 3, 4])
          group.spawn(() => sleep(ms, ms), { name: String(ms), eager: ms % 2 === 0 });
      },
      { joiner, timeout },
    );

  test("is told of each child once when it is made and once when it ends, until it has seen enough", async () => {
    await runVirtual(async () => {
      const joiner = new SumOf(3);
      expect(await sumUpTo(joiner)).toBe(3);
      expect(joiner.calls).toEqual([
        "spawn 1 false",
        "spawn 2 false",
        "spawn 3 false",
        "spawn 4 false",
        "complete 1",
        "complete 2",
      ]);
    });
  });

  test("says what the call returns when the time is up", async () => {
    await runVirtual(async () => {
      expect(await sumUpTo(new SumOf(100), 2.5)).toBe(-3);
    });
  });

  test("may have seen enough when a child is made: that one is cancelled, too", async () => {
    await runVirtual(async () => {
      let ran = false;
      const count = await taskGroup(
        (group) => {
          group.spawn(async () => void (ran = true));
          expect(inspect(group)).toBe("<JoinedTaskGroup decided tasks=1>");
          expect(() => group.spawn(async () => {}, { name: "late" })).toThrow(
            new TaskGroupClosedError("spawn of 'late' into a task group that is shutting down"),
          );
        },
        { joiner: { onSpawn: () => true, result: () => "enough" } },
      );
      expect([count, ran]).toEqual(["enough", false]);
    });
  });

  test("an eager child that ends at once is made first, and told of in a later step", async () => {
    await runVirtual(async () => {
      const calls: string[] = [];
      await taskGroup(
        (group) => {
          group.spawn(() => 1, { eager: true });
          calls.push("body");
        },
        {
          joiner: {
            onSpawn: (task: Task<number>) => void calls.push(`spawned ${task.done()}`),
            onComplete: () => void calls.push("completed"),
            result: () => null,
          },
        },
      );
      expect(calls).toEqual(["spawned true", "body", "completed"]);
    });
  });

  test.each(["onSpawn", "onComplete", "result"])(
    "what its %s throws fails the group",
    async (method) => {
      await runVirtual(async () => {
        const log: string[] = [];
        const joiner: Joiner<string, null> = {
          result: () => null,
          [method]: () => {
            throw new Error(`${method} threw`);
          },
        };
        const work = taskGroup(
          (group) => {
            group.spawn(() => sleep(1, "fast"));
            group.spawn(tidy(log, "slow"));
          },
          { joiner },
        );
        await expect(work).rejects.toThrow(`${method} threw`);
        expect(allTasks()).toEqual([currentTask()]);
      });
    },
  );

  test("joins one group only", async () => {
    await runVirtual(async () => {
      const joiner = joiners.all<number>();
      await taskGroup(() => {}, { joiner });
      await expect(taskGroup(() => {}, { joiner })).rejects.toThrow(
        new InvalidStateError(
          "a joiner joins one task group only, and this one has joined one already: make a new one",
        ),
      );
    });
  });

  test("has to be one", async () => {
    await runVirtual(async () => {
      await expect(taskGroup(() => {}, { joiner: joiners.any as never })).rejects.toThrow(
        "Expected `options.joiner` to be a joiner, such as `joiners.all()`, got",
      );
      await expect(taskGroup(() => {}, { joiner: {} as never })).rejects.toThrow(
        "Expected `options.joiner.result` to be a function, got `undefined`",
      );
      await expect(
        taskGroup(() => {}, { joiner: joiners.all(), timeout: Number.NaN }),
      ).rejects.toThrow("`options.timeout`");
    });
  });
});

describe("whatever the joiner", () => {
  test("past the deadline all is cancelled and waited for, and a TimeoutError is thrown", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const error = await caught(
        taskGroup((group) => void group.spawn(tidy(log, "slow")), {
          joiner: joiners.all<string>(),
          timeout: 10,
        }),
      );
      expect(error).toEqual(new TimeoutError("the task group timed out after 10 ms", 10));
      expect(log).toEqual(["slow ended at 12"]);
      await sleep(1);
    });
  });

  test("what was decided before the deadline counts, though the losers end after it", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const value = await taskGroup(
        (group) => {
          group.spawn(() => sleep(5, "fast"));
          group.spawn(tidy(log, "loser", 1000, 10));
        },
        { joiner: joiners.any<string>(), timeout: 8 },
      );
      expect([value, log.length]).toEqual(["fast", 1]);
    });
  });

  test("a body that fails fails the group; the joiner is not asked", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = taskGroup(
        async (group) => {
          group.spawn(tidy(log, "child"));
          await failAfter(1, "body failed");
        },
        { joiner: joiners.allSettled<string>() },
      );
      await expect(work).rejects.toThrow("body failed");
      expect(log).toEqual(["child ended at 3"]);
    });
  });

  test("a cancel from outside cancels all, waits for it and passes on", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(() =>
        taskGroup((group) => void group.spawn(tidy(log, "child")), {
          joiner: joiners.until<string>(() => false),
          timeout: 100,
        }),
      );
      await sleep(1);
      task.cancel("outside");
      await expect(task).rejects.toThrow("outside");
      expect(log).toEqual(["child ended at 3"]);
    });
  });

  test("what was decided is not lost to a cancel that comes while the losers end: that is for the next wait", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(async () => {
        log.push(
          await taskGroup(
            (group) => {
              group.spawn(() => sleep(1, "fast"));
              group.spawn(tidy(log, "loser", 1000, 10));
            },
            { joiner: joiners.any<string>() },
          ),
        );
        await sleep(1);
        log.push("never");
      });
      await sleep(5);
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
      expect(log).toEqual(["fast"]);
    });
  });

  test("children may spawn more, of which the joiner is told", async () => {
    await runVirtual(async () => {
      const values = await taskGroup(
        (group: JoinedTaskGroup<number>) => {
          group.spawn(async () => {
            await sleep(1);
            group.spawn(() => sleep(1, 2));
            return 1;
          });
          expect([inspect(group), group.size]).toEqual(["<JoinedTaskGroup open tasks=1>", 1]);
        },
        { joiner: joiners.all<number>() },
      );
      expect(values).toEqual([1, 2]);
    });
  });

  test("a child that fails while it is cut short is reported, not thrown, unless the joiner looks at it", async () => {
    const seen: string[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ exception }) => seen.push(String(exception)));
      const spawnBoth = (group: JoinedTaskGroup<string>): void => {
        group.spawn(() => sleep(1, "fast"));
        group.spawn(async () => {
          await sleep(1000).catch(() => failAfter(1, "clean-up failed"));
          return "never";
        });
      };
      expect(await taskGroup(spawnBoth, { joiner: joiners.any<string>() })).toBe("fast");
      const joiner = { onComplete: () => true, result: () => "own" };
      expect(await taskGroup(spawnBoth, { joiner })).toBe("own");
    });
    expect(seen).toEqual(["Error: clean-up failed"]);
  });

  test("cancelled at any await point, no child is left and every clean-up has run", async () => {
    let open = 0;
    const child = async (): Promise<number> => {
      open++;
      try {
        await sleep(3);
        await sleep(3);
        return 1;
      } finally {
        open--;
      }
    };
    const makers: (() => Joiner<number, unknown>)[] = [
      joiners.all,
      joiners.any,
      joiners.allSettled,
    ];
    for (const make of makers) {
      const points = await cancelEverywhere(async () => {
        await taskGroup(
          async (group) => {
            group.spawn(child);
            group.spawn(child);
            await sleep(1);
            await group.spawn(child);
          },
          { joiner: make(), timeout: 100 },
        );
        expect(open).toBe(0);
      });
      expect(open).toBe(0);
      expect(points).toBeGreaterThan(0);
    }
  });

  test("no child is forgotten, and each joiner gives what its children came to", async () => {
    const child = record({ ms: nat(6), fails: boolean(), cleansUp: nat(3) });
    await assert(
      asyncProperty(array(child, { maxLength: 8 }), nat(), async (children, seed) => {
        await runVirtual(
          async () => {
            let running = 0;
            const spawnAll = (group: JoinedTaskGroup<number>): void => {
              for (const [index, { ms, fails, cleansUp }] of children.entries())
                group.spawn(async () => {
                  running++;
                  try {
                    await sleep(ms);
                    if (fails) throw new Error(String(index));
                    return index;
                  } finally {
                    await sleep(cleansUp).finally(() => running--);
                  }
                });
            };
            const settled = await taskGroup(spawnAll, { joiner: joiners.allSettled<number>() });
            expect(settled.map((each) => each.status === "rejected")).toEqual(
              children.map((each) => each.fails),
            );
            const all = await caught(taskGroup(spawnAll, { joiner: joiners.all<number>() }));
            expect([running, all instanceof Error]).toEqual([0, children.some((c) => c.fails)]);
            const any = await caught(taskGroup(spawnAll, { joiner: joiners.any<number>() }));
            expect([running, any instanceof Error]).toEqual([0, children.every((c) => c.fails)]);
            expect(any instanceof Error || children[Number(any)]?.fails === false).toBe(true);
          },
          { seed },
        );
      }),
      { seed: 20_261_124, numRuns: 60 },
    );
  });
});
