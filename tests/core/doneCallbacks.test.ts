/*
 * Done callbacks of a future: order, removal, and changes while they are called, as asyncio's own tests have it, and
 * against a model.
 */
import { Future, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

/** Adds callbacks named 1, 2, 3 …, lets the test remove some, settles; gives what was called. */
function calledOf(
  count: number,
  change: (future: Future<string>, callbacks: (() => void)[]) => void,
): Promise<number[]> {
  return runVirtual(async () => {
    const called: number[] = [];
    const future = new Future<string>();
    const callbacks = Array.from({ length: count }, (_, i) => () => void called.push(i + 1));
    for (const callback of callbacks) future.addDoneCallback(callback);
    change(future, callbacks);
    expect(called).toEqual([]);
    future.setResult("foo");
    expect(called).toEqual([]);
    await sleep(0);
    expect(future.result()).toBe("foo");
    return called;
  });
}

describe("callbacks", () => {
  test("are called in order, after the result was set (CPython: test_futures BaseFutureDoneCallbackTests.test_callbacks_invoked_on_set_result)", async () => {
    expect(await calledOf(2, () => {})).toEqual([1, 2]);
  });

  test("are called after an exception was set (CPython: test_futures BaseFutureDoneCallbackTests.test_callbacks_invoked_on_set_exception)", () =>
    runVirtual(async () => {
      const future = new Future();
      const seen: unknown[] = [];
      const error = new Error("no");
      future.addDoneCallback((done) => seen.push(done.exception()));
      expect(seen).toEqual([]);
      future.setException(error);
      await sleep(0);
      expect(seen).toEqual([error]);
      expect(future.exception()).toBe(error);
    }));

  test("may remove those that were to be called with them, too late (CPython: test_futures BaseFutureDoneCallbackTests.test_schedule_callbacks_list_mutation_1)", () =>
    runVirtual(async () => {
      const future = new Future<number>();
      const log: unknown[] = [];
      const later = () => log.push("later");
      future.addDoneCallback((done) => log.push(done.removeDoneCallback(later)));
      future.addDoneCallback(later);
      future.addDoneCallback(later);
      future.setResult(1);
      await sleep(0);
      expect(log).toEqual([0, "later", "later"]);
    }));
});

describe("removing", () => {
  test("the first leaves the others, and may be asked twice (CPython: test_futures BaseFutureDoneCallbackTests.test_callbacks_remove_first_callback)", async () => {
    const called = await calledOf(3, (future, [first]) => {
      expect(future.removeDoneCallback(first as () => void)).toBe(1);
      expect(future.removeDoneCallback(first as () => void)).toBe(0);
    });
    expect(called).toEqual([2, 3]);
  });

  test("the first and the second leaves the third (CPython: test_futures BaseFutureDoneCallbackTests.test_callbacks_remove_first_and_second_callback)", async () => {
    const called = await calledOf(3, (future, [first, second]) => {
      for (const callback of [first, second, first])
        future.removeDoneCallback(callback as () => void);
    });
    expect(called).toEqual([3]);
  });

  test("the last leaves those before (CPython: test_futures BaseFutureDoneCallbackTests.test_callbacks_remove_third_callback)", async () => {
    const called = await calledOf(3, (future, [, , third]) => {
      future.removeDoneCallback(third as () => void);
      future.removeDoneCallback(third as () => void);
    });
    expect(called).toEqual([1, 2]);
  });

  test("counts each time that one was added (CPython: test_futures BaseFutureDoneCallbackTests.test_remove_done_callback)", async () => {
    const called = await calledOf(2, (future, callbacks) => {
      const [first, second] = callbacks as [() => void, () => void];
      expect(future.removeDoneCallback(second)).toBe(1);
      expect(future.removeDoneCallback(() => {})).toBe(0);
      future.addDoneCallback(second);
      for (let i = 0; i < 5; i++) future.addDoneCallback(first);
      expect(future.removeDoneCallback(first)).toBe(6);
    });
    expect(called).toEqual([2]);
  });

  test("looks for the same function, and asks none of the many that are there (CPython, differs: test_futures BaseFutureDoneCallbackTests.test_remove_done_callbacks_list_mutation, BaseFutureDoneCallbackTests.test_remove_done_callbacks_list_clear, BaseFutureDoneCallbackTests.test_schedule_callbacks_list_mutation_2)", async () => {
    const called = await calledOf(64, (future, callbacks) => {
      const refuse = (): never => expect.unreachable("a comparison ran code of the user's");
      const evil = Object.assign(() => {}, {
        equals: refuse,
        valueOf: refuse,
        toString: refuse,
        [Symbol.toPrimitive]: refuse,
      });
      for (const callback of callbacks)
        Object.assign(callback, { equals: refuse, valueOf: refuse });
      expect(future.removeDoneCallback(evil)).toBe(0);
    });
    expect(called).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
  });
});

test("whatever is added, removed and called when, each runs as often as it was there at the end or added after it", async () => {
  const name = fc.nat({ max: 3 });
  const operation = fc.oneof(
    fc.record({ kind: fc.constantFrom("add" as const, "remove" as const), name }),
    fc.record({ kind: fc.constantFrom("settle" as const, "turn" as const), name }),
  );
  /** What a callback does when it is called: to itself and the others. */
  const habit = fc.record({ removes: fc.option(name), adds: fc.option(name) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { maxLength: 25 }),
      fc.array(habit, { minLength: 4, maxLength: 4 }),
      (operations, habits) =>
        runVirtual(async () => {
          const future = new Future<void>();
          const called: number[] = [];
          const expected: number[] = [];
          /** In pairs: how many were removed, and how many should have been. */
          const removed: number[] = [];
          let added = 0;
          const callbacks = habits.map((each, index) => () => {
            called.push(index);
            if (each.removes !== null) future.removeDoneCallback(call(each.removes));
            // Few enough that they come to an end.
            if (each.adds !== null && added++ < 20) add(each.adds);
          });
          const call = (index: number) => callbacks[index] as () => void;
          let there: number[] = [];
          const add = (index: number): void => {
            if (future.done()) expected.push(index);
            else there.push(index);
            future.addDoneCallback(call(index));
          };
          for (const { kind, name: index } of operations) {
            if (kind === "add") add(index);
            if (kind === "turn") await sleep(0);
            if (kind === "remove") {
              const left = there.filter((each) => each !== index);
              removed.push(future.removeDoneCallback(call(index)), there.length - left.length);
              there = left;
            }
            if (kind === "settle" && !future.done()) {
              future.setResult();
              expected.push(...there);
              there = [];
            }
          }
          for (let turns = 0; turns < 30; turns++) await sleep(0);
          expect(called).toEqual(expected);
          const odd = removed.filter((_, index) => index % 2 === 1);
          expect(removed.filter((_, index) => index % 2 === 0)).toEqual(odd);
        }),
    ),
    { seed: 20_261_125, numRuns: 200 },
  );
});
