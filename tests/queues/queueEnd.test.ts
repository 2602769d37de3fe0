/*
 * The end of a queue's work: join and shutdown, of every kind of queue, as asyncio's own tests have it.
 */
import { createTask, Queue, QueueShutDown, sleep, TaskDoneError, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { KINDS } from "./kinds.ts";

describe.each(KINDS)("join of a $kind", ({ make }) => {
  test("needs a put for each taskDone (CPython: test_queues _QueueJoinTestMixin.test_task_done_underflow)", () => {
    expect(() => make().taskDone()).toThrow(TaskDoneError);
  });

  test("waits until two workers have done all (CPython: test_queues _QueueJoinTestMixin.test_task_done)", () =>
    runVirtual(async () => {
      const queue = make();
      for (let item = 0; item < 100; item++) queue.putNowait(item);
      const state = { sum: 0, running: true };
      await taskGroup(async (group) => {
        for (let i = 0; i < 2; i++) {
          group.spawn(async () => {
            while (state.running) {
              const item = await queue.get();
              state.sum += item;
              queue.taskDone();
            }
          });
        }
        await queue.join();
        expect(state.sum).toBe(4950);
        state.running = false;
        for (let i = 0; i < 2; i++) queue.putNowait(0);
      });
      expect(queue.statistics()).toMatchObject({ size: 0, unfinished: 0, getting: 0 });
    }));

  test("does not wait before anything was put, again and again (CPython: test_queues _QueueJoinTestMixin.test_join_empty_queue)", () =>
    runVirtual(async () => {
      const queue = make();
      const log: string[] = [];
      createTask(async () => log.push("other"));
      await queue.join();
      await queue.join();
      expect(log).toEqual([]);
    }));
});

describe.each(KINDS)("shutdown of a $kind", ({ make }) => {
  const expectClosed = async (queue: Queue<number>): Promise<void> => {
    await expect(queue.put(9)).rejects.toThrow(QueueShutDown);
    expect(() => queue.putNowait(9)).toThrow(QueueShutDown);
    await expect(queue.get()).rejects.toThrow(QueueShutDown);
    expect(() => queue.getNowait()).toThrow(QueueShutDown);
  };

  test("without items ends who waits for one (CPython: test_queues _QueueShutdownTestMixin.test_shutdown_empty)", () =>
    runVirtual(async () => {
      const queue = make();
      const getter = createTask(() => queue.get());
      await sleep(0);
      queue.shutdown({ immediate: false });
      expect(queue.qsize()).toBe(0);
      await queue.join();
      await sleep(0);
      expect(getter.done()).toBe(true);
      await expect(getter).rejects.toThrow(QueueShutDown);
      await expectClosed(queue);
    }));

  test("with items refuses puts and gives out what is there (CPython: test_queues _QueueShutdownTestMixin.test_shutdown_nonempty)", () =>
    runVirtual(async () => {
      const queue = make(1);
      queue.putNowait(1);
      const joiner = createTask(() => queue.join());
      const putter = createTask(() => queue.put(2));
      await sleep(0);
      expect(putter.done()).toBe(false);
      queue.shutdown();
      expect(queue.qsize()).toBe(1);
      await sleep(0);
      expect(putter.done()).toBe(true);
      await expect(putter).rejects.toThrow(QueueShutDown);
      expect(await queue.get()).toBe(1);
      await sleep(0);
      expect(joiner.done()).toBe(false);
      await expectClosed(queue);
      queue.taskDone();
      await sleep(0);
      expect(joiner.done()).toBe(true);
      expect(() => queue.taskDone()).toThrow(TaskDoneError);
    }));

  test("at once drops the items and ends join (CPython: test_queues _QueueShutdownTestMixin.test_shutdown_immediate)", () =>
    runVirtual(async () => {
      const queue = make();
      queue.putNowait(1);
      const joiner = createTask(() => queue.join());
      queue.shutdown({ immediate: true });
      expect(queue.qsize()).toBe(0);
      await sleep(0);
      expect(joiner.done()).toBe(true);
      await expectClosed(queue);
      expect(() => queue.taskDone()).toThrow(TaskDoneError);
    }));

  test("at once leaves what is being worked on to be done (CPython: test_queues _QueueShutdownTestMixin.test_shutdown_immediate_with_unfinished)", () =>
    runVirtual(async () => {
      const queue = make();
      queue.putNowait(1);
      queue.putNowait(2);
      const joiner = createTask(() => queue.join());
      await queue.get();
      queue.shutdown({ immediate: true });
      expect(queue.qsize()).toBe(0);
      await sleep(0);
      expect(joiner.done()).toBe(false);
      await expectClosed(queue);
      queue.taskDone();
      expect(() => queue.taskDone()).toThrow(TaskDoneError);
      await sleep(0);
      expect(joiner.done()).toBe(true);
    }));
});
