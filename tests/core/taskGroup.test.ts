/*
 * Task groups: no child outlives its group.
 */
import { inspect } from "node:util";
import {
  allTasks,
  CancelledError,
  CancelScope,
  createTask,
  currentTask,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
  suppressedErrors,
  setTaskFactory,
  taskGroup,
  type TaskGroup,
  TaskGroupClosedError,
  timeout,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { failAfter, tidy } from "./bodies.ts";

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("the call ends when the body and all children have ended, and gives the body's value", async () => {
    await start(async () => {
      const log: string[] = [];
      const value = await taskGroup(async (group) => {
        const fast = group.spawn(() => sleep(1).then(() => log.push("fast")));
        // Not by time: between two lines a busy machine may take some milliseconds.
        group.spawn(() => fast.then(() => log.push("slow")));
        log.push("body");
        return 42;
      });
      expect([value, ...log]).toEqual([42, "body", "fast", "slow"]);
    });
  });

  test("a failing child cancels its siblings and the body; its error itself is thrown", async () => {
    await start(async () => {
      const log: string[] = [];
      const error = await taskGroup(async (group) => {
        group.spawn(tidy(log, "sibling"));
        group.spawn(() => failAfter(1, "boom"));
        await sleep(1000).catch((reason: Error) => {
          log.push(`body ${reason.name}`);
          throw reason;
        });
      }).catch((thrown: unknown) => thrown);
      expect(String(error)).toBe("Error: boom");
      expect(log.sort()).toEqual([
        "body CancelledError",
        "sibling CancelledError",
        "sibling ended",
      ]);
      expect(allTasks()).toEqual([currentTask()]);
    });
  });
});

test("a failing body cancels the children", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const work = taskGroup(async (group) => {
      group.spawn(tidy(log, "child"));
      await failAfter(1, "body failed");
    });
    await expect(work).rejects.toThrow("body failed");
    expect(log).toEqual(["child CancelledError", "child ended"]);
  });
});

test("a child that starts in a group whose body fails at once never runs", async () => {
  await runVirtual(async () => {
    let ran = false;
    const work = taskGroup((group) => {
      group.spawn(async () => (ran = true));
      throw new Error("at once");
    });
    await expect(work).rejects.toThrow("at once");
    expect(ran).toBe(false);
  });
});

test("later failures are attached to the first, in order", async () => {
  await runVirtual(async () => {
    const error = await taskGroup(async (group) => {
      for (const name of ["second", "third"]) {
        group.spawn(() =>
          sleep(1000).catch(() => {
            throw new Error(name);
          }),
        );
      }
      await failAfter(1, "first");
    }).catch((thrown: unknown) => thrown);
    expect(String(error)).toBe("Error: first");
    expect(suppressedErrors(error).map(String)).toEqual(["Error: second", "Error: third"]);
    expect(suppressedErrors(new Error("other"))).toEqual([]);
    expect(suppressedErrors(undefined)).toEqual([]);
  });
});

test("a child that was cancelled by itself is no failure", async () => {
  await runVirtual(async () => {
    const value = await taskGroup(async (group) => {
      const victim = group.spawn(() => sleep(1000));
      group.spawn(() => sleep(5));
      await sleep(1);
      victim.cancel();
      return "fine";
    });
    expect(value).toBe("fine");
  });
});

test("an outside cancel cancels body and children, waits for them and passes on", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(() =>
      taskGroup(async (group) => {
        group.spawn(tidy(log, "a"));
        group.spawn(tidy(log, "b", 5));
        await sleep(1000);
      }),
    );
    await sleep(1);
    task.cancel("outside");
    const error = await task.then(null, (thrown: unknown) => thrown as Error);
    expect((error as Error).message).toContain("outside");
    expect(task.cancelled()).toBe(true);
    expect(log).toEqual(["a CancelledError", "b CancelledError", "a ended", "b ended"]);
  });
});

