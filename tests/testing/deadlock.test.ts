/*
 * The diagnosis of a deadlock: who waits for what, held or fed by whom, in sentences.
 */
import {
  Barrier,
  Broadcast,
  CapacityLimiter,
  Condition,
  createTask,
  Event,
  Future,
  gather,
  Lock,
  named,
  openChannel,
  PriorityQueue,
  Queue,
  Semaphore,
  sleep,
  suspend,
  taskGroup,
  Watch,
} from "ambit";
import { DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Spawns each function as a task of its name. */
async function together(bodies: Record<string, () => Promise<unknown>>): Promise<void> {
  await taskGroup((group) => {
    for (const [name, body] of Object.entries(bodies)) group.spawn(body, { name });
  });
}

async function deadlockOf(program: () => Promise<unknown>): Promise<DeadlockError> {
  const error = await runVirtual(program).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DeadlockError);
  return error as DeadlockError;
}

async function diagnosisOf(program: () => Promise<unknown>): Promise<readonly string[]> {
  return (await deadlockOf(program)).diagnosis;
}

describe("a circle", () => {
  test("through a lock and a queue is told from its oldest task", async () => {
    const error = await deadlockOf(async () => {
      const lock = new Lock();
      const queue = new Queue<number>();
      await together({
        A: async () => {
          await queue.put(1);
          await sleep(1);
          await lock.acquire();
        },
        B: async () => {
          using _ = await lock.acquire();
          for (;;) await queue.get();
        },
      });
    });
    expect(error.diagnosis).toEqual([
      "A waits for a Lock held by B, which waits for a Queue fed by A.",
    ]);
    expect(error.message).toBe(
      [
        "no task is ready and no timer is pending; these tasks wait for each other or for nothing",
        "A waits for a Lock held by B, which waits for a Queue fed by A.",
        error.tree,
      ].join("\n"),
    );
  });

  test("of two locks taken in opposite order numbers the locks, or names them", async () => {
    const opposite = (one: Lock, two: Lock) => () =>
      together({
        A: () => one.run(() => sleep(1).then(() => two.acquire())),
        B: () => two.run(() => sleep(1).then(() => one.acquire())),
      });
    expect(await diagnosisOf(opposite(new Lock(), new Lock()))).toEqual([
      "A waits for Lock #1 held by B, which waits for Lock #2 held by A.",
    ]);
    const [accounts, log] = [named("accounts", new Lock()), named("log", new Lock())];
    expect(await diagnosisOf(opposite(accounts, log))).toEqual([
      "A waits for Lock 'log' held by B, which waits for Lock 'accounts' held by A.",
    ]);
  });

  test("of one task that takes its lock twice", async () => {
    const twice =
      (lock: Lock | Semaphore): (() => Promise<unknown>) =>
      async () => {
        using _ = await lock.acquire();
        await lock.acquire();
      };
    expect(await diagnosisOf(twice(new Lock()))).toEqual([
      "main waits for a Lock that it holds itself.",
    ]);
    expect(await diagnosisOf(twice(new Semaphore()))).toEqual([
      "main waits for a Semaphore that it holds itself.",
    ]);
  });

  test("of tasks that await each other", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const holder: { b?: PromiseLike<unknown> } = {};
      const a = createTask(async (): Promise<unknown> => await holder.b, { name: "a" });
      holder.b = createTask(async (): Promise<unknown> => await a, { name: "b" });
      await a;
    });
    expect(diagnosis).toEqual(["a awaits b, which awaits a."]);
  });

  test("of three, with the tasks that only lead into it left to the tree", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const locks = [0, 1, 2].map((number) => named(`fork ${number}`, new Lock()));
      const dine = (seat: number) => async (): Promise<void> => {
        using _ = await (locks[seat] as Lock).acquire();
        await sleep(1);
        await locks[(seat + 1) % 3]?.acquire();
      };
      await together({
        kant: dine(0),
        hume: dine(1),
        mill: dine(2),
        guest: () => locks[0]!.acquire(),
      });
    });
    expect(diagnosis).toEqual([
      "kant waits for Lock 'fork 1' held by hume, which waits for Lock 'fork 2' held by mill, which waits for Lock 'fork 0' held by kant.",
    ]);
  });

  test("of a parent that waits for its children with what a child needs in its hands", async () => {
    const withGroup = async (lock: Lock): Promise<void> => {
      using _ = await lock.acquire();
      await taskGroup((group) => {
        group.spawn(() => lock.acquire(), { name: "child" });
        group.spawn(() => sleep(1), { name: "sibling" });
      });
    };
    expect(await diagnosisOf(() => withGroup(new Lock()))).toEqual([
      "main waits for child of its task group, which waits for a Lock held by main.",
    ]);
    const withGather = async (lock: Lock): Promise<void> => {
      using _ = await lock.acquire();
      const child = createTask(() => lock.acquire(), { name: "child" });
      const sibling = createTask(() => sleep(1), { name: "sibling" });
      await gather([sibling, child]);
    };
    expect(await diagnosisOf(() => withGather(new Lock()))).toEqual([
      "main awaits child, which waits for a Lock held by main.",
    ]);
  });

  test("through a full queue and an empty one", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const [requests, answers] = [new Queue<number>(1), new Queue<number>(1)];
      const client = async (): Promise<void> => {
        for (let n = 0; n < 6; n++) await requests.put(n);
        for (let n = 0; n < 6; n++) await answers.get();
      };
      const server = async (): Promise<void> => {
        for (;;) await answers.put(await requests.get());
      };
      await together({ client, server });
    });
    expect(diagnosis).toEqual([
      "client waits for full Queue #1 emptied by server, which waits for full Queue #2 that nobody has ever taken from.",
    ]);
  });
});

