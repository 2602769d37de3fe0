/*
 * When a pool looks whom it can give what waits.
 *
 * `sleep(0)` lets the turn of the event loop pass that a pool waits for.
 */
import { sleep } from "ambit";
import { expect, test } from "vitest";
import { Pumping } from "../../src/futures/pumping.ts";

/** What is pumped when, and whether everybody is busy. */
class Pump {
  busy = false;
  times = 0;
  readonly pumping = new Pumping(
    () => this.times++,
    () => this.busy,
  );
}

test("what waits for somebody idle is given out once, when the microtask is over", async () => {
  const pump = new Pump();
  pump.pumping.wake();
  pump.pumping.wake();
  expect(pump.times).toBe(0);
  await Promise.resolve();
  expect(pump.times).toBe(1);
  await sleep(0);
  expect(pump.times).toBe(1);
});

test("while everybody is busy, what waits is given out once, when the turn is over", async () => {
  const pump = new Pump();
  pump.busy = true;
  for (let calls = 0; calls < 10; calls++) {
    pump.pumping.wake();
    await Promise.resolve();
  }
  expect(pump.times).toBe(0);
  await sleep(0);
  expect(pump.times).toBe(1);
  pump.pumping.wake();
  await sleep(0);
  expect(pump.times).toBe(2);
});

test("somebody who gets idle does not wait for the turn to be over", async () => {
  const pump = new Pump();
  pump.busy = true;
  pump.pumping.wake();
  pump.busy = false;
  pump.pumping.wake();
  await Promise.resolve();
  expect(pump.times).toBe(1);
});