test("a cancel that reaches a child from its group and through who awaits it counts once", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const outer = createTask(() =>
      taskGroup(async (group) => {
        const child = group.spawn(tidy(log, "child", 5));
        group.spawn(async () => await child);
        await child;
      }),
    );
    await sleep(10);
    outer.cancel();
    await expect(outer).rejects.toThrow(CancelledError);
    expect(log).toEqual(["child CancelledError", "child ended"]);
  });
});

test("a cancel while the body has ended and children run does the same", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(() => taskGroup((group) => void group.spawn(tidy(log, "a"))));
    await sleep(1);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(log).toEqual(["a CancelledError", "a ended"]);
  });
});

test("a second cancel interrupts the children's clean-up, and still waits for their end", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(() =>
      taskGroup((group) => {
        group.spawn(async () => {
          try {
            await sleep(1000);
          } finally {
            try {
              await sleep(1000);
            } catch {
              log.push("clean-up interrupted");
            }
            await sleep(1);
            log.push("ended");
          }
        });
      }),
    );
    await sleep(1);
    task.cancel();
    await sleep(1);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(log).toEqual(["clean-up interrupted", "ended"]);
  });
});

test("an error during an outside cancel is thrown, and the cancel is delivered at the next wait", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      await taskGroup(async (group) => {
        group.spawn(() =>
          sleep(1000).catch(() => {
            throw new Error("clean-up failed");
          }),
        );
        await sleep(1000);
      }).catch((error: Error) => log.push(error.message));
      await sleep(1);
      log.push("never");
    });
    await sleep(1);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(log).toEqual(["clean-up failed"]);
  });
});

test("a child may spawn more, also while the call waits for it", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    await taskGroup((group) => {
      const spawn = (depth: number): unknown =>
        group.spawn(async () => {
          await sleep(1);
          log.push(`depth ${depth}`);
          if (depth < 3) spawn(depth + 1);
        });
      spawn(1);
    });
    expect(log).toEqual(["depth 1", "depth 2", "depth 3"]);
  });
});

test("spawning into a group that has ended, or is shutting down, is an error", async () => {
  await runVirtual(async () => {
    let kept!: TaskGroup;
    await taskGroup((group) => void (kept = group));
    expect(() => kept.spawn(async () => {}, { name: "late" })).toThrow(
      new TaskGroupClosedError("spawn of 'late' into a task group that has ended"),
    );
    let message = "";
    const work = taskGroup(async (group) => {
      group.spawn(() => failAfter(1, "boom"));
      await sleep(1000).catch(() => {
        try {
          group.spawn(async function tooLate() {});
        } catch (error) {
          message = (error as Error).message;
        }
      });
    });
    await expect(work).rejects.toThrow("boom");
    expect(message).toBe("spawn of 'tooLate' into a task group that is shutting down");
  });
});

test("nested groups: an inner failure ends the inner group, and the outer one only if it is not caught", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const value = await taskGroup(async (outer) => {
      outer.spawn(() => sleep(5).then(() => log.push("outer child")));
      await taskGroup((inner) => {
        inner.spawn(tidy(log, "inner child"));
        inner.spawn(() => failAfter(1, "inner"));
      }).catch((error: Error) => log.push(error.message));
      return "outer value";
    });
    expect(value).toBe("outer value");
    expect(log).toEqual([
      "inner child CancelledError",
      "inner child ended",
      "inner",
      "outer child",
    ]);
  });
});

test("awaiting a failing child in the body throws the same error once", async () => {
  await runVirtual(async () => {
    const error = await taskGroup(async (group) => {
      await group.spawn(() => failAfter(1, "boom"));
    }).catch((thrown: unknown) => thrown);
    expect(String(error)).toBe("Error: boom");
    expect(suppressedErrors(error).every((other) => other === error)).toBe(true);
  });
});