describe("a chain", () => {
  test("ends where nobody has ever done what it takes", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const bodies = {
        event: () => new Event().wait(),
        queue: () => new Queue().get(),
        heap: () => new PriorityQueue<number>((a, b) => a - b).get(),
        semaphore: () => new Semaphore(0).acquire(),
        receiver: () => receiver.receive(),
        future: async () => await new Future(),
        sleeper: () => sleep(Infinity),
      };
      await together(bodies);
      sender.close();
    });
    expect(diagnosis).toEqual([
      "event waits for an Event that nobody has ever set.",
      "queue waits for a Queue that nobody has ever put into.",
      "heap waits for a PriorityQueue that nobody has ever put into.",
      "semaphore waits for a Semaphore that nobody has ever released.",
      "receiver waits for a Receiver that nobody has ever sent to.",
      "future awaits a Future that nobody has set.",
      "sleeper sleeps for ever.",
    ]);
  });

  test("ends at a holder that has ended without releasing", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const pool = new Semaphore(2);
      const leak = (): Promise<unknown> => pool.acquire();
      await createTask(leak, { name: "tidy" });
      const clumsy = createTask(
        () => pool.acquire().then(() => Promise.reject(new Error("boom"))),
        {
          name: "clumsy",
        },
      );
      await clumsy.then(null, () => {});
      await createTask(leak, { name: "starving" });
    });
    expect(diagnosis).toEqual([
      "main awaits starving, which waits for a Semaphore held by tidy, which has ended without releasing it and clumsy, which has failed (Error: boom) without releasing it.",
    ]);
  });

  test("ends at a feeder that has ended", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const queue = named("jobs", new Queue<number>());
      createTask(() => queue.put(1), { name: "producer" });
      await queue.get();
      await queue.get();
    });
    expect(diagnosis).toEqual(["main waits for Queue 'jobs' fed by producer, which has ended."]);
  });

  test("of a lost notify: the condition was notified before anybody waited", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const condition = new Condition();
      await createTask(() => condition.run(() => condition.notify()), { name: "early" });
      await condition.run(() => condition.wait());
    });
    expect(diagnosis).toEqual(["main waits for a Condition notified by early, which has ended."]);
  });

  test("of a barrier with too few parties", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const barrier = new Barrier(3);
      await together({ A: () => barrier.wait(), B: () => barrier.wait() });
    });
    expect(diagnosis).toEqual([
      "A waits for a Barrier of 3 parties, of which 2 have come.",
      "B waits for a Barrier of 3 parties, of which 2 have come.",
    ]);
  });

  test("of a barrier that a task has left names it", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const barrier = new Barrier(2);
      await together({
        faithful: async () => {
          await barrier.wait();
          await barrier.wait();
        },
        deserter: () => barrier.wait(),
      });
    });
    expect(diagnosis).toEqual([
      "faithful waits for a Barrier of 2 parties, of which 1 has come; before came also deserter, which has ended.",
    ]);
  });

  test("of work that nobody reports done, and of an event that was cleared", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const queue = new Queue<number>();
      const event = new Event();
      const worker = async (): Promise<void> => {
        await queue.get();
        event.set();
        event.clear();
        await event.wait();
      };
      createTask(worker, { name: "worker" });
      await queue.put(1);
      await queue.join();
    });
    expect(diagnosis).toEqual([
      "worker waits for an Event that only itself has ever set.",
      "main waits for a Queue that nobody has ever called taskDone of.",
    ]);
  });

  test("of a broadcast and of a watched value", async () => {
    const diagnosis = await diagnosisOf(async () => {
      const news = new Broadcast<string>(4);
      const state = new Watch("starting");
      createTask(() => state.set("loading"), { name: "loader" });
      await together({
        subscriber: () => news.subscribe().receive(),
        watcher: () => state.waitFor((now) => now === "ready"),
      });
    });
    expect(diagnosis).toEqual([
      "subscriber waits for a Subscription that nobody has ever sent to.",
      "watcher waits for a Watch set by loader, which has ended.",
    ]);
  });

  test("of a wait that has no sentence of its own says where it waits, on what", async () => {
    const stubborn = (target: object): Promise<unknown> =>
      diagnosisOf(() => suspend(() => {}, target, "Radio.hear"));
    expect(await stubborn(new Map())).toEqual(["main waits in Radio.hear on a Map."]);
    expect(await stubborn(named("news", new Map()))).toEqual([
      "main waits in Radio.hear on Map 'news'.",
    ]);
  });

  test("through a token of a capacity limiter that is held by code outside any task", async () => {
    const limiter = new CapacityLimiter(1);
    await limiter.acquireOnBehalfOf(new Date(0));
    const diagnosis = await diagnosisOf(() => limiter.acquire());
    expect(diagnosis).toEqual([
      "main waits for a CapacityLimiter held by 1970-01-01T00:00:00.000Z.",
    ]);
  });

  test("of a task with several waits tells all of them", async () => {
    const diagnosis = await diagnosisOf(() =>
      Promise.all([new Event().wait(), new Queue().get(), new Event().wait()]),
    );
    expect(diagnosis).toEqual([
      "main waits for Event #1 that nobody has ever set and waits for a Queue that nobody has ever put into and waits for Event #2 that nobody has ever set.",
    ]);
  });

  test("is told for a dozen tasks, and counted for the rest", async () => {
    const diagnosis = await diagnosisOf(
      async () => await gather(Array.from({ length: 20 }, () => () => new Event().wait())),
    );
    expect(diagnosis).toHaveLength(13);
    expect(diagnosis[0]).toMatch(/^Task-\d+ waits for Event #1 that nobody has ever set\.$/);
    expect(diagnosis.at(-1)).toBe("(and 8 more)");
  });
});

test("in debug mode each wait is told with its line", async () => {
  const stuck = runVirtual(
    async () => {
      const lock = new Lock();
      await lock.acquire();
      await lock.acquire();
    },
    { debug: true },
  );
  const error = await stuck.catch((thrown: unknown) => thrown);
  expect((error as DeadlockError).diagnosis).toEqual([
    expect.stringMatching(
      /^main waits for a Lock that it holds itself \(at tests\/testing\/deadlock\.test\.ts:\d+\)\.$/,
    ),
  ]);
});

test("notes of feeders are taken in virtual time only", async () => {
  const queue = new Queue<number>();
  await queue.put(1);
  await queue.get();
  expect(await diagnosisOf(() => queue.get())).toEqual([
    "main waits for a Queue that nobody has ever put into.",
  ]);
});
