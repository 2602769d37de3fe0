/**
 * Waiting for a call while the thread stands still, in workers. Real threads, so real time.
 */
import { isCancelled, run, sleep } from "ambit";
import { ThreadPoolExecutor } from "ambit/futures";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as tasks from "./blockingTasks.mjs";

let pool: ThreadPoolExecutor;
beforeAll(() => void (pool = new ThreadPoolExecutor({ maxWorkers: 1, grace: 30_000 })));
afterAll(() => pool.shutdown());

test("a worker gets the results of calls that it has submitted, without awaiting", async () => {
  expect(await pool.submit(tasks.sum, 1)).toBe(1);
  expect(await pool.submit(tasks.sum, 500)).toBe(125_250);
});

test("what the call threw is thrown, or given by `exception`", async () => {
  expect(await pool.submit(tasks.failing)).toEqual({
    looked: "no",
    thrown: { name: "RangeError", message: "no", cause: "inside" },
  });
});

test("after the timeout the call goes on", async () => {
  const { early, then, none } = await pool.submit(tasks.impatient);
  expect(early).toMatchObject({ name: "TimeoutError" });
  expect(early.message).toMatch(/^result\(20\) on .*: it has not ended in time$/);
  expect([then, none]).toEqual(["later", undefined]);
});

test.each(["exit", "exhaust"] as const)(
  "a thread that ends meanwhile (%s) is noticed, and its calls go elsewhere",
  async (how) => {
    const { thrown, next } = await pool.submit(tasks.losing, how);
    expect(thrown).toMatchObject({ name: "WorkerLostError" });
    expect(thrown.message).toContain(`while it ran '${how}'`);
    expect(next).toBe(3);
  },
);

test("a cancel ends the wait and the call that is waited for, and the thread lives on", () =>
  run(async () => {
    const { threadId } = await pool.submit(tasks.afterwards);
    const call = pool.submit(tasks.standing);
    while (!call.running()) await sleep(1);
    await sleep(20);
    call.cancel();
    const error: unknown = await call.then(null, (thrown: unknown) => thrown);
    expect(isCancelled(error)).toBe(true);
    expect(await pool.submit(tasks.afterwards)).toEqual({ threadId, ended: "asked" });
  }));

test("an initializer runs first", async () => {
  expect(await pool.submit(tasks.withInitializer)).toBe(7);
});

test("it is refused on the main thread, and where the loop is needed, with what to do", async () => {
  const call = pool.submit(tasks.add, 1, 2);
  expect(() => call.result(1000)).toThrow(
    /^result\(1000\) on .*the main thread must not stand still/,
  );
  expect(() => call.exception(1000)).toThrow(/await the call instead/);
  expect(await call).toBe(3);
  expect([call.result(0), call.exception(0)]).toEqual([3, undefined]);
  const { words, then } = await pool.submit(tasks.refused);
  expect(words).toEqual([
    expect.stringMatching(/^InvalidStateError: .*no pool of threads runs it; await it instead$/),
    expect.stringMatching(/^InvalidStateError: .*must be looked for; name it with task/),
    expect.stringMatching(/^InvalidStateError: .*no pool of threads runs it; await it instead$/),
    expect.stringMatching(/^TypeError: .*`timeout`|^RangeError: .*`timeout`/),
    expect.stringMatching(/^InvalidStateError/),
  ]);
  expect(then).toBe(3);
});