test("an eager child that fails at once fails the group", async () => {
  await runVirtual(async () => {
    const work = taskGroup(async (group) => {
      group.spawn(
        () => {
          throw new Error("eager");
        },
        { eager: true },
      );
      await sleep(1000);
    });
    await expect(work).rejects.toThrow("eager");
  });
});

test("an eager child that has failed does not cancel the code that is spawning its siblings (gh-128550)", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const work = taskGroup(async (group) => {
      const failing = (): never => {
        throw new Error("eager");
      };
      group.spawn(failing, { eager: true });
      group.spawn(tidy(log, "sibling"), { eager: true });
      log.push("both spawned");
      await sleep(1000);
    });
    await expect(work).rejects.toThrow("eager");
    expect(log).toEqual(["both spawned", "sibling CancelledError", "sibling ended"]);
  });
});

test("children are made by the loop's task factory, and end with the group all the same", async () => {
  await runVirtual(async () => {
    const loop = getRunningLoop();
    setTaskFactory(loop, (body, options, create) => create(body, { ...options, name: "made" }));
    const names: string[] = [];
    await taskGroup(async (group) => {
      names.push(group.spawn(() => sleep(1)).name);
      await group.start((started: (value: null) => void) => {
        names.push(currentTask()?.name ?? "");
        started(null);
      });
    });
    setTaskFactory(loop, null);
    expect([names, allTasks()]).toEqual([["made", "made"], [currentTask()]]);
  });
});

test("a timeout around a group and a scope inside it keep to themselves", async () => {
  await runVirtual(async () => {
    const scope = new CancelScope();
    const value = await timeout(100, () =>
      taskGroup(async (group) => {
        group.spawn(() => sleep(5));
        const cut = await scope.run(async () => {
          scope.cancel();
          await sleep(1000);
        });
        return cut.cancelledCaught;
      }),
    );
    expect(value).toBe(true);
  });
});

test("a group left floating in a scope that ends takes its children along", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      void taskGroup((group) => void group.spawn(tidy(log, "child")));
      await sleep(1);
    });
    await task;
    await sleep(10);
    expect(log).toEqual(["child CancelledError", "child ended"]);
  });
});

test("a group tells its state when printed, and how many children run", async () => {
  await runVirtual(async () => {
    let kept!: TaskGroup;
    await taskGroup(async (group) => {
      kept = group;
      group.spawn(() => sleep(1));
      expect([inspect(group), group.size]).toEqual(["<TaskGroup open tasks=1>", 1]);
    });
    expect(inspect(kept)).toBe("<TaskGroup ended tasks=0>");
  });
});

test("cancelled at any await point, no child outlives the group and every clean-up runs", async () => {
  let open = 0;
  const child = async (): Promise<void> => {
    open++;
    try {
      await sleep(3);
      await sleep(3);
    } finally {
      open--;
    }
  };
  const points = await cancelEverywhere(async () => {
    await taskGroup(async (group) => {
      group.spawn(child);
      group.spawn(child);
      await sleep(1);
      await group.spawn(child);
    });
    expect(open).toBe(0);
  });
  expect(open).toBe(0);
  expect(points).toBeGreaterThanOrEqual(8);
});

test("a body that is no function is refused", async () => {
  await expect(taskGroup(5 as never)).rejects.toThrow(
    "Expected `body` to be a function, got `5` (number)",
  );
});

