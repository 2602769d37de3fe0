/*
 * asCompleted: tasks in the order in which they finish.
 */
import {
  asCompleted,
  type Completion,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  run,
  sleep,
  Task,
  TimeoutError,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { failAfter } from "./bodies.ts";

const now = (): number => getRunningLoop().time();

/** The results in the order of the ends. */
async function results<T>(
  items: AsyncIterable<Completion<() => Promise<T>>>,
  atMost = Infinity,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { task } of items) {
    found.push(task.result());
    if (found.length === atMost) break;
  }
  return found;
}

describe("asCompleted", () => {
  test("yields the original tasks as they finish, with their place", async () => {
    await runVirtual(async () => {
      const tasks = [3, 1, 2].map((ms) => createTask(() => sleep(ms, ms)));
      const seen: [boolean, number, number][] = [];
      for await (const { task, index } of asCompleted(tasks)) {
        seen.push([tasks[index] === task, index, task.result()]);
      }
      expect(seen).toEqual([
        [true, 1, 1],
        [true, 2, 2],
        [true, 0, 3],
      ]);
    });
  });

  test("a failure is in the task that is yielded, not thrown by the loop", async () => {
    await runVirtual(async () => {
      const seen: string[] = [];
      for await (const { task } of asCompleted([() => failAfter(1, "no"), () => sleep(2, "yes")])) {
        seen.push(task.exception() instanceof Error ? "failed" : task.result());
      }
      expect(seen).toEqual(["failed", "yes"]);
    });
  });

  test("a timeout is thrown inside the iteration; the tasks go on (CPython: test_tasks BaseTaskTests.test_as_completed_with_timeout)", async () => {
    await runVirtual(async () => {
      const slow = createTask(() => sleep(20, "slow"));
      const seen: unknown[] = [];
      const loop = (async () => {
        for await (const { task } of asCompleted([() => sleep(1, "fast"), slow], { timeout: 5 }))
          seen.push(task.result());
      })();
      const error = await loop.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(String(error)).toBe(
        "TimeoutError: asCompleted: timed out after 5 ms with 1 of 2 not done",
      );
      expect(seen).toEqual(["fast"]);
      expect(await slow).toBe("slow");
    });
  });

  test("breaking out leaves the rest running", async () => {
    await runVirtual(async () => {
      const slow = createTask(() => sleep(20, "slow"));
      for await (const { task } of asCompleted([slow, () => sleep(1)], { timeout: 10 })) {
        expect(task).not.toBe(slow);
        break;
      }
      expect(await slow).toBe("slow");
    });
  });

  test("several consumers of one iterator share the items, none lost or doubled, also when cancelled", async () => {
    await runVirtual(async () => {
      const items = [1, 2, 3, 4].map((ms) => createTask(() => sleep(ms, ms)));
      const iterator = asCompleted(items);
      const seen: number[] = [];
      const consume = async (): Promise<void> => {
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
          seen.push(next.value.task.result());
      };
      const victim = createTask(consume);
      const others = [createTask(consume), createTask(consume)];
      await sleep(0);
      victim.cancel();
      await Promise.all(others);
      expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    });
  });

  test("nothing to wait for ends at once; duplicates count once; what is no iterable is refused", async () => {
    await runVirtual(async () => {
      for await (const item of asCompleted([])) expect.unreachable(`yielded ${item.index}`);
      const task = createTask(async () => 1);
      let count = 0;
      for await (const item of asCompleted([task, task])) count += item.task.result();
      expect(count).toBe(1);
      expect(() => asCompleted(5 as never)).toThrow(
        "Expected `items` to be an iterable, got `5` (number)",
      );
    });
  });
});

test("who ends together comes in the order of the ends, who ends later after it (CPython: test_tasks BaseTaskTests.test_as_completed)", async () => {
  await runVirtual(async () => {
    const sleeper = (ms: number, value: string) => () => sleep(ms, value);
    const all = asCompleted([sleeper(10, "b"), sleeper(150, "c"), sleeper(10, "a")]);
    expect(await results(all)).toEqual(["b", "a", "c"]);
    expect(now()).toBe(150);
  });
});

test("tasks come out as they went in, functions as new tasks (CPython: test_tasks BaseTaskTests.test_as_completed_same_tasks_in_as_out)", async () => {
  await runVirtual(async () => {
    const b = createTask(async () => "b");
    const d = createTask(async () => "d");
    const items = [async () => "a", b, async () => "c", d];
    const out = new Map<number, Future<string>>();
    for await (const { task, index } of asCompleted(items)) out.set(index, task);
    expect([out.get(1) === b, out.get(3) === d]).toEqual([true, true]);
    expect([out.get(0), out.get(2)]).toEqual([expect.any(Task), expect.any(Task)]);
  });
});

