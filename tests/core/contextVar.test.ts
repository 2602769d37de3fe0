/*
 * Context variables: each task has its own.
 */
import {
  type Context,
  ContextVar,
  copyContext,
  createTask,
  Future,
  gather,
  getRunningLoop,
  runInContext,
  sleep,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("a task starts with a copy: what either sets later, the other does not see (CPython: test_tasks BaseTaskTests.test_context_1)", async () => {
  const variable = new ContextVar("variable", { defaultValue: "nope" });
  await runVirtual(async () => {
    expect(variable.get()).toBe("nope");
    const sub = createTask(async () => {
      await sleep(10);
      expect(variable.get()).toBe("nope");
      variable.set("something else");
    });
    variable.set("yes");
    expect(variable.get()).toBe("yes");
    await sub;
    expect(variable.get()).toBe("yes");
  });
});

test("what a done callback sets stays in it (CPython: test_tasks BaseTaskTests.test_context_2)", async () => {
  const variable = new ContextVar("variable", { defaultValue: "nope" });
  await runVirtual(async () => {
    let called = 0;
    for (let round = 0; round < 2; round++) {
      const future = new Future<void>();
      future.addDoneCallback(() => {
        called++;
        variable.set("something else");
      });
      variable.set(`yes${round}`);
      getRunningLoop().callSoon(() => future.setResult());
      await future;
      expect(variable.get()).toBe(`yes${round}`);
      for (let step = 0; step < 3; step++) {
        variable.set(`yes${step}-${round}`);
        await sleep(1);
        expect(variable.get()).toBe(`yes${step}-${round}`);
      }
    }
    expect(called).toBe(2);
  });
  expect(variable.get()).toBe("nope");
});

test("a hundred tasks that set one variable side by side do not meet (CPython: test_tasks BaseTaskTests.test_context_3)", async () => {
  const variable = new ContextVar("variable", { defaultValue: -1 });
  await runVirtual(async () => {
    const wrong: number[] = [];
    const sub = async (start: number): Promise<void> => {
      for (let step = 0; step < 10; step++) {
        variable.set(start + step);
        await sleep(1 + ((start * 7 + step * 13) % 49));
        if (variable.get() !== start + step) wrong.push(variable.get());
      }
    };
    const tasks = Array.from({ length: 100 }, (_, index) => () => sub(index));
    await gather(tasks);
    expect(wrong).toEqual([]);
  });
  expect(variable.get()).toBe(-1);
});

test("tasks that share a context see what the others set; their creator does not (CPython: test_tasks BaseTaskTests.test_context_4, BaseTaskTests.test_context_5, BaseTaskTests.test_context_6)", async () => {
  const variable = new ContextVar<number | null>("variable", { defaultValue: null });
  const within = (context: Context): number | null => runInContext(context, () => variable.get());
  await runVirtual(async () => {
    const context = copyContext();
    const set = (value: number) => async (): Promise<void> => {
      await sleep(0);
      variable.set(value);
    };
    const seen = [within(context)];
    for (const value of [1, 2]) {
      await createTask(set(value), { context });
      seen.push(within(context));
    }
    expect(seen).toEqual([null, 1, 2]);
    expect(variable.get()).toBe(null);
  });
});

test("a task tells the context that it was given (CPython: test_tasks BaseTaskTests.test_get_context)", async () => {
  await runVirtual(async () => {
    const context = copyContext();
    const task = createTask(async () => {}, { context });
    await task;
    expect(task.getContext()).toBe(context);
  });
});

test("a setting of one's own, such as a precision, holds across waits in its task alone (CPython: test_context DecimalContextTest.test_asyncio_task_decimal_context)", async () => {
  const precision = new ContextVar("precision", { defaultValue: 28 });
  const divide = (a: number, b: number): string => (a / b).toFixed(precision.get());
  const fractions = async (ms: number, digits: number): Promise<string[]> => {
    precision.set(digits);
    const first = divide(1, 3);
    await sleep(ms);
    return [first, divide(1, 9)];
  };
  await runVirtual(async () => {
    const results = await gather([() => fractions(100, 3), () => fractions(200, 6)]);
    expect(results).toEqual([
      ["0.333", "0.111"],
      ["0.333333", "0.111111"],
    ]);
    expect(precision.get()).toBe(28);
  });
});

test("several variables keep to themselves: each is set anew, taken back and copied without the others", async () => {
  const names = ["a", "b", "c"] as const;
  const [a, b, c] = names.map((name) => new ContextVar(name, { defaultValue: name })) as [
    ContextVar<string>,
    ContextVar<string>,
    ContextVar<string>,
  ];
  const values = (): string => [a, b, c].map((variable) => variable.get()).join(" ");
  await runVirtual(async () => {
    a.set("1");
    const unset = b.set("2");
    c.set("3");
    const copy = copyContext();
    const before = a.set("4");
    expect([values(), copyContext().size]).toEqual(["4 2 3", 3]);
    b.reset(unset);
    expect([values(), copyContext().size]).toEqual(["4 b 3", 2]);
    a.reset(before);
    expect([values(), runInContext(copy, values), copy.size]).toEqual(["1 b 3", "1 2 3", 3]);
  });
});
