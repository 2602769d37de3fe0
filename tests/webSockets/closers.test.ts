/**
 * Who waits for the end of a WebSocket's connection, and what a cancel of theirs does to it.
 */
import { CancelScope, createTask, run, sleep } from "ambit";
import { cancelEverywhere } from "ambit/testing";
import { expect, test } from "vitest";
import { Closers } from "../../src/webSockets/closers.ts";

test("all go on when it is down, in the order in which they came", () =>
  run(async () => {
    let cuts = 0;
    const closers = new Closers("WebSocket", () => cuts++);
    const order: string[] = [];
    const tasks = ["first", "second", "third"].map((name) =>
      createTask(async () => {
        await closers.wait();
        order.push(name);
      }),
    );
    await sleep(0);
    expect(order).toEqual([]);
    closers.settle();
    for (const task of tasks) await task;
    expect(order).toEqual(["first", "second", "third"]);
    expect(cuts).toBe(0);
  }));

test("who is cancelled cuts the connection, and the others find it down", () =>
  run(async () => {
    const closers: Closers = new Closers("WebSocket", () => closers.settle());
    const other = createTask(() => closers.wait());
    const task = createTask(() => closers.wait());
    await sleep(0);
    task.cancel();
    await other;
    await expect(Promise.resolve(task)).rejects.toThrow("cancel");
    expect(task.cancelled()).toBe(true);
  }));

test("a wait that a cancel forbids cuts it too", () =>
  run(async () => {
    let cuts = 0;
    const closers = new Closers("WebSocket", () => cuts++);
    const scope = new CancelScope();
    scope.cancel();
    const cut = await scope.run(() => closers.wait());
    expect([cut.cancelledCaught, cuts]).toEqual([true, 1]);
  }));

test("a cancel at any point leaves nobody behind", async () => {
  const points = await cancelEverywhere(async () => {
    const closers: Closers = new Closers("WebSocket", () => closers.settle());
    const closing = createTask(() => closers.wait());
    await sleep(0);
    closers.settle();
    await closing;
  });
  expect(points).toBeGreaterThan(1);
});
