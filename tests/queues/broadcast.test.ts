/*
 * Broadcast: every item to every subscriber, and who is too slow is told how many it missed.
 */
import { inspect } from "node:util";
import {
  after,
  Broadcast,
  ClosedChannelError,
  createTask,
  EndOfChannel,
  Event,
  gather,
  LaggedError,
  run,
  select,
  sleep,
  type Subscription,
  WouldBlock,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, integer, nat, option, record } from "fast-check";
import { describe, expect, test } from "vitest";

const collect = async <T>(items: AsyncIterable<T>, into: T[] = []): Promise<T[]> => {
  for await (const item of items) into.push(item);
  return into;
};

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("each subscriber receives all that is sent after it subscribed, until the end", async () => {
    await start(async () => {
      const broadcast = new Broadcast<number>(4);
      const first = createTask(() => collect(early));
      const early = broadcast.subscribe();
      expect(broadcast.send(1)).toBe(1);
      const late = broadcast.subscribe();
      await sleep(0);
      expect([broadcast.send(2), broadcast.send(3)]).toEqual([2, 2]);
      broadcast.close();
      expect([await first, await collect(late)]).toEqual([
        [1, 2, 3],
        [2, 3],
      ]);
    });
  });
});

describe("a subscriber that is too slow", () => {
  const filled = (): { broadcast: Broadcast<number>; slow: Subscription<number> } => {
    const broadcast = new Broadcast<number>(2);
    const slow = broadcast.subscribe();
    for (const item of [1, 2, 3, 4, 5]) broadcast.send(item);
    return { broadcast, slow };
  };

  test("is told once how many it missed, then goes on with the oldest that is left", async () => {
    await runVirtual(async () => {
      const { broadcast, slow } = filled();
      expect(slow.statistics()).toEqual({ behind: 5, missed: 0, receiving: 0 });
      const error = await slow.receive().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LaggedError);
      expect((error as LaggedError).missed).toBe(3);
      expect((error as Error).message).toBe(
        "receive on a subscription that was too slow: 3 of its items are gone, and the next call goes on with the " +
          "oldest that is left; give the broadcast more capacity, or subscribe with `onLag`",
      );
      expect([await slow.receive(), slow.receiveNowait()]).toEqual([4, 5]);
      expect(slow.statistics()).toEqual({ behind: 0, missed: 3, receiving: 0 });
      for (const item of [6, 7, 8]) broadcast.send(item);
      expect(() => slow.receiveNowait()).toThrow(new LaggedError("receiveNowait", 1));
      expect(slow.statistics().missed).toBe(4);
    });
  });

  test("is told so when it iterates, too, and may iterate on", async () => {
    await runVirtual(async () => {
      const { broadcast, slow } = filled();
      const seen: number[] = [];
      await expect(collect(slow, seen)).rejects.toThrow(LaggedError);
      broadcast.close();
      expect(await collect(slow, seen)).toEqual([4, 5]);
    });
  });

  test("with onLag, is told by a call, and goes on", async () => {
    await runVirtual(async () => {
      const broadcast = new Broadcast<number>(1);
      const missed: number[] = [];
      const slow = broadcast.subscribe({ onLag: (count) => missed.push(count) });
      for (const item of [1, 2, 3]) broadcast.send(item);
      expect(await slow.receive()).toBe(3);
      for (const item of [4, 5]) broadcast.send(item);
      broadcast.close();
      expect([await collect(slow), missed, slow.statistics().missed]).toEqual([[5], [2, 1], 3]);
    });
  });

  test("slows down neither who sends nor the others", async () => {
    await runVirtual(async () => {
      const broadcast = new Broadcast<number>(1);
      const slow = broadcast.subscribe();
      const fast = createTask(() => collect(broadcast.subscribe()));
      await sleep(0);
      for (let item = 0; item < 5; item++) {
        broadcast.send(item);
        await sleep(1);
      }
      broadcast.close();
      expect(await fast).toEqual([0, 1, 2, 3, 4]);
      expect(slow.statistics().behind).toBe(5);
    });
  });
});

