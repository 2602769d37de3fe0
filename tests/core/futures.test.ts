/*
 * Future and ensureFuture.
 */
import { inspect } from "node:util";
import { CancelledError, createTask, ensureFuture, Future, InvalidStateError, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const thrownBy = (work: PromiseLike<unknown>): PromiseLike<unknown> =>
  work.then(
    (value) => `value ${String(value)}`,
    (error: unknown) => String(error),
  );

describe("Future", () => {
  test("wakes who awaits it, with a result or an exception", async () => {
    await runVirtual(async () => {
      const good = new Future<number>();
      const bad = new Future<number>();
      const readers = createTask(() =>
        Promise.all([thrownBy(good), thrownBy(good), thrownBy(bad)]),
      );
      await sleep(1);
      good.setResult(1);
      bad.setException(new Error("no"));
      expect(await readers).toEqual(["value 1", "value 1", "Error: no"]);
      expect(good.done() && bad.done()).toBe(true);
      expect(await good).toBe(1);
      expect(bad.exception()).toMatchObject({ message: "no" });
    });
  });

  test("is set once", async () => {
    await runVirtual(async () => {
      const future = new Future<number>();
      future.setResult(1);
      expect(() => future.setResult(2)).toThrow(
        new InvalidStateError(
          "setResult on a future that is done already: <Future finished result=1>",
        ),
      );
      expect(() => future.setException(new Error("x"))).toThrow(InvalidStateError);
      expect(future.cancel()).toBe(false);
    });
  });

  test("cancelling who awaits it cancels it", async () => {
    await runVirtual(async () => {
      const future = new Future<void>();
      const reader = createTask(async () => await future);
      await sleep(1);
      reader.cancel("bye");
      await expect(reader).rejects.toThrow("bye");
      expect(future.cancelled()).toBe(true);
      expect(() => future.result()).toThrow(CancelledError);
    });
  });

  test("prints its state", async () => {
    await runVirtual(async () => {
      const future = new Future<string>();
      expect(inspect(future)).toBe("<Future pending>");
      future.setResult("x");
      expect(inspect(future)).toBe("<Future finished result='x'>");
      const cancelled = new Future<string>();
      cancelled.cancel();
      expect(inspect(cancelled)).toBe("<Future cancelled>");
      expect(() => new Future().result()).toThrow(
        "result() of <Future pending>, which is not done yet: await it first",
      );
    });
  });

  test("works with Promise.all, race and resolve", async () => {
    await runVirtual(async () => {
      const future = new Future<string>();
      const all = Promise.all([future, Promise.resolve(future)]);
      const race = Promise.race([future, sleep(1000)]);
      future.setResult("x");
      expect(await all).toEqual(["x", "x"]);
      expect(await race).toBe("x");
    });
  });
});

test("ensureFuture starts functions, keeps futures, and wraps promises and what only behaves like a future (CPython, differs: test_futures DuckTests.test_ensure_future)", async () => {
  await runVirtual(async () => {
    const future = new Future<number>();
    expect(ensureFuture(future)).toBe(future);
    expect(await ensureFuture(() => 1)).toBe(1);
    expect(await ensureFuture(Promise.resolve(2))).toBe(2);
    const inner = new Future<number>();
    // oxlint-disable-next-line unicorn/no-thenable -- the case at hand
    const duck = { then: inner.then.bind(inner), done: () => inner.done() } as typeof inner;
    const wrapped = ensureFuture(duck);
    expect([wrapped === duck, wrapped instanceof Future]).toEqual([false, true]);
    inner.setResult(3);
    expect(await wrapped).toBe(3);
    expect(() => ensureFuture("x" as never)).toThrow(TypeError);
  });
});
