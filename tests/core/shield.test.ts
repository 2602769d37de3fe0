/*
 * shield: the awaiter goes at once, the work goes on.
 */
import { createTask, currentTask, Future, gather, getRunningLoop, shield, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { endOf } from "./ends.ts";

describe("shield", () => {
  test("the awaiter goes at once, the work goes on", async () => {
    await runVirtual(async () => {
      const work = createTask(() => sleep(10, "work"));
      const awaiter = createTask(() => shield(work));
      await sleep(1);
      awaiter.cancel();
      expect(await endOf(awaiter)).toBe("cancelled");
      expect(work.done()).toBe(false);
      expect(await endOf(work)).toBe("value work");
    });
  });

  test("when the work is cancelled, so is the awaiter", async () => {
    await runVirtual(async () => {
      const work = createTask(() => sleep(10));
      const awaiter = createTask(() => shield(work));
      await sleep(1);
      work.cancel();
      expect(await endOf(awaiter)).toBe("cancelled");
    });
  });

  test("a failure after the awaiter was cancelled goes to the exception handler, once", async () => {
    const seen: string[] = [];
    await runVirtual(async () => {
      const loop = (currentTask() as NonNullable<ReturnType<typeof currentTask>>).getLoop();
      loop.setExceptionHandler(({ message, exception }) =>
        seen.push(`${message}: ${String(exception)}`),
      );
      const awaiter = createTask(() =>
        shield(async () => {
          await sleep(5);
          throw new Error("too late");
        }),
      );
      await sleep(1);
      awaiter.cancel();
      expect(await endOf(awaiter)).toBe("cancelled");
      await sleep(10);
    });
    expect(seen).toEqual(["shielded work failed after its awaiter was cancelled: Error: too late"]);
  });

  test("what is done already gives its outcome (CPython: test_tasks BaseTaskTests.test_shield_shortcut)", async () => {
    await runVirtual(async () => {
      const done = createTask(async () => 1);
      await done;
      expect(await shield(done)).toBe(1);
    });
  });
});

test("it gives the result, or throws the error itself, of what it shields (CPython: test_tasks BaseTaskTests.test_shield_result, BaseTaskTests.test_shield_exception)", async () => {
  await runVirtual(async () => {
    const [good, bad] = [new Future<number>(), new Future<number>()];
    const outer = [good, bad].map((inner) => createTask(() => shield(inner)));
    await sleep(0);
    const error = new RangeError("expected");
    good.setResult(42);
    bad.setException(error);
    expect(await outer[0]).toBe(42);
    await expect(outer[1]).rejects.toBe(error);
  });
});

test("cancelling what it shields cancels who awaits it (CPython: test_tasks BaseTaskTests.test_shield_cancel_inner)", async () => {
  await runVirtual(async () => {
    const inner = new Future<void>();
    const outer = createTask(() => shield(inner));
    await sleep(0);
    inner.cancel();
    expect(await endOf(outer)).toBe("cancelled");
    expect(outer.cancelled()).toBe(true);
  });
});

test("cancelling who awaits it leaves neither a wait nor a tie (CPython: test_tasks BaseTaskTests.test_shield_cancel_outer)", async () => {
  await runVirtual(async () => {
    const inner = new Future<void>();
    const outer = createTask(() => shield(inner));
    await sleep(0);
    outer.cancel();
    expect(await endOf(outer)).toBe("cancelled");
    expect([outer.cancelled(), inner.done()]).toEqual([true, false]);
    // One is left that hears of a late failure.
    const left = (): number => (inner.waiters instanceof Set ? inner.waiters.size : 1);
    expect(left()).toBe(1);
    for (let more = 0; more < 3; more++) {
      const another = createTask(() => shield(inner));
      await sleep(0);
      another.cancel();
      expect(await endOf(another)).toBe("cancelled");
    }
    expect(left()).toBe(1);
    inner.setResult();
  });
});

test("the work of a cancelled awaiter goes on to its end (CPython: test_tasks BaseTaskTests.test_shield_effect)", async () => {
  await runVirtual(async () => {
    const waiter = new Future<void>();
    let proof = 0;
    const inner = async (): Promise<void> => {
      await waiter;
      proof += 1;
    };
    const outer = createTask(async () => {
      await shield(inner);
      proof += 100;
    });
    await sleep(0);
    await sleep(0);
    outer.cancel();
    expect(await endOf(outer)).toBe("cancelled");
    waiter.setResult();
    await sleep(0);
    expect(proof).toBe(1);
  });
});

test("a gather behind it goes on to its results (CPython: test_tasks BaseTaskTests.test_shield_gather)", async () => {
  await runVirtual(async () => {
    const [one, two] = [new Future<number>(), new Future<number>()];
    const parent = gather([one, two]);
    const outer = createTask(() => shield(parent));
    await sleep(0);
    outer.cancel();
    expect(await endOf(outer)).toBe("cancelled");
    one.setResult(1);
    two.setResult(2);
    expect(await parent).toEqual([1, 2]);
  });
});

test("a late result is told to nobody, a late failure once however many awaiters went", async () => {
  const told: string[] = [];
  await runVirtual(async () => {
    getRunningLoop().setExceptionHandler(({ exception }) => told.push(String(exception)));
    for (const fails of [false, true]) {
      const inner = new Future<void>();
      const outer = [1, 2].map(() => createTask(() => shield(inner)));
      await sleep(0);
      for (const each of outer) each.cancel();
      await Promise.allSettled(outer);
      if (fails) inner.setException(new Error("foo"));
      else inner.setResult();
      await sleep(0);
    }
  });
  expect(told).toEqual(["Error: foo"]);
});
