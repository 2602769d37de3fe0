/*
 * Queues, step by step: who waits, who goes on in which turn, and what a cancel or a shutdown does to them, as asyncio's
 * own tests have it.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  createTask,
  Event,
  getRunningLoop,
  Queue,
  QueueFull,
  sleep,
  taskGroup,
  TimeoutError,
  waitFor,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { KINDS } from "./kinds.ts";

describe("what it says of itself", () => {
  test("prints how many items it has, and who waits to get and to put (CPython: test_queues QueueBasicTests.test_repr, QueueBasicTests.test_str)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      const getter = createTask(() => queue.get());
      await sleep(0);
      expect(inspect(queue)).toBe("Queue { size: 0, maxsize: 1, getting: 1, putting: 0 }");
      queue.putNowait(0);
      expect(await getter).toBe(0);
      queue.putNowait(1);
      const putter = createTask(() => queue.put(2));
      await sleep(0);
      expect(inspect(queue)).toBe("Queue { size: 1, maxsize: 1, getting: 0, putting: 1 }");
      queue.getNowait();
      await putter;
      expect(inspect(queue)).toBe("Queue { size: 1, maxsize: 1, getting: 0, putting: 0 }");
    }));

  test.each(KINDS)(
    "$kind counts what is unfinished (CPython: test_queues _QueueJoinTestMixin.test_format)",
    ({ make }) => {
      const queue = make();
      expect(queue.statistics()).toMatchObject({ maxsize: 0, unfinished: 0 });
      queue.putNowait(1);
      queue.putNowait(2);
      queue.getNowait();
      expect(queue.statistics()).toMatchObject({ maxsize: 0, unfinished: 2 });
    },
  );

  test("it is empty until the first put and after the last get (CPython: test_queues QueueBasicTests.test_empty)", async () => {
    const queue = new Queue<number>();
    expect(queue.empty()).toBe(true);
    await queue.put(1);
    expect(queue.empty()).toBe(false);
    expect(await queue.get()).toBe(1);
    expect(queue.empty()).toBe(true);
  });

  test("it is full at maxsize, and without one never (CPython: test_queues QueueBasicTests.test_full)", async () => {
    expect(new Queue().full()).toBe(false);
    const queue = new Queue<number>(1);
    await queue.put(1);
    expect(queue.full()).toBe(true);
  });
});

describe("put", () => {
  test("of what there is no room for waits, and goes on in the turn after a get (CPython: test_queues QueueBasicTests.test_maxsize)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(2);
      const put: number[] = [];
      const putter = createTask(async () => {
        for (let i = 0; i < 3; i++) {
          await queue.put(i);
          put.push(i);
        }
      });
      await sleep(0);
      await sleep(0);
      expect([queue.maxsize, put]).toEqual([2, [0, 1]]);
      expect(await queue.get()).toBe(0);
      await sleep(0);
      expect(put).toEqual([0, 1, 2]);
      expect([await queue.get(), await queue.get(), putter.done()]).toEqual([1, 2, true]);
    }));

  test("does not wait where any number is taken (CPython: test_queues QueuePutTests.test_blocking_put, QueuePutTests.test_nonblocking_put, QueueGetTests.test_nonblocking_get, QueueGetTests.test_blocking_get)", async () => {
    const queue = new Queue<number>();
    await queue.put(1);
    expect(await queue.get()).toBe(1);
    queue.putNowait(2);
    expect(queue.getNowait()).toBe(2);
    queue.putNowait(3);
    expect(await queue.get()).toBe(3);
  });

  test("that waits goes on when a timer takes an item (CPython: test_queues QueuePutTests.test_blocking_put_wait)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      const started = new Event();
      let finished = false;
      getRunningLoop().callLater(10, () => void queue.getNowait());
      const putter = createTask(async () => {
        started.set();
        await queue.put(1);
        await queue.put(2);
        finished = true;
      });
      await started.wait();
      expect(finished).toBe(false);
      await putter;
      expect([finished, getRunningLoop().time(), queue.getNowait()]).toEqual([true, 10, 2]);
    }));

  test("that was cancelled right after it was let in is not done twice by who tries again (CPython: test_queues QueuePutTests.test_put_cancel_drop)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      const writer = createTask(() => queue.put(2));
      await sleep(0);
      expect(queue.getNowait()).toBe(1);
      writer.cancel();
      await writer.then(null, () => queue.put(2));
      expect([queue.getNowait(), queue.qsize()]).toEqual([2, 0]);
    }));

  test("that was let in is done, a cancel before its task runs or not (CPython, differs: test_queues QueuePutTests.test_cancelled_put_silence_value_error_exception)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      const putter = createTask(() => queue.put(2));
      await sleep(0);
      queue.getNowait();
      putter.cancel();
      expect(await putter).toBeUndefined();
      expect([putter.cancelled(), queue.getNowait()]).toEqual([false, 2]);
    }));

  test("that waits and is cancelled leaves no trace (CPython: test_queues QueuePutTests.test_cancelled_puts_not_being_held_in_self_putters)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      const putter = createTask(() => queue.put(2));
      await sleep(0);
      expect(queue.statistics().putting).toBe(1);
      putter.cancel();
      await expect(putter).rejects.toThrow(CancelledError);
      expect(queue.statistics()).toMatchObject({ putting: 0, size: 1 });
    }));

  test("in a task of its own reaches who waits for it (CPython: test_queues QueuePutTests.test_put_cancelled)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const putter = createTask(() => queue.put(1).then(() => "put"));
      expect(await queue.get()).toBe(1);
      expect([putter.done(), putter.result()]).toEqual([true, "put"]);
    }));

  test("that is cancelled behind another does not disturb it (CPython: test_queues QueuePutTests.test_put_cancelled_race)", () =>
    runVirtual(async () => {
      const queue = new Queue<string>(1);
      const [a, b, c] = ["a", "b", "X"].map((item) => createTask(() => queue.put(item)));
      await sleep(0);
      expect([a?.done(), b?.done()]).toEqual([true, false]);
      c?.cancel();
      await sleep(0);
      expect(c?.done()).toBe(true);
      expect(queue.getNowait()).toBe("a");
      await sleep(0);
      expect(queue.getNowait()).toBe("b");
      await b;
    }));

  test("several at once all get in, whenever somebody makes room (CPython: test_queues QueuePutTests.test_why_are_putters_waiting)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(2);
      const taken: number[] = [];
      await taskGroup(async (group) => {
        group.spawn(async () => {
          await sleep(0);
          for (let left = queue.qsize(); left > 0; left--) taken.push(queue.getNowait());
        });
        for (const item of [0, 1, 2, 3]) group.spawn(() => queue.put(item));
      });
      expect([taken, queue.qsize()]).toEqual([[0, 1], 2]);
    }));

  test("of more than a fraction of a maxsize cannot be: a maxsize is an integer (CPython, differs: test_queues QueuePutTests.test_float_maxsize)", () => {
    expect(() => new Queue(1.3)).toThrow(
      new RangeError("Expected `maxsize` to be an integer, got `1.3` (number)"),
    );
    const queue = new Queue<number>(2);
    queue.putNowait(1);
    queue.putNowait(2);
    expect(() => queue.putNowait(3)).toThrow(QueueFull);
  });
});

describe("get", () => {
  test("lets in who waits to put (CPython: test_queues QueueGetTests.test_get_with_putters, QueueGetTests.test_get_with_waiting_putters)", () =>
    runVirtual(async () => {
      const queue = new Queue<string>(1);
      const putters = ["a", "b"].map((item) => createTask(() => queue.put(item)));
      expect(await queue.get()).toBe("a");
      await sleep(0);
      expect(putters.map((task) => task.done())).toEqual([true, true]);
      expect(putters.map((task) => task.result())).toEqual([undefined, undefined]);
      expect(await queue.get()).toBe("b");
    }));

  test("waits for what a timer puts (CPython: test_queues QueueGetTests.test_blocking_get_wait)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const started = new Event();
      let finished = false;
      const getter = createTask(async () => {
        started.set();
        const item = await queue.get();
        finished = true;
        return item;
      });
      await started.wait();
      expect(finished).toBe(false);
      getRunningLoop().callLater(10, () => queue.putNowait(1));
      expect(await getter).toBe(1);
      expect([finished, getRunningLoop().time()]).toEqual([true, 10]);
    }));

  test("that was cancelled is passed over by a later put (CPython: test_queues QueueGetTests.test_get_cancelled_race)", () =>
    runVirtual(async () => {
      const queue = new Queue<string>();
      const [first, second] = [createTask(() => queue.get()), createTask(() => queue.get())];
      await sleep(0);
      first.cancel();
      await sleep(0);
      expect(first.done()).toBe(true);
      await queue.put("a");
      await sleep(0);
      expect(await second).toBe("a");
    }));

  test("and put in turn bring all items through a queue of one (CPython: test_queues QueueGetTests.test_why_are_getters_waiting)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      const taken: number[] = [];
      await taskGroup(async (group) => {
        group.spawn(async () => {
          for (let item = 0; item < 5; item++) await queue.put(item);
        });
        group.spawn(async () => {
          for (let i = 0; i < 5; i++) taken.push(await queue.get());
        });
      });
      expect(taken).toEqual([0, 1, 2, 3, 4]);
    }));

  test("past its time leaves no trace (CPython: test_queues QueueGetTests.test_cancelled_getters_not_being_held_in_self_getters)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(5);
      await expect(waitFor(() => queue.get(), 100)).rejects.toThrow(TimeoutError);
      expect(queue.statistics().getting).toBe(0);
    }));

  test("in the turn before a put gets what is put (CPython: test_queues QueuePutTests.test_put_with_waiting_getters)", () =>
    runVirtual(async () => {
      const queue = new Queue<string>();
      const getter = createTask(() => queue.get());
      await sleep(0);
      await queue.put("a");
      expect(await getter).toBe("a");
    }));

  test("that was cancelled right after its item came loses nothing and passes nothing over (CPython: test_queues QueuePutTests.test_get_cancel_drop_one_pending_reader)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const reader = createTask(() => queue.get());
      await sleep(0);
      queue.putNowait(1);
      queue.putNowait(2);
      reader.cancel();
      const item = await reader.then(null, () => queue.get());
      expect(item).toBe(1);
    }));

  test("that has its item keeps it in spite of a cancel; the next item is the next reader's (CPython, differs: test_queues QueuePutTests.test_get_cancel_drop_many_pending_readers)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      await taskGroup(async (group) => {
        const readers = [1, 2, 3].map(() => group.spawn(() => queue.get()));
        await sleep(0);
        queue.putNowait(1);
        queue.putNowait(2);
        readers[0]?.cancel();
        expect([await readers[0], await readers[1]]).toEqual([1, 2]);
        expect(readers[2]?.done()).toBe(false);
        queue.putNowait(3);
        expect(await readers[2]).toBe(3);
      });
    }));
});

test.each([
  ["Queue", "first in, first out", "QueueBasicTests", [1, 3, 2]],
  ["LifoQueue", "newest first", "LifoQueueTests", [2, 3, 1]],
  ["PriorityQueue", "least first", "PriorityQueueTests", [1, 2, 3]],
] as const)(
  "%s gives items %s (CPython: test_queues %s.test_order)",
  async (kind, _order, _name, expected) => {
    const queue = KINDS.find((each) => each.kind === kind)?.make() as Queue<number>;
    for (const item of [1, 3, 2]) await queue.put(item);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(expected);
  },
);
