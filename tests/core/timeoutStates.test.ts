/*
 * What a timeout tells of itself: its deadline, whether that has passed, its printed form.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  CancelScope,
  createTask,
  Future,
  getRunningLoop,
  InvalidStateError,
  sleep,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const now = (): number => getRunningLoop().time();

/** Runs a timeout to its end: the timeout itself, and the name of what it threw. */
async function ended(
  start: (body: (own: Timeout) => Promise<unknown>) => Promise<unknown>,
  body: (own: Timeout) => Promise<unknown>,
): Promise<[Timeout, string]> {
  let kept!: Timeout;
  const work = start((own) => {
    kept = own;
    return body(own);
  });
  const end = await work.then(
    () => "in time",
    (error: unknown) => (error as Error).name,
  );
  return [kept, end];
}

describe("expired and when", () => {
  test("past the deadline it has expired (CPython: test_timeouts TimeoutTests.test_timeout_basic)", async () => {
    await runVirtual(async () => {
      const [own, end] = await ended(
        (body) => timeout(10, body),
        () => sleep(10_000),
      );
      expect([end, own.expired(), now()]).toEqual(["TimeoutError", true, 10]);
    });
  });

  test("past a deadline given as a point in time, too (CPython: test_timeouts TimeoutTests.test_timeout_at_basic)", async () => {
    await runVirtual(async () => {
      await sleep(3);
      const deadline = now() + 10;
      const [own, end] = await ended(
        (body) => timeoutAt(deadline, body),
        () => sleep(10_000),
      );
      expect([end, own.expired(), own.when()]).toEqual(["TimeoutError", true, deadline]);
    });
  });

  test("a body that ends in time leaves it unexpired, its deadline still ahead (CPython: test_timeouts TimeoutTests.test_timeout_not_called)", async () => {
    await runVirtual(async () => {
      const [own, end] = await ended(
        (body) => timeout(10_000, body),
        () => sleep(10),
      );
      expect([end, own.expired(), own.when() > now()]).toEqual(["in time", false, true]);
    });
  });

  test("Infinity is no deadline (CPython: test_timeouts TimeoutTests.test_timeout_disabled, TimeoutTests.test_timeout_at_disabled)", async () => {
    await runVirtual(async () => {
      for (const start of [timeout, timeoutAt]) {
        const [own, end] = await ended(
          (body) => start(Infinity, body),
          () => sleep(10),
        );
        expect([end, own.expired(), own.when()]).toEqual(["in time", false, Infinity]);
      }
    });
  });

  test("with no time the first wait is cancelled, a sleep(0) too (CPython: test_timeouts TimeoutTests.test_timeout_zero, TimeoutTests.test_timeout_zero_sleep_zero)", async () => {
    await runVirtual(async () => {
      for (const ms of [10_000, 0]) {
        const before = now();
        const [own, end] = await ended(
          (body) => timeout(0, body),
          () => sleep(ms),
        );
        expect([end, own.expired(), own.when(), now()]).toEqual([
          "TimeoutError",
          true,
          before,
          before,
        ]);
      }
    });
  });

  test("a deadline in the past is one (CPython: test_timeouts TimeoutTests.test_timeout_in_the_past_sleep_zero)", async () => {
    await runVirtual(async () => {
      const [own, end] = await ended(
        (body) => timeout(-11, body),
        () => sleep(0),
      );
      expect([end, own.expired(), own.when(), now()]).toEqual(["TimeoutError", true, -11, 0]);
    });
  });

  test("an error of the body's own passes, and the timeout has not expired (CPython: test_timeouts TimeoutTests.test_foreign_exception_passed)", async () => {
    await runVirtual(async () => {
      const [own, end] = await ended(
        (body) => timeout(10, body),
        async () => {
          throw new RangeError("foreign");
        },
      );
      expect([end, own.expired()]).toEqual(["RangeError", false]);
    });
  });
});

describe("reschedule", () => {
  test("another task may move the deadline and lift it (CPython: test_timeouts TimeoutTests.test_reschedule)", async () => {
    await runVirtual(async () => {
      const given = new Future<Timeout>();
      const first = now() + 10_000;
      const second = first + 20_000;
      const task = createTask(() =>
        timeoutAt(first, async (own) => {
          given.setResult(own);
          await sleep(50_000);
        }),
      );
      const own = await given;
      expect(own.when()).toBe(first);
      own.reschedule(second);
      expect(own.when()).toBe(second);
      own.reschedule(Infinity);
      expect(own.when()).toBe(Infinity);
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
      expect(own.expired()).toBe(false);
    });
  });

  test("is refused when the body has ended, in time or not (CPython: test_timeouts TimeoutTests.test_timeout_finished, TimeoutTests.test_timeout_expired)", async () => {
    await runVirtual(async () => {
      for (const ms of [0, 1000]) {
        const [own] = await ended(
          (body) => timeout(10, body),
          () => sleep(ms),
        );
        expect(() => own.reschedule(20)).toThrow(
          new InvalidStateError("reschedule on a timeout that has ended"),
        );
      }
    });
  });

  test("is refused while the body cleans up after the deadline (CPython: test_timeouts TimeoutTests.test_timeout_expiring)", async () => {
    await runVirtual(async () => {
      const [, end] = await ended(
        (body) => timeout(10, body),
        async (own) => {
          await expect(sleep(1000)).rejects.toThrow(CancelledError);
          expect(() => own.reschedule(20)).toThrow(
            new InvalidStateError("reschedule on a timeout whose deadline has passed"),
          );
        },
      );
      expect(end).toBe("in time");
    });
  });
});

test("a scope is entered once, neither in itself nor again (CPython: test_timeouts TimeoutTests.test_timeout_already_entered, TimeoutTests.test_timeout_double_enter)", async () => {
  await runVirtual(async () => {
    const scope = new CancelScope({ deadline: 10 });
    const again = new InvalidStateError("run on a CancelScope that has run before: make a new one");
    await scope.run(async () => {
      await expect(scope.run(async () => {})).rejects.toThrow(again);
    });
    await expect(scope.run(async () => {})).rejects.toThrow(again);
  });
});

test("outside any task it works on the implicit root scope (CPython, differs: test_timeouts TimeoutTests.test_timeout_without_task)", async () => {
  expect(await timeout(10_000, () => sleep(1, "value"))).toBe("value");
  await expect(timeout(1, () => sleep(10_000))).rejects.toThrow(TimeoutError);
});

test("it prints its state and its deadline (CPython: test_timeouts TimeoutTests.test_repr_active, TimeoutTests.test_repr_expired, TimeoutTests.test_repr_finished, TimeoutTests.test_repr_disabled)", async () => {
  await runVirtual(async () => {
    const printed: string[] = [];
    const print = async (own: Timeout): Promise<void> => void printed.push(inspect(own));
    const [finished] = await ended((body) => timeout(10, body), print);
    await timeout(Infinity, print);
    const [expired] = await ended(
      (body) => timeout(10, body),
      () => sleep(1000),
    );
    printed.push(inspect(finished), inspect(expired));
    expect(printed).toEqual([
      "<Timeout active when=10>",
      "<Timeout active when=Infinity>",
      "<Timeout finished when=10>",
      "<Timeout expired when=10>",
    ]);
  });
});
