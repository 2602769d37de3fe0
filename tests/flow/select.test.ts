/*
 * select: one of several waits happens, and the others have taken nothing.
 */
import { inspect } from "node:util";
import {
  after,
  allTasks,
  AlreadyBorrowingError,
  CancelledError,
  CapacityLimiter,
  ClosedChannelError,
  createTask,
  currentTask,
  EndOfChannel,
  Event,
  Future,
  getRunningLoop,
  InvalidStateError,
  Lock,
  openChannel,
  Queue,
  QueueShutDown,
  RateLimiter,
  run,
  select,
  Semaphore,
  sleep,
  timeout,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => error,
  );

describe("when clauses are ready", () => {
  test("the first in order wins, and the others are not touched", async () => {
    await runVirtual(async () => {
      const first = new Queue<string>();
      const second = new Queue<string>();
      const lock = new Lock();
      first.putNowait("a");
      second.putNowait("b");
      const chosen = await select({ never: new Event(), second, first, lock });
      expect(chosen).toEqual({ name: "second", value: "b" });
      expect([first.qsize(), second.qsize(), lock.locked()]).toEqual([1, 0, false]);
      expect(getRunningLoop().time()).toBe(0);
    });
  });

  test("a function is not even called", async () => {
    await runVirtual(async () => {
      let called = false;
      const chosen = await select({ fn: () => (called = true), go: after(0) });
      expect([chosen.name, called]).toEqual(["go", false]);
    });
  });

  test("after(0), written last, makes a select that does not wait", async () => {
    await runVirtual(async () => {
      const queue = new Queue<number>();
      expect(await select({ queue, empty: after(0) })).toEqual({ name: "empty", value: undefined });
      queue.putNowait(1);
      expect(await select({ queue, empty: after(0) })).toEqual({ name: "queue", value: 1 });
    });
  });

  test("fair, each of them wins at some time, and the order is repeatable in virtual time", async () => {
    const winners = (): Promise<string[]> =>
      runVirtual(async () => {
        const names: string[] = [];
        for (let i = 0; i < 30; i++) {
          names.push(
            (await select({ a: after(0), b: after(0), c: after(0) }, { fair: true })).name,
          );
        }
        return names;
      });
    const seen = await winners();
    expect(new Set(seen)).toEqual(new Set(["a", "b", "c"]));
    expect(await winners()).toEqual(seen);
  });
});

/** Each kind of clause: what is selected on, how it comes to happen, what it gives, and what is left when it lost. */
interface Kind {
  clause: unknown;
  happens: () => void;
  value: unknown;
  rest: () => unknown;
}

const kinds: Record<string, () => Kind> = {
  "a queue's get": () => {
    const queue = new Queue<string>();
    return {
      clause: queue,
      happens: () => queue.putNowait("item"),
      value: "item",
      rest: () => [queue.statistics().getting, queue.qsize() > 0 && queue.getNowait()],
    };
  },
  "a queue's put": () => {
    const queue = new Queue<string>(1);
    queue.putNowait("before");
    return {
      clause: queue.putting("item"),
      happens: () => void queue.getNowait(),
      value: undefined,
      rest: () => queue.statistics().putting,
    };
  },
  "a channel's receive": () => {
    const { sender, receiver } = openChannel<string>(0);
    return {
      clause: receiver,
      happens: () => void sender.send("item"),
      value: "item",
      rest: () => receiver.statistics().receiving,
    };
  },
  "a channel's send": () => {
    const { sender, receiver } = openChannel<string>(0);
    return {
      clause: sender.sending("item"),
      happens: () => void receiver.receive(),
      value: undefined,
      rest: () => receiver.statistics().sending,
    };
  },
  "a lock's acquire": () => {
    const lock = new Lock();
    const held = lock.tryAcquire();
    return {
      clause: lock,
      happens: () => held?.release(),
      value: expect.objectContaining({ reusable: true }),
      rest: () => lock.statistics().waiting,
    };
  },
  "a semaphore's acquire": () => {
    const semaphore = new Semaphore(0);
    return {
      clause: semaphore,
      happens: () => semaphore.release(),
      value: expect.objectContaining({ reusable: true }),
      rest: () => semaphore.statistics().waiting,
    };
  },
  "a limiter's acquire": () => {
    const limiter = new CapacityLimiter(0);
    return {
      clause: limiter,
      happens: () => (limiter.totalTokens = 1),
      value: expect.objectContaining({ reusable: true }),
      rest: () => limiter.statistics().waiting,
    };
  },
  "an event": () => {
    const event = new Event();
    return {
      clause: event,
      happens: () => event.set(),
      value: undefined,
      rest: () => event.statistics().waiting,
    };
  },
  "a future": () => {
    const future = new Future<string>();
    return {
      clause: future,
      happens: () => future.setResult("result"),
      value: "result",
      rest: () => [future.cancelled(), future.waiters],
    };
  },
};

