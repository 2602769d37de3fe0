import { inspect } from "node:util";
import {
  aclosing,
  allTasks,
  CancelledError,
  createTask,
  getRunningLoop,
  moveOnAfter,
  sleep,
  timeout,
  TimeoutError,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

/** Counts, with a pause before each number, and cleans up for 5 ms. */
async function* counting(pause: number, log: string[]): AsyncGenerator<number, string> {
  try {
    for (let n = 1; n <= 3; n++) {
      await sleep(pause);
      yield n;
    }
    return "the end";
  } catch (error) {
    log.push(String(error));
    throw error;
  } finally {
    try {
      await sleep(5);
    } finally {
      log.push("closed");
    }
  }
}

test("gives what the generator gives, its end value too", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const seen: number[] = [];
    for await (const n of aclosing(counting(1, log))) seen.push(n);
    expect([seen, log]).toEqual([[1, 2, 3], ["closed"]]);
    const numbers = aclosing(counting(1, log));
    for (let i = 0; i < 3; i++) await numbers.next();
    expect(await numbers.next()).toEqual({ done: true, value: "the end" });
  }));

test("leaving the loop closes the generator and waits for its clean-up", () =>
  runVirtual(async () => {
    const log: string[] = [];
    for await (const _ of aclosing(counting(1, log))) break;
    expect([log, getRunningLoop().time()]).toEqual([["closed"], 6]);
  }));

test("a generator that hangs in a wait is interrupted, and then closed", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = aclosing(counting(60_000, log));
    const pending = createTask(() => numbers.next());
    await sleep(10);
    await numbers.return();
    expect(log).toEqual(["CancelledError: the generator is being closed", "closed"]);
    expect(getRunningLoop().time()).toBe(15);
    await expect(pending).rejects.toThrow(CancelledError);
    expect(await numbers.next()).toEqual({ done: true, value: undefined });
  }));

test("without it, a generator that hangs cannot be closed", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = counting(100, log);
    const pending = numbers.next();
    await sleep(10);
    await numbers.return("");
    expect([getRunningLoop().time(), (await pending).value]).toEqual([105, 1]);
  }));

test("a generator that was never started is closed without running", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = aclosing(counting(1, log));
    expect(await numbers.return()).toEqual({ done: true, value: undefined });
    expect(await numbers.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual([]);
  }));

test("closing twice, and closing what has ended, is no error", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = aclosing(counting(1, log));
    await numbers.next();
    await numbers[Symbol.asyncDispose]();
    await numbers[Symbol.asyncDispose]();
    expect(log).toEqual(["closed"]);
  }));

test("an interrupt that the generator has not met does not disturb its clean-up", () =>
  runVirtual(async () => {
    const log: string[] = [];
    let release!: () => void;
    const foreign = new Promise<void>((resolve) => (release = resolve));
    async function* waiting(): AsyncGenerator<number> {
      try {
        await foreign;
        yield 1;
      } finally {
        await sleep(5);
        log.push("closed");
      }
    }
    const numbers = aclosing(waiting());
    const pending = numbers.next();
    const closing = numbers.return();
    await sleep(0);
    release();
    await closing;
    expect([log, (await pending).value]).toEqual([["closed"], 1]);
  }));

test("two that close it at once do not disturb each other's clean-up", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = aclosing(counting(1, log));
    await numbers.next();
    const closing = createTask(() => numbers.return());
    await sleep(1);
    await numbers.return();
    await closing;
    expect([log, getRunningLoop().time()]).toEqual([["closed"], 6]);
  }));

test("an error of the clean-up is thrown by what closes", () =>
  runVirtual(async () => {
    async function* broken(): AsyncGenerator<number> {
      try {
        yield 1;
      } finally {
        await Promise.reject(new Error("cannot clean up"));
      }
    }
    const numbers = aclosing(broken());
    await numbers.next();
    await expect(numbers.return()).rejects.toThrow("cannot clean up");
  }));

