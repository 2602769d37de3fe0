import { inspect } from "node:util";
import {
  CancelledError,
  CancelScope,
  createTask,
  formatTaskTree,
  getRunningLoop,
  LifoQueue,
  moveOnAfter,
  PriorityQueue,
  Queue,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  sleep,
  TaskDoneError,
  taskGroup,
  waitFor,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

/** Every kind of queue; what is said of `Queue` holds for all of them. */
const kinds = [
  { kind: "Queue", make: (maxsize?: number) => new Queue<number>(maxsize) },
  { kind: "LifoQueue", make: (maxsize?: number) => new LifoQueue<number>(maxsize) },
  {
    kind: "PriorityQueue",
    make: (maxsize?: number) => new PriorityQueue<number>((a, b) => a - b, maxsize),
  },
];

/** Lets every task that is ready run until it waits. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await sleep(0);
}

describe.each(kinds)("$kind: items", ({ make }) => {
  test("an item that is put can be got", () =>
    runVirtual(async () => {
      const queue = make();
      await queue.put(1);
      expect(queue.qsize()).toBe(1);
      expect(await queue.get()).toBe(1);
      expect(queue.empty()).toBe(true);
    }));

  test("an item goes directly to who waits for one", () =>
    runVirtual(async () => {
      const queue = make();
      const getting = createTask(() => queue.get());
      await settle();
      queue.putNowait(7);
      expect(queue.qsize()).toBe(0);
      expect(() => queue.getNowait()).toThrow(QueueEmpty);
      expect(await getting).toBe(7);
    }));

  test("those who wait to get are served in the order in which they came", () =>
    runVirtual(async () => {
      const queue = make();
      const log: string[] = [];
      for (const name of ["a", "b", "c"]) {
        createTask(async () => log.push(`${name}${await queue.get()}`));
      }
      await settle();
      for (const item of [1, 2, 3]) queue.putNowait(item);
      await settle();
      expect(log).toEqual(["a1", "b2", "c3"]);
    }));

  test("those who wait to put are served in the order in which they came", () =>
    runVirtual(async () => {
      const queue = make(1);
      await queue.put(0);
      const log: string[] = [];
      for (const [index, name] of ["a", "b", "c"].entries()) {
        createTask(async () => {
          await queue.put(index);
          log.push(name);
        });
      }
      await settle();
      for (let i = 1; i <= 3; i++) {
        queue.getNowait();
        await settle();
        expect(log).toHaveLength(i);
      }
      expect(log).toEqual(["a", "b", "c"]);
    }));

  test("a newcomer cannot barge in: the room goes to who waits for it", () =>
    runVirtual(async () => {
      const queue = make(1);
      await queue.put(1);
      const waiting = createTask(() => queue.put(2));
      await settle();
      expect(queue.getNowait()).toBe(1);
      expect(() => queue.putNowait(3)).toThrow(QueueFull);
      await waiting;
      expect(queue.getNowait()).toBe(2);
    }));

  test("get with an item there and put with room do not suspend", () =>
    runVirtual(async () => {
      const queue = make(1);
      const log: string[] = [];
      createTask(async () => log.push("another task"));
      await queue.put(1);
      await queue.get();
      log.push("both done");
      await settle();
      expect(log).toEqual(["both done", "another task"]);
    }));
});

describe("bounds", () => {
  test("a queue is full at maxsize, and put waits for room", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(2);
      queue.putNowait(1);
      expect(queue.full()).toBe(false);
      queue.putNowait(2);
      expect(queue.full()).toBe(true);
      const putting = createTask(() => queue.put(3));
      await settle();
      expect(putting.done()).toBe(false);
      expect(queue.getNowait()).toBe(1);
      await putting;
      expect(queue.qsize()).toBe(2);
    }));

  test.each([undefined, 0, -1, Infinity])("maxsize %s takes any number of items", (maxsize) => {
    const queue = new Queue<number>(maxsize);
    for (let item = 0; item < 3000; item++) queue.putNowait(item);
    expect([queue.full(), queue.maxsize, queue.qsize()]).toEqual([false, 0, 3000]);
    for (let item = 0; item < 3000; item++) expect(queue.getNowait()).toBe(item);
    expect(queue.empty()).toBe(true);
  });

  test("items keep their order however the queue grows, shrinks and wraps round", () => {
    const rounds = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 40 })), { maxLength: 30 });
    fc.assert(
      fc.property(rounds, (program) => {
        const queue = new Queue<number>();
        let put = 0;
        let got = 0;
        for (const [puts, gets] of program) {
          for (let i = 0; i < puts; i++) queue.putNowait(put++);
          for (let i = 0; i < gets && got < put; i++) expect(queue.getNowait()).toBe(got++);
          expect(queue.qsize()).toBe(put - got);
        }
      }),
    );
  });

  test.each([
    [1.5, RangeError, "Expected `maxsize` to be an integer, got `1.5` (number)"],
    [NaN, RangeError, "Expected `maxsize` to be an integer, got `NaN` (number)"],
    ["3", TypeError, "Expected `maxsize` to be an integer, got `'3'` (string)"],
    [null, TypeError, "Expected `maxsize` to be an integer, got `null` (null)"],
  ])("maxsize %o is refused", (maxsize, type, message) => {
    const make = () => new Queue(maxsize as number);
    expect(make).toThrow(type);
    expect(make).toThrow(message);
  });

  test("without items getNowait throws QueueEmpty, without room putNowait throws QueueFull (CPython: test_queues QueueGetTests.test_nonblocking_get_exception, QueuePutTests.test_nonblocking_put_exception)", () => {
    const queue = new Queue<number>(1);
    expect(() => queue.getNowait()).toThrow(
      new QueueEmpty(
        "getNowait on an empty queue: Queue { size: 0, maxsize: 1, getting: 0, putting: 0 }",
      ),
    );
    queue.putNowait(1);
    expect(() => queue.putNowait(2)).toThrow(
      new QueueFull(
        "putNowait on a full queue: Queue { size: 1, maxsize: 1, getting: 0, putting: 0 }",
      ),
    );
    expect([new QueueEmpty().name, new QueueFull().name]).toEqual(["QueueEmpty", "QueueFull"]);
  });
});

describe("cancellation", () => {
  test("a cancelled get takes nothing, and the next in line is served", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const first = createTask(() => queue.get());
      const second = createTask(() => queue.get());
      await settle();
      first.cancel();
      queue.putNowait(1);
      await expect(first).rejects.toThrow(CancelledError);
      expect(await second).toBe(1);
      expect(queue.statistics().getting).toBe(0);
    }));

  test("a cancelled put puts nothing", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      const putting = createTask(() => queue.put(2));
      await settle();
      putting.cancel();
      await expect(putting).rejects.toThrow(CancelledError);
      expect(queue.statistics().putting).toBe(0);
      expect(queue.getNowait()).toBe(1);
      expect(queue.empty()).toBe(true);
    }));

  test("an item that was handed over is kept when a cancel comes before the getter runs", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const getting = createTask(() => queue.get());
      await settle();
      queue.putNowait(1);
      getting.cancel();
      expect(await getting).toBe(1);
    }));

  test("an item that was let in is kept when a cancel comes before the putter runs", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      const log: string[] = [];
      const putting = createTask(async () => {
        await queue.put(2);
        log.push("put");
      });
      await settle();
      queue.getNowait();
      putting.cancel();
      await putting;
      expect([log, queue.getNowait()]).toEqual([["put"], 2]);
    }));

  test("a get that does not wait is no point of cancellation", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      const scope = new CancelScope();
      const log: unknown[] = [];
      await scope.run(async () => {
        scope.cancel();
        log.push(await queue.get());
        await queue.put(2);
        log.push("put");
        await sleep(1);
        log.push("not reached");
      });
      expect(log).toEqual([1, "put"]);
    }));

  test("a get past its time takes nothing", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      expect((await moveOnAfter(5, () => queue.get())).cancelledCaught).toBe(true);
      queue.putNowait(1);
      expect(queue.qsize()).toBe(1);
    }));

  test.each([undefined, 1, 2, 3])(
    "wherever a task is cancelled, no item is lost or doubled (seed %s)",
    async (seed) => {
      const scenario = async () => {
        const queue = new Queue<number>(1);
        const putIn: number[] = [];
        const taken: number[] = [];
        try {
          await taskGroup(async (group) => {
            for (const base of [0, 100]) {
              group.spawn(async () => {
                for (let item = base; item < base + 4; item++) {
                  await queue.put(item);
                  putIn.push(item);
                }
              });
              group.spawn(async () => {
                for await (const item of queue) {
                  taken.push(item);
                  await sleep(1);
                }
              });
            }
            await sleep(1000);
            queue.shutdown();
          });
        } finally {
          while (!queue.empty()) taken.push(queue.getNowait());
          expect(sorted(taken)).toEqual(sorted(putIn));
          const { getting, putting, unfinished } = queue.statistics();
          expect([getting, putting, unfinished]).toEqual([0, 0, putIn.length]);
        }
      };
      const points = await cancelEverywhere(scenario, seed === undefined ? {} : { seed });
      expect(points).toBeGreaterThan(12);
    },
  );
});

function sorted(items: readonly number[]): number[] {
  return items.toSorted((a, b) => a - b);
}

describe("taskDone and join", () => {
  test("join waits until every item that was put is done", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const worker = createTask(async () => {
        for (;;) {
          const ms = await queue.get();
          await sleep(ms);
          queue.taskDone();
        }
      });
      for (const item of [10, 20, 30]) queue.putNowait(item);
      await queue.join();
      expect(getRunningLoop().time()).toBe(60);
      expect(queue.statistics().unfinished).toBe(0);
      worker.cancel();
    }));

  test("join of a queue that was never used returns at once", () =>
    runVirtual(async () => {
      await new Queue().join();
      expect(getRunningLoop().time()).toBe(0);
    }));

  test("a cancelled join leaves the others waiting", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      const [first, second] = [createTask(() => queue.join()), createTask(() => queue.join())];
      await settle();
      first.cancel();
      await settle();
      expect(queue.statistics().joining).toBe(1);
      queue.getNowait();
      queue.taskDone();
      await second;
      expect(first.cancelled()).toBe(true);
    }));

  test("an item that a waiting putter puts counts from the moment it is in the queue", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      createTask(() => queue.put(2));
      await settle();
      expect(queue.statistics().unfinished).toBe(1);
      queue.getNowait();
      expect(queue.statistics().unfinished).toBe(2);
    }));

  test("taskDone is refused when nothing is unfinished", () => {
    const queue = new Queue<number>();
    queue.putNowait(1);
    queue.getNowait();
    queue.taskDone();
    expect(() => queue.taskDone()).toThrow(TaskDoneError);
    expect(() => queue.taskDone()).toThrow(
      "taskDone was called more often than items were put: call it once for each item",
    );
  });
});

describe("shutdown", () => {
  test("puts fail at once, gets fail once the queue is empty", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      queue.shutdown();
      await expect(queue.put(2)).rejects.toThrow(QueueShutDown);
      expect(() => queue.putNowait(2)).toThrow(QueueShutDown);
      expect(await queue.get()).toBe(1);
      await expect(queue.get()).rejects.toThrow(
        "get on a queue that was shut down: Queue { size: 0, maxsize: 0, getting: 0, putting: 0, shut down }",
      );
      expect(() => queue.getNowait()).toThrow(QueueShutDown);
    }));

  test("who waits to put fails, the items in the queue stay (asyncio's order)", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      const putting = createTask(() => queue.put(2));
      await settle();
      queue.shutdown();
      await expect(putting).rejects.toThrow(QueueShutDown);
      expect(await queue.get()).toBe(1);
      await expect(queue.get()).rejects.toThrow(QueueShutDown);
    }));

  test("all who wait to get fail", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const getting = [createTask(() => queue.get()), createTask(() => queue.get())];
      await settle();
      queue.shutdown();
      for (const task of getting) await expect(task).rejects.toThrow(QueueShutDown);
      expect(queue.statistics().getting).toBe(0);
    }));

  test("shutdown waits for nobody: join goes on until the items are done", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      const joining = createTask(() => queue.join());
      queue.shutdown();
      await settle();
      expect(joining.done()).toBe(false);
      queue.getNowait();
      queue.taskDone();
      await joining;
    }));

  test("with immediate, the items are dropped and join is over", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      queue.putNowait(2);
      const joining = createTask(() => queue.join());
      await settle();
      queue.shutdown({ immediate: true });
      await joining;
      expect(queue.empty()).toBe(true);
      await expect(queue.get()).rejects.toThrow(QueueShutDown);
    }));

  test("with immediate, join still waits for the items that are being worked on", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      queue.putNowait(1);
      queue.putNowait(2);
      queue.getNowait();
      const joining = createTask(() => queue.join());
      await settle();
      queue.shutdown({ immediate: true });
      await settle();
      expect(joining.done()).toBe(false);
      queue.taskDone();
      await joining;
    }));

  test("may be called again, and be made immediate", () => {
    const queue = new Queue<number>();
    queue.putNowait(1);
    queue.shutdown();
    queue.shutdown();
    expect(queue.qsize()).toBe(1);
    queue.shutdown({ immediate: true });
    expect(queue.qsize()).toBe(0);
  });

  test("takes true or false only", () => {
    expect(() => new Queue().shutdown({ immediate: 1 as never })).toThrow(
      "Expected `options.immediate` to be true or false, got `1` (number)",
    );
  });
});

describe("iteration", () => {
  test("takes items until the queue is shut down and empty", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const seen: number[] = [];
      const consumer = createTask(async () => {
        for await (const item of queue) seen.push(item);
      });
      queue.putNowait(1);
      queue.putNowait(2);
      await settle();
      await queue.put(3);
      queue.putNowait(4);
      queue.shutdown();
      await consumer;
      expect(seen).toEqual([1, 2, 3, 4]);
    }));

  test("shares the items among the loops, each to one", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const seen: string[] = [];
      await taskGroup(async (group) => {
        for (const name of ["a", "b"]) {
          group.spawn(async () => {
            for await (const item of queue) {
              seen.push(`${name}${item}`);
              await sleep(1);
            }
          });
        }
        await settle();
        for (const item of [1, 2, 3, 4]) await queue.put(item);
        queue.shutdown();
      });
      expect(seen).toEqual(["a1", "b2", "a3", "b4"]);
    }));

  test("leaving the loop leaves the queue as it is", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      for (const item of [1, 2, 3]) queue.putNowait(item);
      for await (const item of queue) if (item === 2) break;
      expect([queue.qsize(), await queue.get()]).toEqual([1, 3]);
    }));

  test("gives a task that is an item as it is, while get gives its outcome", () =>
    runVirtual(async () => {
      const queue = new Queue<PromiseLike<number>>();
      const task = createTask(() => sleep(1, 42));
      queue.putNowait(task);
      const items = queue[Symbol.asyncIterator]();
      expect((await items.next()).value).toBe(task);
      const waiting = items.next();
      queue.putNowait(task);
      expect((await waiting).value).toBe(task);
      queue.putNowait(task);
      expect(await queue.get()).toBe(42);
    }));

  test("a cancelled loop takes nothing", () =>
    runVirtual(async () => {
      const queue = new Queue<number>();
      const consumer = createTask(async () => {
        for await (const _ of queue);
      });
      await settle();
      consumer.cancel();
      queue.putNowait(1);
      await settle();
      expect([consumer.cancelled(), queue.qsize()]).toEqual([true, 1]);
    }));
});

describe("diagnostics", () => {
  test("statistics is a frozen record", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      createTask(() => queue.put(2));
      await settle();
      const statistics = queue.statistics();
      expect(statistics).toEqual({
        size: 1,
        maxsize: 1,
        getting: 0,
        putting: 1,
        joining: 0,
        unfinished: 1,
        shutDown: false,
      });
      expect(Object.isFrozen(statistics)).toBe(true);
    }));

  test.each(kinds)("$kind prints what is in it and who waits", ({ kind, make }) =>
    runVirtual(async () => {
      const queue = make(10);
      createTask(() => queue.get());
      await settle();
      expect(inspect(queue)).toBe(`${kind} { size: 0, maxsize: 10, getting: 1, putting: 0 }`);
    }),
  );

  test("the task tree says who waits for which queue", () =>
    runVirtual(async () => {
      const queue = new Queue<number>(1);
      queue.putNowait(1);
      createTask(() => queue.put(2), { name: "producer" });
      createTask(() => queue.join(), { name: "boss" });
      await settle();
      const tree = formatTaskTree();
      expect(tree).toContain(
        "producer  Queue.put(Queue { size: 1, maxsize: 1, getting: 0, putting: 1 })",
      );
      expect(tree).toContain("boss  Queue.join(");
    }));

  test("a producer and a consumer that wait for each other are a deadlock", async () => {
    const program = () => waitFor(() => new Queue().get(), Infinity);
    await expect(runVirtual(program)).rejects.toThrow("Queue.get(Queue { size: 0");
  });
});
