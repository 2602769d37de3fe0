/*
 * Words for tests in virtual time, and its limits.
 */
import { createTask, Event, sleep, taskGroup } from "ambit";
import {
  advance,
  currentTime,
  LivelockError,
  NotVirtualError,
  runUntilIdle,
  runVirtual,
  TimeLimitError,
} from "ambit/testing";
import { describe, expect, test } from "vitest";

async function failureOf<E extends Error>(
  work: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(kind);
  return error as E;
}

describe("advance", () => {
  test("lets each timer on the way fire at its own time, and what it wakes run", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      createTask(async () => {
        await sleep(10);
        log.push(`woke at ${currentTime()}`);
        await sleep(0);
        log.push("and went on");
        await sleep(10);
        log.push(`woke at ${currentTime()}`);
        await sleep(1);
        log.push("too late");
      });
      await advance(20);
      expect(currentTime()).toBe(20);
    });
    expect(log).toEqual(["woke at 10", "and went on", "woke at 20"]);
  });

  test("by nothing lets others get as far as they can without time", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      createTask(async () => {
        for (let step = 0; step < 5; step++) await sleep(0).then(() => log.push("step"));
        await sleep(1);
        log.push("later");
      });
      await advance(0);
      expect([log.length, currentTime()]).toEqual([5, 0]);
    });
  });

  test("is refused outside virtual time, and for what is no time", async () => {
    await expect(advance(1)).rejects.toThrow(NotVirtualError);
    expect(() => currentTime()).toThrow(
      "currentTime outside virtual time: call it in a program of runVirtual",
    );
    await expect(runUntilIdle()).rejects.toThrow("runUntilIdle outside virtual time");
    await expect(runVirtual(() => advance(Number.NaN))).rejects.toThrow(RangeError);
  });
});

describe("runUntilIdle", () => {
  test("returns when nothing is left that happens by itself", async () => {
    await runVirtual(async () => {
      const log: number[] = [];
      const event = new Event();
      createTask(async () => {
        await sleep(1_000);
        log.push(currentTime());
        createTask(() => sleep(86_400_000).then(() => log.push(currentTime())));
        await event.wait();
        log.push(-1);
      });
      await runUntilIdle();
      expect(log).toEqual([1_000, 86_401_000]);
      event.set();
      await runUntilIdle();
      expect(log).toEqual([1_000, 86_401_000, -1]);
    });
  });

  test("several callers go on together", async () => {
    const log: number[] = [];
    await runVirtual(() =>
      taskGroup((group) => {
        for (const number of [1, 2, 3])
          group.spawn(async () => {
            await runUntilIdle();
            log.push(number);
          });
        group.spawn(() => sleep(100));
      }),
    );
    expect(log).toEqual([1, 2, 3]);
  });
});

describe("timeLimit", () => {
  test("ends a program that would go on past it, after its clean-up", async () => {
    const log: number[] = [];
    const main = async (): Promise<void> => {
      try {
        for (;;) await sleep(30);
      } finally {
        await sleep(50);
        log.push(currentTime());
      }
    };
    const error = await failureOf(runVirtual(main, { timeLimit: 100 }), TimeLimitError);
    expect(error.timeLimit).toBe(100);
    expect(error.message).toBe(
      "the program has not ended within 100 ms of virtual time; its next timer is due at 120 ms\n└─ main  sleep(30)",
    );
    expect(log).toEqual([140]);
  });

  test("does not touch a program that ends in time, to the millisecond", async () => {
    await expect(runVirtual(() => sleep(100, "done"), { timeLimit: 100 })).resolves.toBe("done");
  });

  test("a program that swallows the first cancels gets more of them", async () => {
    const cancels: unknown[] = [];
    const stubborn = async (): Promise<void> => {
      while (cancels.length < 5) await sleep(10).then(null, (error) => cancels.push(error));
    };
    await failureOf(runVirtual(stubborn, { timeLimit: 15 }), TimeLimitError);
    expect(cancels).toHaveLength(5);
  });
});

describe("maxSteps", () => {
  test("catches tasks that keep each other busy while time stands still, and names them", async () => {
    const spin = async (): Promise<void> => {
      for (;;) await sleep(0);
    };
    const main = (): Promise<void> =>
      taskGroup((group) => {
        group.spawn(spin, { name: "spinner" });
        group.spawn(() => sleep(1), { name: "patient" });
      });
    const error = await failureOf(runVirtual(main, { maxSteps: 500 }), LivelockError);
    expect(error.message.split("\n")[0]).toBe(
      "501 steps ran at 0 ms of virtual time and it does not move: something loops without sleeping. Busiest of late: spinner (sleep)",
    );
    expect(error.steps).toBe(501);
    expect(error.message).toContain("patient  sleep(1)");
  });

  test("counts anew whenever time moves", async () => {
    const main = async (): Promise<void> => {
      for (let ms = 0; ms < 10; ms++) {
        for (let step = 0; step < 50; step++) await sleep(0);
        await sleep(1);
      }
    };
    await expect(runVirtual(main, { maxSteps: 60 })).resolves.toBeUndefined();
    await failureOf(runVirtual(main, { maxSteps: 40 }), LivelockError);
  });
});

test("a program that swallows the cancel of its deadlock and returns fails all the same", async () => {
  const main = async (): Promise<string> => {
    await new Event().wait().catch(() => {});
    return "as if nothing had been";
  };
  await expect(runVirtual(main)).rejects.toMatchObject({ name: "DeadlockError" });
});
