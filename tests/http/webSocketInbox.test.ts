/*
 * The inbox of a WebSocket: a queue that stops the socket, and that no cancel takes anything from.
 */
import { createTask, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { array, assert, asyncProperty, constant, nat, oneof } from "fast-check";
import { describe, expect, test } from "vitest";
import { Inbox, UNREAD_BYTES, UNREAD_MESSAGES } from "../../src/http/webSocketInbox.ts";

class FakeTap {
  readonly calls: string[] = [];
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
}

/** As the WebSocket takes messages; null at the end. */
async function take(inbox: Inbox): Promise<unknown> {
  if (!inbox.ready) await inbox.arrival("receive");
  const { next } = inbox;
  if (next !== null) inbox.drop();
  return next;
}

describe("an inbox", () => {
  test("stops the tap at its limit of bytes, and opens it again at half of it", () => {
    const tap = new FakeTap();
    const inbox = new Inbox("test", tap);
    const size = UNREAD_BYTES / 4;
    for (let i = 0; i < 3; i++) inbox.put("x", size);
    expect(tap.calls).toEqual([]);
    for (let i = 0; i < 2; i++) inbox.put("x", size);
    expect(tap.calls).toEqual(["pause"]);
    for (let i = 0; i < 2; i++) inbox.drop();
    expect(tap.calls).toEqual(["pause"]);
    inbox.drop();
    expect(tap.calls).toEqual(["pause", "resume"]);
  });

  test("stops the tap at its limit of messages, also empty ones", () => {
    const tap = new FakeTap();
    const inbox = new Inbox("test", tap);
    for (let i = 0; i < UNREAD_MESSAGES; i++) inbox.put("", 0);
    expect(tap.calls).toEqual(["pause"]);
    for (let i = 0; i < UNREAD_MESSAGES / 2; i++) inbox.drop();
    expect(tap.calls).toEqual(["pause", "resume"]);
  });

  test("that ends gives what is in it, or drops it; the tap is open then", async () => {
    await runVirtual(async () => {
      const taps = [new FakeTap(), new FakeTap()];
      const [kept, dropped] = taps.map((tap) => new Inbox("test", tap)) as [Inbox, Inbox];
      for (const inbox of [kept, dropped]) inbox.put("last", UNREAD_BYTES);
      kept.end(false);
      dropped.end(true);
      expect([await take(kept), await take(kept), await take(dropped)]).toEqual([
        "last",
        null,
        null,
      ]);
      for (const { calls } of taps) expect(calls).toEqual(["pause", "resume"]);
    });
  });

  test("refuses a second receiver, also after the first was woken and has not run yet", async () => {
    await runVirtual(async () => {
      const inbox = new Inbox("test", new FakeTap());
      const first = createTask(() => take(inbox));
      await sleep(0);
      inbox.put("first's", 7);
      expect(inbox.ready).toBe(false);
      await expect(take(inbox)).rejects.toThrow("receive on test: somebody else is receiving");
      expect(await first).toBe("first's");
      expect(inbox.ready).toBe(false);
    });
  });

  test("loses nothing to a cancel at any moment", async () => {
    const points = await cancelEverywhere(
      async () => {
        const inbox = new Inbox("test", new FakeTap());
        const seen: unknown[] = [];
        const reader = createTask(async () => {
          for (;;) {
            const message = await take(inbox);
            if (message === null) return;
            seen.push(message);
            await sleep(0);
          }
        });
        for (const text of ["a", "b", "c"]) {
          inbox.put(text, 1);
          await sleep(0);
          await sleep(0);
        }
        inbox.end(false);
        await Promise.allSettled([reader]);
        for (let rest = await take(inbox); rest !== null; rest = await take(inbox)) seen.push(rest);
        expect(seen).toEqual(["a", "b", "c"]);
      },
      { only: (task) => task.name !== "Task-1" },
    );
    expect(points).toBeGreaterThan(5);
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
          const tap = new FakeTap();
          const inbox = new Inbox("test", tap);
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