test("a cancel of who asks reaches what the generator waits for", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const consumer = createTask(async () => {
      for await (const _ of aclosing(counting(60_000, log)));
    });
    await sleep(10);
    consumer.cancel("enough");
    await expect(consumer).rejects.toThrow("enough");
    expect(log.at(-1)).toBe("closed");
  }));

test("a deadline around one step reaches what the generator waits for", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = aclosing(counting(10, log));
    expect((await timeout(50, () => numbers.next())).value).toBe(1);
    await expect(timeout(5, () => numbers.next())).rejects.toThrow(TimeoutError);
    expect(log).toEqual(["CancelledError: the deadline has passed", "closed"]);
  }));

test("a cancel that comes while it is being closed is not lost", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const numbers = aclosing(counting(60_000, log));
    const pending = createTask(() => numbers.next());
    await sleep(10);
    const closing = createTask(async () => {
      await numbers.return();
      await sleep(60_000);
    });
    await sleep(2);
    closing.cancel();
    await expect(closing).rejects.toThrow(CancelledError);
    await expect(pending).rejects.toThrow(CancelledError);
    expect(log.at(-1)).toBe("closed");
  }));

test("work that was left floating can close it, too, and asks for no cancel of what goes on", () =>
  runVirtual(async () => {
    const log: string[] = [];
    async function* hanging(): AsyncGenerator<number> {
      try {
        yield await sleep(60_000, 1);
      } finally {
        log.push("closed");
      }
    }
    const survivor = createTask(async () => {
      await sleep(60_000).catch(() => {});
      const numbers = aclosing(hanging());
      const pending = createTask(() => numbers.next());
      await sleep(1);
      let goOn!: () => void;
      const gate = new Promise<void>((resolve) => (goOn = resolve));
      const { value } = await moveOnAfter(Infinity, () => ({
        floating: gate.then(() => numbers.return()),
      }));
      goOn();
      await value?.floating;
      await expect(pending).rejects.toThrow(CancelledError);
      await sleep(1);
      log.push("went on");
    });
    await sleep(1);
    survivor.cancel();
    await survivor;
    expect(log).toEqual(["closed", "went on"]);
  }));

test("what the generator began and did not await goes on between steps, and ends with it", () =>
  runVirtual(async () => {
    const log: string[] = [];
    async function* prefetching(): AsyncGenerator<number> {
      let next = sleep(10, 1);
      for (;;) {
        const n = await next;
        next = sleep(10, n + 1).finally(() => log.push(`fetched ${n + 1}`));
        next.catch(() => {});
        yield n;
      }
    }
    const numbers = aclosing(prefetching());
    expect([(await numbers.next()).value, (await numbers.next()).value]).toEqual([1, 2]);
    expect(getRunningLoop().time()).toBe(20);
    await numbers.return();
    await sleep(0);
    expect(log).toEqual(["fetched 2", "fetched 3"]);
    expect(getRunningLoop().time()).toBe(20);
  }));

test("wherever a task is cancelled, the generator is closed", async () => {
  const points = await cancelEverywhere(async () => {
    const log: string[] = [];
    try {
      const numbers = aclosing(counting(1, log));
      const pending = createTask(() => numbers.next());
      try {
        await sleep(0);
        await moveOnAfter(0.5, () => sleep(1));
      } finally {
        await numbers.return();
        await pending.then(null, () => {});
      }
    } finally {
      expect(["closed", undefined]).toContain(log.at(-1));
      expect(allTasks()).toHaveLength(1);
    }
  });
  expect(points).toBeGreaterThan(3);
});

test("prints whether the generator runs, is suspended or has ended", () =>
  runVirtual(async () => {
    const numbers = aclosing(counting(1, []));
    const pending = numbers.next();
    expect(inspect(numbers)).toBe("<aclosing running>");
    await pending;
    expect(inspect(numbers)).toBe("<aclosing suspended>");
    await numbers.return();
    expect(inspect(numbers)).toBe("<aclosing ended>");
  }));

test.each([[undefined], [[1]], [{ next: () => {}, return: () => {} }]])(
  "%o is refused",
  (generator) => {
    expect(() => aclosing(generator as never)).toThrow(
      "Expected `generator` to be an async generator",
    );
  },
);