test("tasks that receive through one subscription share its items, in the order in which they came", async () => {
  await runVirtual(async () => {
    const broadcast = new Broadcast<number>(8);
    const shared = broadcast.subscribe();
    const other = broadcast.subscribe();
    const got = gather([
      () => shared.receive(),
      () => shared.receive(),
      () => other.receive(),
      () => shared.receive(),
    ]);
    await sleep(1);
    expect(shared.statistics().receiving).toBe(3);
    for (const item of [1, 2, 3]) broadcast.send(item);
    expect(await got).toEqual([1, 2, 1, 3]);
    expect([other.receiveNowait(), other.receiveNowait()]).toEqual([2, 3]);
  });
});

describe("the end", () => {
  test("comes after what was sent; who waits gets it at once; nothing can be sent or subscribed to any more", async () => {
    await runVirtual(async () => {
      const broadcast = new Broadcast<number>(2);
      const behind = broadcast.subscribe();
      const waiting = createTask(() => broadcast.subscribe().receive());
      const iterating = createTask(() => collect(broadcast.subscribe()));
      await sleep(0);
      broadcast.send(1);
      expect(await waiting).toBe(1);
      const last = createTask(() => broadcast.subscribe().receive());
      await sleep(0);
      broadcast.close();
      broadcast.close();
      await expect(last).rejects.toThrow(EndOfChannel);
      expect(await iterating).toEqual([1]);
      expect(await behind.receive()).toBe(1);
      await expect(behind.receive()).rejects.toThrow(
        "receive on a broadcast that was closed, and whose items were all received",
      );
      expect(() => behind.receiveNowait()).toThrow(EndOfChannel);
      expect(() => broadcast.send(2)).toThrow(ClosedChannelError);
      expect(() => broadcast.subscribe()).toThrow("subscribe to Broadcast { size: 1, capacity: 2");
    });
  });

  test("of a subscription fails what waits in it, and lets go of what was kept for it", async () => {
    await runVirtual(async () => {
      const broadcast = new Broadcast<number>(2);
      const subscription = broadcast.subscribe();
      const waiting = createTask(() => subscription.receive());
      await sleep(0);
      subscription.close();
      subscription.close();
      await expect(waiting).rejects.toThrow(
        "Subscription.receive was waiting when its subscription was closed",
      );
      await expect(subscription.receive()).rejects.toThrow(ClosedChannelError);
      expect(inspect(subscription)).toBe("Subscription { closed }");
      {
        using _ = broadcast.subscribe();
        expect(broadcast.send(1)).toBe(1);
        expect(broadcast.statistics()).toMatchObject({ size: 1, subscribers: 1 });
      }
      expect(broadcast.statistics()).toMatchObject({ size: 0, subscribers: 0 });
      expect(broadcast.send(2)).toBe(0);
      expect(broadcast.statistics()).toMatchObject({ size: 0, sent: 2 });
    });
  });
});

test("a subscription can be a clause of select; when it loses, it has received nothing", async () => {
  await runVirtual(async () => {
    const broadcast = new Broadcast<string>(2);
    const subscription = broadcast.subscribe();
    const event = new Event();
    const selecting = createTask(() => select({ event, news: subscription }));
    await sleep(1);
    event.set();
    broadcast.send("first");
    expect((await selecting).name).toBe("event");
    expect(await select({ news: subscription, late: after(1) })).toEqual({
      name: "news",
      value: "first",
    });
    const twice = createTask(() => select({ a: subscription, b: subscription }));
    await sleep(1);
    broadcast.send("second");
    expect([await twice, subscription.statistics()]).toEqual([
      { name: "a", value: "second" },
      { behind: 0, missed: 0, receiving: 0 },
    ]);
  });
});

test("tells its state in numbers and when printed", async () => {
  await runVirtual(async () => {
    const broadcast = new Broadcast<number>(3);
    const subscription = broadcast.subscribe();
    const waiting = createTask(() => broadcast.subscribe().receive());
    await sleep(0);
    expect(inspect(broadcast)).toBe(
      "Broadcast { size: 0, capacity: 3, sent: 0, subscribers: 2, receiving: 1, closed: false }",
    );
    broadcast.send(1);
    await waiting;
    expect(inspect(subscription)).toBe("Subscription { behind: 1, missed: 0, receiving: 0 }");
    expect(Object.isFrozen(broadcast.statistics())).toBe(true);
    expect(subscription.receiveNowait()).toBe(1);
    expect(() => subscription.receiveNowait()).toThrow(
      new WouldBlock("receiveNowait on Subscription { behind: 0, missed: 0, receiving: 0 }"),
    );
  });
});