const others = Object.entries(kinds);

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("waiting, on the %s loop", (_name, start) => {
  test.each(others)("%s wins when it happens first", async (_kind, make) => {
    await start(async () => {
      const { clause, happens, value } = make();
      const lost = new Event();
      const selecting = createTask(() => select({ lost, won: clause as Event, late: after(1000) }));
      await sleep(1);
      happens();
      expect(await selecting).toEqual({ name: "won", value });
      expect(lost.statistics().waiting).toBe(0);
    });
  });

  test.each(others)(
    "%s loses to what happens in the same instant before it, and takes nothing",
    async (_kind, make) => {
      await start(async () => {
        const { clause, happens, rest } = make();
        const untouched = make();
        const event = new Event();
        const selecting = createTask(() => select({ loser: clause as Event, event }));
        await sleep(1);
        event.set();
        happens();
        untouched.happens();
        expect(await selecting).toEqual({ name: "event", value: undefined });
        expect(rest()).toEqual(untouched.rest());
      });
    },
  );

  test.each(others)("%s is given up when the select is cancelled", async (_kind, make) => {
    await start(async () => {
      const { clause, rest } = make();
      const untouched = make();
      const before = rest();
      const selecting = createTask(() => select({ event: new Event(), other: clause as Event }));
      await sleep(1);
      selecting.cancel();
      await expect(selecting).rejects.toThrow(CancelledError);
      expect(selecting.cancelling()).toBe(1);
      expect(rest()).toEqual(before);
      untouched.happens();
    });
  });
});

describe("a guard that was selected", () => {
  test("is the caller's, and gives back what it was lent for", async () => {
    await runVirtual(async () => {
      const lock = new Lock();
      const before = lock.tryAcquire();
      const selecting = createTask(async () => {
        const chosen = await select({ lock, never: new Event() });
        expect(lock.statistics().holder).toBe(currentTask());
        chosen.value?.release();
      });
      await sleep(1);
      before?.release();
      await selecting;
      expect(lock.locked()).toBe(false);
    });
  });
});

describe("order", () => {
  test("who selects stands in the line with all others: first come, first served", async () => {
    await runVirtual(async () => {
      const queue = new Queue<number>();
      const got: string[] = [];
      createTask(async () => void got.push(`get ${await queue.get()}`));
      createTask(async () => void got.push(`select ${(await select({ queue })).value}`));
      createTask(async () => void got.push(`get ${await queue.get()}`));
      await sleep(1);
      for (const item of [1, 2, 3]) queue.putNowait(item);
      await sleep(1);
      expect(got).toEqual(["get 1", "select 2", "get 3"]);
    });
  });

  test("two queues filled in one step: one item is taken, the other stays where it was, at the front", async () => {
    await runVirtual(async () => {
      const a = new Queue<number>();
      const b = new Queue<number>();
      const selecting = createTask(() => select({ a, b }));
      await sleep(1);
      for (const item of [1, 2, 3]) {
        b.putNowait(item);
        a.putNowait(item * 10);
      }
      expect(await selecting).toEqual({ name: "b", value: 1 });
      expect([a.getNowait(), b.getNowait()]).toEqual([10, 2]);
    });
  });

  test("two selects on the two ends of one channel meet", async () => {
    await runVirtual(async () => {
      const { sender, receiver } = openChannel<string>(0);
      const idle = new Event();
      const [sent, received] = [
        createTask(() => select({ idle, sent: sender.sending("hello") })),
        createTask(() => select({ idle, received: receiver })),
      ];
      expect([(await sent).name, await received]).toEqual([
        "sent",
        { name: "received", value: "hello" },
      ]);
      expect(idle.statistics().waiting).toBe(0);
    });
  });

  test("the two ends of a channel of capacity 0 cannot be selected on at once: it would meet itself", async () => {
    await runVirtual(async () => {
      const { sender, receiver } = openChannel<string>(0);
      const error = await caught(select({ got: receiver, sent: sender.sending("to myself") }));
      expect(error).toBeInstanceOf(InvalidStateError);
      expect((error as Error).message).toMatch(/^select: clause 'sent' would complete through/);
      expect(receiver.statistics()).toMatchObject({ receiving: 0, sending: 0, size: 0 });
    });
  });
});

