/*
 * suspend, the one primitive; context variables; what diagnostics see of waits. A cancel from a
 * foreign callback needs a few milliseconds of real time.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import {
  CancelledError,
  CancelScope,
  ContextVar,
  copyContext,
  createTask,
  currentTask,
  getRunningLoop,
  protect,
  run,
  runInContext,
  sleep,
  suspend,
  Task,
  type TaskEvent,
  taskGroup,
  timeout,
  type Wait,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

describe("suspend", () => {
  test("settles once: the first of resolve, reject and cancel wins", async () => {
    await runVirtual(async () => {
      let kept!: Wait<number>;
      const value = await suspend<number, object>((wait) => {
        kept = wait;
        expect(wait.pending).toBe(true);
        expect(wait.resolve(1)).toBe(true);
        expect(wait.resolve(2)).toBe(false);
        expect(wait.reject(new Error("no"))).toBe(false);
      }, {});
      expect([value, kept.pending]).toEqual([1, false]);
    });
  });

  test("returns a native promise", () => {
    const promise = suspend<void>((wait) => void wait.resolve());
    expect(Object.getPrototypeOf(promise)).toBe(Promise.prototype);
    return promise;
  });

  test("the clean-up runs when the wait is cancelled, and only then", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const operation = (name: string, completes: boolean) =>
        createTask(() =>
          suspend<void, object>((wait) => {
            if (completes) getRunningLoop().callSoon(() => wait.resolve());
            return () => log.push(`${name} taken back`);
          }, {}),
        );
      const finished = operation("finished", true);
      const cancelled = operation("cancelled", false);
      await sleep(1);
      finished.cancel();
      cancelled.cancel();
      await expect(cancelled).rejects.toThrow(CancelledError);
      expect(log).toEqual(["cancelled taken back"]);
    });
  });

  test("a start that throws fails the wait; a clean-up that throws is reported and stops nothing", async () => {
    await runVirtual(async () => {
      const failing = suspend(() => {
        throw new Error("cannot begin");
      }, {});
      await expect(failing).rejects.toThrow("cannot begin");
      const seen: string[] = [];
      getRunningLoop().setExceptionHandler(({ exception }) => seen.push(String(exception)));
      const task = createTask(() =>
        suspend<void, object>(
          () => () => {
            throw new Error("cannot take back");
          },
          {},
        ),
      );
      await sleep(1);
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
      expect(seen).toEqual(["Error: cannot take back"]);
    });
  });

  test("with a cancel requested already, start is not called", async () => {
    await runVirtual(async () => {
      let called = false;
      const task = createTask(async () => {
        task.cancel();
        await suspend(() => void (called = true), {});
      });
      await expect(task).rejects.toThrow(CancelledError);
      expect(called).toBe(false);
    });
  });

  test("a start that is no function is refused", () => {
    expect(() => suspend(5 as never)).toThrow(
      "Expected `start` to be a function, got `5` (number)",
    );
  });

  test("the target is handed to start and clean-up", async () => {
    await runVirtual(async () => {
      const target = { name: "door" };
      const seen: unknown[] = [];
      const task = createTask(() =>
        suspend<void, typeof target>(
          (_wait, given) => {
            seen.push(given);
            return (_cancelled, again) => seen.push(again);
          },
          target,
          "Door.knock",
        ),
      );
      await sleep(1);
      expect(inspect(task)).toContain("waitFor=Door.knock");
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
      expect(seen).toEqual([target, target]);
    });
  });
});

describe("context variables", () => {
  test("are inherited by copy: a child sees what its creator set, and not the other way round", async () => {
    const depth = new ContextVar("depth", { defaultValue: 0 });
    await runVirtual(async () => {
      depth.set(1);
      const child = createTask(async () => {
        const seen = depth.get();
        depth.set(2);
        await sleep(1);
        return [seen, depth.get()];
      });
      depth.set(3);
      expect(await child).toEqual([1, 2]);
      expect(depth.get()).toBe(3);
    });
    expect(depth.get()).toBe(0);
  });

  test("set in a nested scope, they are seen by the rest of the task", async () => {
    const seen = new ContextVar<string>("seen");
    await runVirtual(async () => {
      await timeout(10, async () => seen.set("timeout"));
      expect(seen.get()).toBe("timeout");
      await protect(async () => seen.set("protect"));
      expect(seen.get()).toBe("protect");
      await taskGroup(async (group) => {
        seen.set("body");
        expect(await group.spawn(async () => seen.get())).toBe("body");
      });
    });
  });

  test("a token restores what was before", async () => {
    const name = new ContextVar<string>("name");
    const other = new ContextVar<string>("other");
    await runVirtual(async () => {
      expect(() => name.get()).toThrow("get of context variable 'name', which has no value here");
      expect(name.get("fallback")).toBe("fallback");
      const first = name.set("a");
      const second = name.set("b");
      expect(second.oldValue).toBe("a");
      name.reset(second);
      expect(name.get()).toBe("a");
      name.reset(first);
      expect(() => name.get()).toThrow(ReferenceError);
      expect(() => other.reset(first as never)).toThrow(RangeError);
    });
  });

  test("a context can be handed to a task and run in", async () => {
    const name = new ContextVar<string>("name");
    await runVirtual(async () => {
      name.set("outside");
      const context = copyContext();
      const me = currentTask();
      runInContext(context, () => {
        expect([name.get(), currentTask() === me]).toEqual(["outside", true]);
        name.set("inside");
      });
      expect(name.get()).toBe("outside");
      expect(await createTask(async () => name.get(), { context })).toBe("inside");
      expect(await runInContext(context, async () => (await sleep(1), name.get()))).toBe("inside");
      expect(createTask(async () => {}, { context }).getContext()).toBe(context);
      expect(() => runInContext(context, 5 as never)).toThrow("`callback`");
    });
  });
});

describe("diagnostics", () => {
  test("a task is told as created, started, waiting, cancelled and ended", async () => {
    const log: string[] = [];
    const names = ["created", "started", "waiting", "cancelled", "ended"];
    const listeners = names.map((name) => {
      const listener = (message: unknown): void => {
        const { task, label } = message as TaskEvent;
        if (task instanceof Task && task.name === "watched")
          log.push(label === undefined ? name : `${name} ${label}`);
      };
      subscribe(`ambit:task.${name}`, listener);
      return { name, listener };
    });
    await runVirtual(async () => {
      const task = createTask(() => sleep(10), { name: "watched" });
      await sleep(1);
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
    });
    for (const { name, listener } of listeners) unsubscribe(`ambit:task.${name}`, listener);
    expect(log).toEqual(["created", "started", "waiting sleep", "cancelled", "ended"]);
  });

  test("the start of a task that was given a name is told apart, before its first step", async () => {
    const log: string[] = [];
    const listener = (message: unknown): void =>
      void log.push(((message as TaskEvent).task as Task<unknown>).name);
    await runVirtual(async () => {
      subscribe("ambit:task.started.named", listener);
      const named = createTask(() => void log.push("first step"), { name: "named" });
      const unnamed = createTask(() => sleep(1));
      const later = createTask(() => sleep(1));
      later.name = "renamed";
      const never = createTask(() => sleep(1), { name: "never starts" });
      never.cancel();
      await Promise.allSettled([named, unnamed, later, never]);
    });
    unsubscribe("ambit:task.started.named", listener);
    expect(log).toEqual(["named", "first step", "renamed"]);
  });
});

test("a scope that is cancelled from a foreign callback reaches its waits", async () => {
  await run(async () => {
    const scope = new CancelScope();
    setTimeout(() => scope.cancel(), 2);
    expect((await scope.run(() => sleep(10_000))).cancelledCaught).toBe(true);
  });
});
