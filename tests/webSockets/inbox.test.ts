/**
 * The inbox of a WebSocket: a queue that stops the socket, and that no cancel takes anything from. In virtual time.
 */
import { createTask, getRunningLoop, InvalidStateError, sleep, TimeoutError } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, boolean, constant, nat, oneof, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { Inbox } from "../../src/webSockets/inbox.ts";

const UNREAD_BYTES = 1024;

class FakeTap {
  readonly calls: string[] = [];

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }
}

interface Limits {
  readonly unreadMessages?: number;
  readonly unreadBytes?: number;
  readonly receiveTimeout?: number;
}

function open(limits: Limits = {}): { inbox: Inbox; tap: FakeTap } {
  const tap = new FakeTap();
  const all = { unreadMessages: 4, unreadBytes: 100, receiveTimeout: Infinity, ...limits };
  return { tap, inbox: new Inbox("test", tap, getRunningLoop(), all) };
}

/** As the WebSocket takes messages; null at the end. */
async function take(inbox: Inbox): Promise<unknown> {
  if (!inbox.ready) await inbox.arrival("receive");
  const { next } = inbox;
  if (next !== null) inbox.drop();
  return next;
}

describe("an inbox", () => {
  test.each([
    ["of messages", 1, ["x", "x", "x", "x"]],
    ["of bytes", 25, ["x", "x", "x", "x"]],
  ])(
    "stops the tap at its limit %s, and opens it again at half of it",
    (_title, size, messages) => {
      const { inbox, tap } = open();
      for (const message of messages.slice(1)) inbox.put(message, size);
      expect(tap.calls).toEqual([]);
      inbox.put("x", size);
      expect([tap.calls, inbox.paused]).toEqual([["pause"], true]);
      inbox.drop();
      expect(tap.calls).toEqual(["pause"]);
      inbox.drop();
      expect([tap.calls, inbox.paused]).toEqual([["pause", "resume"], false]);
    },
  );

  test("opens the tap when it ends, for what comes has no place to be", () => {
    const { inbox, tap } = open();
    for (let at = 0; at < 4; at++) inbox.put("x", 1);
    inbox.end(false);
    inbox.put("late", 1);
    expect([tap.calls, inbox.size]).toEqual([["pause", "resume"], 4]);
    inbox.end(true);
    expect([inbox.size, inbox.bytes, inbox.next]).toEqual([0, 0, null]);
  });

  test("gives what is unread, then the end", async () => {
    await runVirtual(async () => {
      const { inbox } = open();
      inbox.put("a", 1);
      inbox.end(false);
      expect([await take(inbox), await take(inbox), await take(inbox)]).toEqual(["a", null, null]);
    });
  });

  test("has one who waits at a time", async () => {
    await runVirtual(async () => {
      const { inbox } = open();
      const first = createTask(() => take(inbox), { eager: true });
      expect(inbox.awaited).toBe(true);
      await expect(take(inbox)).rejects.toThrow(InvalidStateError);
      inbox.put("a", 1);
      expect(await first).toBe("a");
    });
  });

  test("lets nobody wait longer than the limit, each time anew", async () => {
    // In real time: for virtual time a message is the network's, which it waits for.
    const { inbox } = open({ receiveTimeout: 60 });
    const loop = getRunningLoop();
    loop.callLater(5, () => inbox.put("a", 1));
    expect(await take(inbox)).toBe("a");
    await sleep(70);
    const begin = loop.time();
    const error = await take(inbox).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TimeoutError);
    const message = "receive on test: no message within 60 ms";
    expect(error).toMatchObject({ deadlineMs: 60, message });
    expect(loop.time() - begin).toBeGreaterThan(50);
    inbox.put("b", 1);
    expect(await take(inbox)).toBe("b");
  });

  test("tells who asks", async () => {
    await runVirtual(async () => {
      const { inbox } = open();
      expect(inbox.asked).toBe(false);
      let asks = 0;
      inbox.put("a", 1);
      inbox.onAsk = () => void asks++;
      await take(inbox);
      expect([inbox.asked, asks]).toEqual([true, 1]);
    });
  });

  test("loses nothing to a cancel, wherever it comes", async () => {
    const points = await cancelEverywhere(
      async () => {
        const { inbox } = open();
        const came: unknown[] = [];
        const receiver = async (): Promise<void> => {
          for (let message = await take(inbox); message !== null; message = await take(inbox)) {
            came.push(message);
            await sleep(0);
          }
        };
        const first = createTask(receiver, { name: "receiver" });
        for (const message of ["a", "b", "c"]) {
          await sleep(0);
          await sleep(0);
          inbox.put(message, 1);
        }
        inbox.end(false);
        await Promise.resolve(first).catch(() => {});
        await receiver();
        expect(came).toEqual(["a", "b", "c"]);
      },
      { only: (task) => task.name === "receiver" },
    );
    expect(points).toBeGreaterThan(4);
  });

  test("holds no more than its limit and what came with the last, and the tap is shut exactly then", async () => {
    const step = tuple(boolean(), nat(60));
    await assert(
      asyncProperty(array(step), async (steps) => {
        await runVirtual(async () => {
          const { inbox, tap } = open();
          const expected: string[] = [];
          const taken: [unknown, string | undefined][] = [];
          let number = 0;
          for (const [puts, size] of steps) {
            if (puts && !inbox.paused) {
              expected.push(String(number));
              inbox.put(String(number++), size);
            } else if (inbox.size > 0) taken.push([await take(inbox), expected.shift()]);
            expect(inbox.bytes).toBeLessThanOrEqual(100 + 60);
            expect(inbox.size).toBeLessThanOrEqual(4);
            expect(tap.calls.at(-1) === "pause").toBe(inbox.paused);
          }
          for (const [message, wanted] of taken) expect(message).toBe(wanted);
        });
      }),
    );
  });

  test("refuses a second receiver, also after the first was woken and has not run yet", async () => {
    await runVirtual(async () => {
      const inbox = open().inbox;
      const first = createTask(() => take(inbox));
      await sleep(0);
      inbox.put("first's", 7);
      expect(inbox.ready).toBe(false);
      await expect(take(inbox)).rejects.toThrow("receive on test: somebody else is receiving");
      expect(await first).toBe("first's");
      expect(inbox.ready).toBe(false);
    });
  });

  test("gives what was put, in order, whatever is put, taken and cancelled (property)", async () => {
    const step = oneof(
      nat({ max: UNREAD_BYTES }).map((size) => ({ put: size })),
      constant({ take: true }),
      constant({ cancel: true }),
    );
    await assert(
      asyncProperty(array(step, { maxLength: 60 }), async (steps) => {
        await runVirtual(async () => {
          const { inbox, tap } = open({ unreadMessages: 8, unreadBytes: UNREAD_BYTES });
          const seen: unknown[] = [];
          let put = 0;
          for (const each of steps) {
            if ("put" in each) inbox.put(String(put++), each.put);
            else {
              const task = createTask(async () => void seen.push(await take(inbox)), {
                eager: true,
              });
              if ("cancel" in each) task.cancel();
              else if (!task.done() && inbox.size === 0) inbox.put(String(put++), 1);
              await Promise.allSettled([task]);
            }
            expect(inbox.paused).toBe(tap.calls.at(-1) === "pause");
            expect(inbox.bytes <= UNREAD_BYTES / 2 && inbox.paused).toBe(false);
            expect(inbox.size).toBe(put - seen.length);
          }
          while (inbox.size > 0) seen.push(await take(inbox));
          expect(seen).toEqual(Array.from({ length: put }, (_, index) => String(index)));
        });
      }),
      { numRuns: 100 },
    );
  });
});
