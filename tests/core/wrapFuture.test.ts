/*
 * From promises to futures and back, and what is a future.
 */
import {
  CancelledError,
  createTask,
  eagerTaskFactory,
  Future,
  getRunningLoop,
  isFuture,
  run,
  setTaskFactory,
  sleep,
  wrapFuture,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("a wrapped promise is a future: it has the promise's outcome, and cancelling it lets the promise go", async () => {
  await run(async () => {
    let resolve!: (value: string) => void;
    const promise = new Promise<string>((done) => (resolve = done));
    const [future, given] = [wrapFuture(promise), wrapFuture(promise)];
    await sleep(0);
    future.cancel();
    await expect(future).rejects.toThrow(CancelledError);
    resolve("late");
    expect(await given).toBe("late");
    expect([given.result(), await promise]).toEqual(["late", "late"]);
    await expect(wrapFuture(Promise.reject(new Error("boom")))).rejects.toThrow("boom");
  });
});

test("a future is returned as it is, a thenable is awaited, anything else is refused", async () => {
  await runVirtual(async () => {
    const future = new Future<number>();
    expect(wrapFuture(future)).toBe(future);
    future.setResult(1);
    const { length } = await wrapFuture(Promise.resolve("four"));
    expect([length, await Promise.resolve(future)]).toEqual([4, 1]);
    for (const wrong of [5, null, () => 1])
      expect(() => wrapFuture(wrong as never)).toThrow("Expected `promise` to be a promise");
  });
});

test("tasks and futures are futures, promises are not", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => 1);
    const values = [new Future(), task, Promise.resolve(), { then() {} }, null, 1];
    expect(values.map(isFuture)).toEqual([true, true, false, false, false, false]);
    await task;
  });
});

test("with the eager factory tasks start at once, unless they are made with eager: false", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    setTaskFactory(getRunningLoop(), eagerTaskFactory);
    const lazy = createTask(() => log.push("lazy"), { eager: false });
    const eager = createTask(() => log.push("eager"));
    log.push("made");
    await lazy;
    await eager;
    expect(log).toEqual(["eager", "made", "lazy"]);
  });
});
