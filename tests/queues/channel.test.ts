import { inspect } from "node:util";
import {
  BrokenChannelError,
  CancelledError,
  ClosedChannelError,
  createTask,
  EndOfChannel,
  formatTaskTree,
  openChannel,
  sleep,
  taskGroup,
  WouldBlock,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Lets every task that is ready run until it waits. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await sleep(0);
}

describe("sending and receiving", () => {
  test("items are received in the order in which they were sent", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(3);
      for (const item of [1, 2, 3]) await sender.send(item);
      sender.close();
      expect(await collect(receiver)).toEqual([1, 2, 3]);
    }));

  test("with capacity 0 sender and receiver meet, whoever comes first", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<string>(0);
      const log: string[] = [];
      const sending = createTask(async () => {
        await sender.send("a");
        log.push("sent a");
        await sleep(10);
        await sender.send("b");
        log.push("sent b");
      });
      await settle();
      expect(log).toEqual([]);
      log.push(`got ${await receiver.receive()}`);
      await settle();
      log.push(`got ${await receiver.receive()}`);
      await sending;
      expect(log).toEqual(["got a", "sent a", "sent b", "got b"]);
    }));

  test("send waits while the channel is full", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(1);
      await sender.send(1);
      const sending = createTask(() => sender.send(2));
      await settle();
      expect(sending.done()).toBe(false);
      expect(await receiver.receive()).toBe(1);
      await sending;
      expect(await receiver.receive()).toBe(2);
    }));

  test("an endless channel never makes a sender wait", () => {
    const { sender, receiver } = openChannel<number>(Infinity);
    for (let item = 0; item < 2000; item++) sender.sendNowait(item);
    expect(receiver.statistics()).toMatchObject({ size: 2000, capacity: Infinity });
  });

  test("those who wait to receive are served in the order in which they came", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const log: string[] = [];
      for (const name of ["a", "b", "c"]) {
        createTask(async () => log.push(`${name}${await receiver.clone().receive()}`));
      }
      await settle();
      for (const item of [1, 2, 3]) await sender.send(item);
      await settle();
      expect(log).toEqual(["a1", "b2", "c3"]);
    }));

  test("those who wait to send are served in the order in which they came", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<string>(0);
      for (const item of ["a", "b", "c"]) createTask(() => sender.clone().send(item));
      await settle();
      expect([
        await receiver.receive(),
        await receiver.receive(),
        await receiver.receive(),
      ]).toEqual(["a", "b", "c"]);
    }));

  test("sendNowait and receiveNowait throw WouldBlock where they would have to wait", () => {
    const { sender, receiver } = openChannel<number>(1);
    expect(() => receiver.receiveNowait()).toThrow(
      new WouldBlock(
        "receiveNowait on an empty channel: Receiver { size: 0, capacity: 1, senders: 1, receivers: 1, sending: 0, receiving: 0 }",
      ),
    );
    sender.sendNowait(1);
    expect(() => sender.sendNowait(2)).toThrow(
      "sendNowait on a full channel: Sender { size: 1, capacity: 1, senders: 1, receivers: 1, sending: 0, receiving: 0 }",
    );
    expect(receiver.receiveNowait()).toBe(1);
    expect(new WouldBlock().name).toBe("WouldBlock");
  });

  test("sendNowait reaches who waits, at capacity 0 too", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      expect(() => sender.sendNowait(1)).toThrow(WouldBlock);
      const receiving = createTask(() => receiver.receive());
      await settle();
      sender.sendNowait(2);
      expect(await receiving).toBe(2);
    }));

  test("an iterator gives a task that is an item as it is", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<PromiseLike<number>>(1);
      const task = createTask(() => sleep(1, 42));
      const items = receiver[Symbol.asyncIterator]();
      const waiting = items.next();
      sender.sendNowait(task);
      expect((await waiting).value).toBe(task);
      sender.sendNowait(task);
      expect((await items.next()).value).toBe(task);
      await task;
    }));

  test.each([
    [-1, RangeError, "Expected `capacity` to be an integer of at least 0, got `-1` (number)"],
    [1.5, RangeError, "Expected `capacity` to be an integer of at least 0, got `1.5` (number)"],
    ["1", TypeError, "Expected `capacity` to be an integer of at least 0, got `'1'` (string)"],
  ])("capacity %o is refused", (capacity, type, message) => {
    expect(() => openChannel(capacity as number)).toThrow(type);
    expect(() => openChannel(capacity as number)).toThrow(message);
  });
});