describe("a clause that fails", () => {
  test("is the select's failure: a queue that is shut down, a channel that ends", async () => {
    await runVirtual(async () => {
      const queue = new Queue<number>();
      const event = new Event();
      const waiting = createTask(() => select({ event, queue }));
      await sleep(1);
      queue.shutdown();
      await expect(waiting).rejects.toThrow(QueueShutDown);
      await expect(select({ event, queue })).rejects.toThrow(QueueShutDown);
      await expect(select({ event, putting: queue.putting(1) })).rejects.toThrow(QueueShutDown);
      const { sender, receiver } = openChannel<number>(0);
      const receiving = createTask(() => select({ event, receiver }));
      await sleep(1);
      sender.close();
      await expect(receiving).rejects.toThrow(EndOfChannel);
      expect(event.statistics().waiting).toBe(0);
    });
  });

  test("several sends through one end that is closed: one fails, the others are given up", async () => {
    await runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const other = sender.clone();
      const sending = createTask(() => select({ a: sender.sending(1), b: sender.sending(2) }));
      const waiting = createTask(() => other.send(3));
      await sleep(1);
      sender.close();
      await expect(sending).rejects.toThrow(ClosedChannelError);
      expect(receiver.statistics().sending).toBe(1);
      expect(await receiver.receive()).toBe(3);
      await waiting;
    });
  });

  test("a limiter whose token the task has refuses at once", async () => {
    await runVirtual(async () => {
      const limiter = new CapacityLimiter(1);
      await limiter.acquire();
      await expect(select({ limiter, never: new Event() })).rejects.toThrow(AlreadyBorrowingError);
    });
  });
});

describe("tasks and functions", () => {
  test("a task or future that loses goes on; a failure of one that wins is thrown", async () => {
    await runVirtual(async () => {
      const task = createTask(() => sleep(10, "done"));
      expect((await select({ task, late: after(1) })).name).toBe("late");
      expect(await select({ task, late: after(100) })).toEqual({ name: "task", value: "done" });
      expect(await select({ task, late: after(100) })).toEqual({ name: "task", value: "done" });
      const failing = createTask(async () => {
        await sleep(1);
        throw new Error("boom");
      });
      await expect(select({ failing, late: after(100) })).rejects.toThrow("boom");
    });
  });

  test("a failure of a task that had lost is not taken as looked at", async () => {
    const seen: string[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ exception }) => seen.push(String(exception)));
      const future = new Future<never>();
      const event = new Event();
      const selecting = createTask(() => select({ event, future }));
      await sleep(1);
      future.setException(new Error("unseen"));
      event.set();
      expect((await selecting).name).toBe("event");
    });
    expect(seen).toEqual(["Error: unseen"]);
  });

  test("a function that loses is cancelled, and the select returns when it has ended", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const chosen = await select({
        async slow() {
          try {
            await sleep(1000);
          } finally {
            await sleep(5);
            log.push(`ended at ${getRunningLoop().time()}`);
          }
        },
        fast: async () => sleep(1, "fast"),
      });
      expect([chosen, log]).toEqual([{ name: "fast", value: "fast" }, ["ended at 6"]]);
      expect(allTasks()).toEqual([currentTask()]);
    });
  });

  test("what was chosen is not dropped by a cancel that comes while a function that lost is ending", async () => {
    await runVirtual(async () => {
      const queue = new Queue<string>();
      const log: string[] = [];
      const task = createTask(async () => {
        const slow = (): Promise<void> => sleep(1000).finally(() => log.push("slow ended"));
        const deaf = async (): Promise<void> => {
          await sleep(1000).catch(() => {});
          await sleep(10).catch(() => {});
        };
        log.push((await select({ queue, slow, deaf })).name);
        await sleep(1);
        log.push("never");
      });
      await sleep(1);
      queue.putNowait("item");
      await sleep(1);
      task.cancel();
      await expect(task).rejects.toThrow(CancelledError);
      expect([...log, queue.qsize()]).toEqual(["slow ended", "queue", 0]);
    });
  });

  test("a function that came to its end although it had lost gives its value back", async () => {
    await runVirtual(async () => {
      const semaphore = new Semaphore(0);
      const event = new Event();
      const selecting = createTask(() =>
        select(
          { event, permit: () => semaphore.acquire() },
          { giveBack: { permit: (guard) => guard.release() } },
        ),
      );
      await sleep(1);
      event.set();
      semaphore.release();
      expect((await selecting).name).toBe("event");
      expect(semaphore.statistics()).toEqual({ value: 1, waiting: 0 });
    });
  });

  test("a function that fails when it is cancelled is reported; a function that wins by failing is thrown", async () => {
    const seen: string[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ message, exception }) =>
        seen.push(`${message}: ${String(exception)}`),
      );
      await select({
        late: after(1),
        failing: () =>
          sleep(1000).catch(() => {
            throw new Error("clean-up failed");
          }),
      });
      const work = select({
        late: after(100),
        failing: async () => {
          await sleep(1);
          throw new Error("boom");
        },
      });
      await expect(work).rejects.toThrow("boom");
    });
    expect(seen).toEqual([
      "a clause of a select that had lost failed when it was cancelled: Error: clean-up failed",
    ]);
  });

  test("cancelled from outside, its functions are cancelled and waited for", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const work = timeout(5, () =>
        select({
          never: new Event(),
          slow: async () => {
            try {
              await sleep(1000);
            } finally {
              await sleep(5);
              log.push(`ended at ${getRunningLoop().time()}`);
            }
          },
        }),
      );
      await expect(work).rejects.toThrow("timed out after 5 ms");
      expect(log).toEqual(["ended at 10"]);
    });
  });
});