describe("start", () => {
  test("gives what the child says when it is ready; the child goes on in the group", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      await taskGroup(async (group) => {
        const port = await group.start(async (started: (port: number) => void) => {
          await sleep(2);
          started(8080);
          await sleep(5);
          log.push("served");
        });
        log.push(`ready ${port} at ${getRunningLoop().time()}`);
      });
      expect(log).toEqual(["ready 8080 at 2", "served"]);
    });
  });

  test("a failure before it is ready is the starter's, one after it the group's", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = taskGroup(async (group) => {
        await group
          .start(() => failAfter(1, "cannot listen"))
          .catch((error: Error) => log.push(error.message));
        log.push("group goes on");
        await group.start(async (started: (value: null) => void) => {
          started(null);
          await failAfter(1, "crashed");
        });
        await sleep(1000);
      });
      await expect(work).rejects.toThrow("crashed");
      expect(log).toEqual(["cannot listen", "group goes on"]);
    });
  });

  test("a child that ends without a word, or says it twice, is told so", async () => {
    await runVirtual(async () => {
      await taskGroup(async (group) => {
        const silent = group.start(async () => {}, { name: "silent" });
        await expect(silent).rejects.toThrow(
          new InvalidStateError("silent ended without calling started"),
        );
        let second = "";
        await group.start(async (started: (value: number) => void) => {
          started(1);
          try {
            started(2);
          } catch (error) {
            second = (error as Error).message;
          }
        });
        expect(second).toBe("started was called twice by one child");
      });
      await expect(taskGroup((group) => group.start(5 as never))).rejects.toThrow("`body`");
    });
  });

  test("cancelling the starter cancels the child and waits for its end", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(() =>
        taskGroup(async (group) => {
          await timeout(5, () => group.start(tidy(log, "child"))).catch((error: Error) =>
            log.push(error.name),
          );
          log.push("group goes on");
        }),
      );
      await task;
      expect(log).toEqual(["child CancelledError", "child ended", "TimeoutError", "group goes on"]);
    });
  });

  test("a cancel of the whole group reaches a child that is starting once", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(() => taskGroup((group) => group.start(tidy(log, "child", 5))));
      await sleep(1);
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
      expect(log).toEqual(["child CancelledError", "child ended"]);
    });
  });

  test("a child that is cancelled before it is ready cancels its starter", async () => {
    await runVirtual(async () => {
      const end = await taskGroup(async (group) => {
        const starting = createTask(() => group.start(() => sleep(1000), { name: "child" }));
        await sleep(1);
        allTasks()
          .find((task) => task.name === "child")
          ?.cancel();
        return starting.then(String, (error: unknown) => (error as Error).name);
      });
      expect(end).toBe("CancelledError");
    });
  });
});

describe("supervisor and discarding groups", () => {
  test("as a supervisor, a child's failure ends neither its siblings nor the group, and is reported once", async () => {
    const seen: string[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ exception }) => seen.push(String(exception)));
      const value = await taskGroup(
        async (group) => {
          group.spawn(() => failAfter(1, "unseen"));
          const looked = group.spawn(() => failAfter(1, "looked at"));
          const sibling = group.spawn(() => sleep(5, "sibling"));
          await looked.then(null, () => {});
          return sibling;
        },
        { supervisor: true },
      );
      expect(value).toBe("sibling");
    });
    expect(seen).toEqual(["Error: unseen"]);
  });

  test("a supervisor's body that fails cancels the children", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = taskGroup(
        async (group) => {
          group.spawn(tidy(log, "child"));
          await failAfter(1, "body");
        },
        { supervisor: true },
      );
      await expect(work).rejects.toThrow("body");
      expect(log).toEqual(["child CancelledError", "child ended"]);
    });
  });

  test("a discarding group hands out no tasks, and fails as any group does", async () => {
    await runVirtual(async () => {
      const work = taskGroup(
        async (group) => {
          expect(group.spawn(() => failAfter(1, "boom"))).toBe(undefined);
          await sleep(1000);
        },
        { discarding: true },
      );
      await expect(work).rejects.toThrow("boom");
    });
  });

  test("a discarding supervisor reports a failure at once", async () => {
    const seen: string[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ message, exception }) =>
        seen.push(`${message}: ${String(exception)}`),
      );
      await taskGroup(
        async (group) => {
          group.spawn(() => failAfter(1, "boom"));
          await sleep(2);
          expect(seen).toHaveLength(1);
        },
        { discarding: true, supervisor: true },
      );
    });
    expect(seen).toEqual(["a task of a discarding group has failed: Error: boom"]);
  });
});