describe("closing senders", () => {
  test("iteration ends when the last clone is closed, not before", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(10);
      const clone = sender.clone();
      const collecting = createTask(() => collect(receiver));
      await sender.send(1);
      sender.close();
      await settle();
      expect(collecting.done()).toBe(false);
      await clone.send(2);
      clone.close();
      expect(await collecting).toEqual([1, 2]);
    }));

  test("what was sent is received before the end", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(2);
      await sender.send(1);
      await sender.send(2);
      sender.close();
      expect(await receiver.receive()).toBe(1);
      expect(receiver.receiveNowait()).toBe(2);
      await expect(receiver.receive()).rejects.toThrow(
        new EndOfChannel("receive on a channel that is empty and whose senders are all closed"),
      );
      expect(() => receiver.receiveNowait()).toThrow(EndOfChannel);
      expect(await collect(receiver)).toEqual([]);
    }));

  test("who waits to receive hears of the end", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const receiving = createTask(() => receiver.receive());
      await settle();
      sender.close();
      await expect(receiving).rejects.toThrow(EndOfChannel);
    }));

  test("a sender that was closed sends no more, and cannot be cloned", () =>
    runVirtual(async () => {
      const { sender } = openChannel<number>(1);
      const clone = sender.clone();
      sender.close();
      sender.close();
      const message = "on a Sender that was closed: use a clone() of it, or close it later";
      await expect(sender.send(1)).rejects.toThrow(new ClosedChannelError(`send ${message}`));
      expect(() => sender.sendNowait(1)).toThrow(`sendNowait ${message}`);
      expect(() => sender.clone()).toThrow(`clone ${message}`);
      await clone.send(1);
      expect(clone.statistics().senders).toBe(1);
    }));

  test("closing a sender fails the sends that wait in it, and no others", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<string>(0);
      const clone = sender.clone();
      const mine = createTask(() => sender.send("mine"));
      const other = createTask(() => clone.send("other"));
      const mineToo = createTask(() => sender.send("mine, too"));
      await settle();
      sender.close();
      await expect(mine).rejects.toThrow(
        "Sender.send was waiting when this end of the channel was closed",
      );
      await expect(mineToo).rejects.toThrow(ClosedChannelError);
      expect(await receiver.receive()).toBe("other");
      await other;
    }));
});

describe("closing receivers", () => {
  test("send fails when the last receiver is closed, before or meanwhile", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(1);
      const clone = receiver.clone();
      receiver.close();
      await sender.send(1);
      const waiting = createTask(() => sender.send(2));
      await settle();
      clone.close();
      const broken = new BrokenChannelError("send on a channel whose receivers are all closed");
      await expect(waiting).rejects.toThrow(broken);
      await expect(sender.send(3)).rejects.toThrow(broken);
      expect(() => sender.sendNowait(3)).toThrow(BrokenChannelError);
    }));

  test("what was not received is dropped with the last receiver", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(2);
      await sender.send(1);
      receiver.close();
      expect(sender.statistics()).toMatchObject({ size: 0, receivers: 0 });
    }));

  test("a receiver that was closed receives no more, and cannot be cloned", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(1);
      const clone = receiver.clone();
      await sender.send(1);
      receiver.close();
      receiver.close();
      const message = "on a Receiver that was closed: use a clone() of it, or close it later";
      await expect(receiver.receive()).rejects.toThrow(
        new ClosedChannelError(`receive ${message}`),
      );
      expect(() => receiver.receiveNowait()).toThrow(`receiveNowait ${message}`);
      expect(() => receiver.clone()).toThrow(`clone ${message}`);
      await expect(collect(receiver)).rejects.toThrow(ClosedChannelError);
      expect(await clone.receive()).toBe(1);
    }));

  test("closing a receiver fails what waits in it, and no others", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const clone = receiver.clone();
      const mine = createTask(() => receiver.receive());
      const looping = createTask(() => collect(receiver));
      const other = createTask(() => clone.receive());
      await settle();
      receiver.close();
      await expect(mine).rejects.toThrow(
        "Receiver.receive was waiting when this end of the channel was closed",
      );
      await expect(looping).rejects.toThrow(ClosedChannelError);
      await sender.send(1);
      expect(await other).toBe(1);
    }));

  test("leaving a loop leaves the channel as it is", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(3);
      for (const item of [1, 2, 3]) await sender.send(item);
      for await (const item of receiver) if (item === 2) break;
      expect(await receiver.receive()).toBe(3);
    }));

  test("both ends are disposable", () => {
    const { sender, receiver } = openChannel<number>(1);
    const clone = sender.clone();
    sender[Symbol.dispose]();
    receiver[Symbol.dispose]();
    expect(clone.statistics()).toMatchObject({ senders: 1, receivers: 0 });
  });
});