test("a deadlock report says who has fed it, or that nobody has", async () => {
  const never = runVirtual(() => new Broadcast<number>(1).subscribe().receive());
  await expect(never).rejects.toThrow("main waits for a Subscription that nobody has ever sent to");
  const once = runVirtual(async () => {
    const broadcast = new Broadcast<number>(1);
    const subscription = broadcast.subscribe();
    const sending = createTask(async () => broadcast.send(await subscription.receive()), {
      name: "echo",
    });
    broadcast.send(1);
    await sending;
    await subscription.receive();
    await subscription.receive();
  });
  await expect(once).rejects.toThrow(
    "main waits for a Subscription fed by itself and echo, which has ended",
  );
});

test("wants a capacity of at least 1, and a function to tell", () => {
  for (const wrong of [0, -1, 1.5, Infinity, Number.NaN])
    expect(() => new Broadcast(wrong)).toThrow(RangeError);
  expect(() => new Broadcast(1).subscribe({ onLag: 5 as never })).toThrow("`options.onLag`");
});

test("cancelled at any await point, a subscriber has received an item or it is there for the next call", async () => {
  const points = await cancelEverywhere(
    async () => {
      const broadcast = new Broadcast<number>(4);
      const subscription = broadcast.subscribe();
      const got: number[] = [];
      createTask(async () => {
        for (const item of [1, 2]) {
          await sleep(1);
          broadcast.send(item);
        }
      });
      try {
        got.push(await subscription.receive());
        got.push(await subscription.receive());
      } finally {
        while (subscription.statistics().behind > 0) got.push(subscription.receiveNowait());
        expect(got).toEqual([1, 2].slice(0, broadcast.statistics().sent));
        expect(subscription.statistics().receiving).toBe(0);
      }
    },
    { only: (task) => task.name === "main" },
  );
  expect(points).toBe(2);
});

test("what a subscriber received and missed is all that was sent to it, in order, under every schedule", async () => {
  const reader = record({
    comes: nat(10),
    pause: nat(4),
    cancelled: option(nat(20), { nil: undefined }),
  });
  await assert(
    asyncProperty(
      array(nat(2), { maxLength: 20 }),
      array(reader, { minLength: 1, maxLength: 4 }),
      integer({ min: 1, max: 4 }),
      nat(),
      async (pauses, readers, capacity, seed) => {
        await runVirtual(
          async () => {
            const broadcast = new Broadcast<number>(capacity);
            const tasks = readers.map(({ comes, pause }) =>
              createTask(async () => {
                await sleep(comes);
                if (broadcast.statistics().closed) return;
                const from = broadcast.statistics().sent;
                let next = from;
                using subscription = broadcast.subscribe({ onLag: (missed) => (next += missed) });
                for await (const item of subscription) {
                  expect(item).toBe(next++);
                  await sleep(pause);
                }
                expect(next).toBe(pauses.length);
              }),
            );
            readers.forEach(({ cancelled }, index) => {
              if (cancelled === undefined) return;
              createTask(() => sleep(cancelled).then(() => void tasks[index]?.cancel()));
            });
            for (const [item, pause] of pauses.entries()) {
              await sleep(pause);
              broadcast.send(item);
              expect(broadcast.statistics().size).toBeLessThanOrEqual(capacity);
            }
            broadcast.close();
            for (const result of await Promise.allSettled(tasks)) {
              const reason = result.status === "rejected" ? (result.reason as Error).name : "";
              expect(["", "CancelledError"]).toContain(reason);
            }
            await sleep(100);
            expect(broadcast.statistics()).toMatchObject({ size: 0, subscribers: 0, receiving: 0 });
          },
          { seed },
        );
      },
    ),
    { seed: 20_261_124, numRuns: 150 },
  );
});
