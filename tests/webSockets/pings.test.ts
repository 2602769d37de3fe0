/**
 * Pings and their answers, by a clock that stands until it is moved. Not in virtual time: an answer comes from outside, and
 * virtual time stands still while somebody waits for that.
 */
import { createTask, type Loop, run, sleep } from "ambit";
import { expect, test } from "vitest";
import { Pings } from "../../src/webSockets/pings.ts";

/** Pings, what was sent, and how to let time pass. */
function make(): { pings: Pings; sent: Uint8Array[]; pass(ms: number): Promise<void> } {
  const sent: Uint8Array[] = [];
  let now = 0;
  const pass = async (ms: number): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await sleep(0);
    now += ms;
  };
  const clock = { time: () => now } as Loop;
  return { pings: new Pings(clock, (data) => sent.push(data)), sent, pass };
}

test("an answer tells how long it took, and answers what was sent before", () =>
  run(async () => {
    const { pings, sent, pass } = make();
    const first = createTask(() => pings.send("ping"));
    await pass(10);
    const second = createTask(() => pings.send("ping"));
    await pass(5);
    pings.answer(sent[1] as Uint8Array);
    expect([await first, await second]).toEqual([15, 5]);
  }));

test("an answer to a beat answers the pings before it, not those behind it", () =>
  run(async () => {
    const { pings, sent, pass } = make();
    const before = createTask(() => pings.send("ping"));
    await pass(1);
    pings.beat();
    const behind = createTask(() => pings.send("ping"));
    await pass(1);
    pings.answer(sent[1] as Uint8Array);
    expect(await before).toBe(2);
    await pass(1);
    expect(behind.done()).toBe(false);
    pings.answer(sent[2] as Uint8Array);
    expect(await behind).toBe(2);
  }));

test("data of one's own is answered by itself, also when it looks like a number", () =>
  run(async () => {
    const { pings, sent, pass } = make();
    const chosen = createTask(() => pings.send("ping", Buffer.from("12345678")));
    await pass(1);
    const numbered = createTask(() => pings.send("ping"));
    await pass(1);
    pings.answer(Buffer.from("something else"));
    pings.answer(Buffer.alloc(8, 0xff));
    await pass(1);
    expect([chosen.done(), numbered.done()]).toEqual([false, false]);
    pings.answer(sent[0] as Uint8Array);
    expect(await chosen).toBe(3);
    expect(numbered.done()).toBe(false);
    pings.answer(sent[1] as Uint8Array);
    expect(await numbered).toBe(2);
  }));

test("a wait that is cancelled is forgotten, and an end fails those that are left", () =>
  run(async () => {
    const { pings, sent, pass } = make();
    const cancelled = createTask(() => pings.send("ping"));
    const left = createTask(() => pings.send("ping"));
    await pass(1);
    cancelled.cancel();
    await pass(1);
    expect(cancelled.cancelled()).toBe(true);
    pings.answer(sent[0] as Uint8Array);
    pings.fail(() => new Error("it is closed"));
    await expect(left).rejects.toThrow("it is closed");
  }));