test("a promise can win, and is let go when it loses; it is work outside, so the time is real", async () => {
  await run(async () => {
    let resolve!: (value: string) => void;
    const promise = new Promise<string>((done) => (resolve = done));
    expect((await select({ promise, late: after(1) })).name).toBe("late");
    const selecting = createTask(() => select({ promise, never: new Event() }));
    await sleep(0);
    resolve("settled");
    expect(await selecting).toEqual({ name: "promise", value: "settled" });
    const failing = Promise.reject(new Error("boom"));
    await expect(select({ failing, never: new Event() })).rejects.toThrow("boom");
  });
});

test("a rate limiter and a time can be clauses", async () => {
  await runVirtual(async () => {
    const limiter = new RateLimiter({ rate: 1, per: 10 });
    expect((await select({ limiter, late: after(1) })).name).toBe("limiter");
    expect((await select({ limiter, late: after(1) })).name).toBe("late");
    expect((await select({ limiter, late: after(100) })).name).toBe("limiter");
    expect(getRunningLoop().time()).toBe(10);
    expect((await select({ late: after(Infinity), soon: after(1) })).name).toBe("soon");
  });
});

test("with a cancel asked for, nothing is begun", async () => {
  await runVirtual(async () => {
    const queue = new Queue<number>();
    const task = createTask(async () => {
      currentTask()?.cancel();
      await select({ queue, event: new Event() });
    });
    await expect(task).rejects.toThrow(CancelledError);
    expect(queue.statistics().getting).toBe(0);
  });
});

test("a task tells all that it waits for when printed", async () => {
  await runVirtual(async () => {
    const queue = new Queue<number>();
    const task = createTask(() => select({ queue, event: new Event(), late: after(10) }));
    await sleep(1);
    expect(inspect(task)).toContain("waitFor=Queue.get,Event.wait,sleep");
    await task;
  });
});

test("cancelled at any await point, it has taken nothing or it has won", async () => {
  const points = await cancelEverywhere(async () => {
    const queue = new Queue<number>();
    const lock = new Lock();
    const held = lock.tryAcquire();
    let fed = 0;
    createTask(async () => {
      await sleep(2);
      queue.putNowait(++fed);
      held?.release();
    });
    let won = 0;
    try {
      won += (await select({ lock, queue, fn: () => sleep(50) })).name === "queue" ? 1 : 0;
    } finally {
      expect(queue.statistics().getting + lock.statistics().waiting).toBe(0);
      expect([won + queue.qsize(), lock.locked()]).toEqual([fed, fed === 0]);
    }
  });
  expect(points).toBeGreaterThanOrEqual(4);
});

test("what is no clause is refused", async () => {
  const event = new Event();
  expect(await caught(select({}))).toEqual(
    new RangeError("Expected `clauses` to be at least one clause, got `{}` (object)"),
  );
  expect(await caught(select(null as never))).toBeInstanceOf(TypeError);
  expect(String(await caught(select({ event, wrong: 5 as never })))).toBe(
    "TypeError: Expected `clauses.wrong` to be something to select on, such as a queue, a task or a function, got `5` (number)",
  );
  expect(() => after(Number.NaN)).toThrow("`ms`");
});
