import { createTask, LifoQueue, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("the newest item leaves first", () => {
  const queue = new LifoQueue<number>();
  for (const item of [1, 2, 3]) queue.putNowait(item);
  expect([queue.getNowait(), queue.getNowait(), queue.getNowait()]).toEqual([3, 2, 1]);
});

test("who waits to put is on top as soon as there is room", () =>
  runVirtual(async () => {
    const queue = new LifoQueue<number>(2);
    queue.putNowait(1);
    queue.putNowait(2);
    createTask(() => queue.put(3));
    await sleep(0);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([2, 3, 1]);
  }));

test("an immediate shutdown drops its items", () => {
  const queue = new LifoQueue<number>();
  queue.putNowait(1);
  queue.shutdown({ immediate: true });
  expect(queue.statistics()).toMatchObject({ size: 0, unfinished: 0, shutDown: true });
});