describe("cancellation", () => {
  test("a cancelled send has sent nothing, a cancelled receive has received nothing", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const sending = createTask(() => sender.send(1));
      await settle();
      sending.cancel();
      await expect(sending).rejects.toThrow(CancelledError);
      const receiving = createTask(() => receiver.receive());
      await settle();
      receiving.cancel();
      await expect(receiving).rejects.toThrow(CancelledError);
      expect(sender.statistics()).toMatchObject({ size: 0, sending: 0, receiving: 0 });
      expect(() => sender.sendNowait(2)).toThrow(WouldBlock);
    }));

  test("an item that was handed over is kept on both sides when cancels come before they run", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const receiving = createTask(() => receiver.receive());
      await settle();
      sender.sendNowait(1);
      receiving.cancel();
      expect(await receiving).toBe(1);
      const sending = createTask(() => sender.send(2));
      await settle();
      expect(receiver.receiveNowait()).toBe(2);
      sending.cancel();
      await sending;
    }));

  test("wherever a task is cancelled, no item is lost or doubled", async () => {
    const points = await cancelEverywhere(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const sent: number[] = [];
      const received: number[] = [];
      try {
        await taskGroup(async (group) => {
          for (const base of [0, 100]) {
            const mine = sender.clone();
            group.spawn(async () => {
              try {
                for (let item = base; item < base + 3; item++) {
                  await mine.send(item);
                  sent.push(item);
                  await sleep(1);
                }
              } finally {
                mine.close();
              }
            });
            group.spawn(async () => {
              for await (const item of receiver) received.push(item);
            });
          }
          sender.close();
          await sleep(1000);
          receiver.close();
        });
      } finally {
        expect(received.toSorted((a, b) => a - b)).toEqual(sent.toSorted((a, b) => a - b));
        expect(receiver.statistics()).toMatchObject({
          size: 0,
          senders: 0,
          sending: 0,
          receiving: 0,
        });
      }
    });
    expect(points).toBeGreaterThan(10);
  });
});

describe("diagnostics", () => {
  test("both ends print the state of the channel, or that they are closed", () => {
    const { sender, receiver } = openChannel<number>(3);
    sender.sendNowait(1);
    const words = "{ size: 1, capacity: 3, senders: 1, receivers: 1, sending: 0, receiving: 0 }";
    expect([inspect(sender), inspect(receiver)]).toEqual([`Sender ${words}`, `Receiver ${words}`]);
    sender.close();
    receiver.close();
    expect([inspect(sender), inspect(receiver)]).toEqual([
      "Sender { closed }",
      "Receiver { closed }",
    ]);
  });

  test("statistics is a frozen record", () => {
    const { sender } = openChannel(0);
    expect(Object.isFrozen(sender.statistics())).toBe(true);
  });

  test("the task tree says who waits at which end", () =>
    runVirtual(async () => {
      const { sender, receiver } = openChannel<number>(0);
      const waiting = createTask(() => sender.send(1), { name: "producer" });
      await settle();
      expect(formatTaskTree()).toContain("producer  Sender.send(Sender { size: 0, capacity: 0");
      await receiver.receive();
      await waiting;
      createTask(() => receiver.receive(), { name: "consumer" });
      await settle();
      expect(formatTaskTree()).toContain(
        "consumer  Receiver.receive(Receiver { size: 0, capacity: 0",
      );
    }));

  test.each([
    ["ClosedChannelError", ClosedChannelError],
    ["BrokenChannelError", BrokenChannelError],
    ["EndOfChannel", EndOfChannel],
  ])("a %s has the name of its class", (name, type) => {
    expect(new type().name).toBe(name);
  });
});