test("a timeout that is not needed leaves nothing behind (CPython: test_tasks BaseTaskTests.test_as_completed_with_unused_timeout)", async () => {
  await runVirtual(async () => {
    expect(await results(asCompleted([() => sleep(10, "a")], { timeout: 1000 }))).toEqual(["a"]);
    expect(now()).toBe(10);
    await sleep(5000);
  });
});

test("after a break, another loop over the same iterator goes on with the rest (CPython: test_tasks BaseTaskTests.test_as_completed_resume_iterator)", async () => {
  await runVirtual(async () => {
    const iterator = asCompleted([0, 1, 2, 3].map((value) => () => sleep(value, value)));
    expect(await results(iterator, 2)).toEqual([0, 1]);
    await sleep(1);
    expect(await results(iterator)).toEqual([2, 3]);
    expect(await results(iterator)).toEqual([]);
  });
});

test("what ends in the very moment of a break comes once", async () => {
  await runVirtual(async () => {
    const futures = [1, 2, 3].map(() => new Future<number>());
    const iterator = asCompleted(futures);
    const found: (number | undefined)[] = [];
    getRunningLoop().callSoon(() => futures[0]?.setResult(1));
    for await (const { task } of iterator) {
      found.push(task.result());
      futures[1]?.setResult(2);
      break;
    }
    for await (const { task } of iterator) {
      found.push(task.result());
      await sleep(1);
      if (futures[2]?.done() === false) futures[2].setResult(3);
    }
    expect(found).toEqual([1, 2, 3]);
  });
});

test("a timeout goes on to count after a break", async () => {
  await runVirtual(async () => {
    const items = [() => sleep(1, "fast"), () => sleep(100, "slow")];
    const iterator = asCompleted(items, { timeout: 50 });
    expect(await results(iterator, 1)).toEqual(["fast"]);
    await sleep(10);
    await expect(results(iterator)).rejects.toThrow(TimeoutError);
    expect(now()).toBe(50);
  });
});

test("a consumer that breaks off leaves another one that waits alone", async () => {
  await runVirtual(async () => {
    const iterator = asCompleted([() => sleep(1, "a"), () => sleep(2, "b"), () => sleep(3, "c")]);
    const one = createTask(() => results(iterator, 1));
    const other = createTask(() => results(iterator));
    expect([await one, await other]).toEqual([["a"], ["b", "c"]]);
  });
});

test("of several next() at once, the first asked for gets the first that ends (CPython: test_tasks BaseTaskTests.test_as_completed_reverse_wait)", async () => {
  await runVirtual(async () => {
    const iterator = asCompleted([() => sleep(100, "b"), () => sleep(50, "a")]);
    const log: unknown[] = [];
    const take = async (name: string): Promise<void> => {
      const next = await iterator.next();
      log.push([name, next.value?.task.result(), now()]);
    };
    await Promise.all([take("first"), take("second")]);
    expect(log).toEqual([
      ["first", "a", 50],
      ["second", "b", 100],
    ]);
  });
});

test("several next() may wait at once (CPython: test_tasks BaseTaskTests.test_as_completed_concurrent)", async () => {
  await runVirtual(async () => {
    const iterator = asCompleted([() => sleep(50, "a"), () => sleep(50, "b")]);
    const both = await Promise.all([iterator.next(), iterator.next()]);
    expect(both.map((next) => next.value?.task.result())).toEqual(["a", "b"]);
    expect([now(), (await iterator.next()).done]).toEqual([50, true]);
  });
});

test("one task given twice comes once (CPython: test_tasks BaseTaskTests.test_as_completed_duplicate_coroutines)", async () => {
  await runVirtual(async () => {
    const ham = createTask(async () => "ham");
    const found: string[] = [];
    for await (const { task } of asCompleted([ham, ham, async () => "spam"]))
      found.push(task.result());
    expect(found).toEqual(["ham", "spam"]);
  });
});

test("one future or function instead of several is refused at the call (CPython: test_tasks BaseTaskTests.test_as_completed_invalid_args)", async () => {
  await runVirtual(async () => {
    expect(() => asCompleted(new Future() as never)).toThrow(TypeError);
    expect(() => asCompleted((async () => {}) as never)).toThrow(TypeError);
  });
});

test("an end that was not heard of when the time was up comes too late, in asyncio's order of one instant", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    getRunningLoop().callLater(5, () => future.setResult());
    const iterator = asCompleted([future], { timeout: 5 });
    await expect(iterator.next()).rejects.toThrow(TimeoutError);
  });
});

test("a cancel that was asked for before comes out of a loop over what is done already, on the real loop too", async () => {
  const program = async (): Promise<string> => {
    const done = createTask(async () => 1);
    await done;
    const task = createTask(async () => {
      currentTask()?.cancel();
      for await (const _ of asCompleted([done])) return "not stopped";
      return "empty";
    });
    return task.then(null, (error: unknown) => (error as Error).name);
  };
  expect(await run(program)).toBe("CancelledError");
  expect(await runVirtual(program)).toBe("CancelledError");
});
