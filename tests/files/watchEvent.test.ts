/**
 * The gathering of what a watch tells, in virtual time: when each path is told, and as what.
 */
import { sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { getRunningLoop } from "../../src/core/scope.ts";
import { type WatchEvent, WatchGathering } from "../../src/files/watchEvent.ts";

/** What is told, with the time of it. */
async function told(
  work: (gathering: WatchGathering) => Promise<void>,
): Promise<(readonly [number, WatchEvent["type"], string])[]> {
  const all: (readonly [number, WatchEvent["type"], string])[] = [];
  await runVirtual(async () => {
    const loop = getRunningLoop();
    const start = loop.time();
    const gathering = new WatchGathering(loop, 50, (events) => {
      for (const { type, path } of events) all.push([loop.time() - start, type, path]);
    });
    await work(gathering);
    await sleep(10_000);
    expect(gathering.size).toBe(0);
  });
  return all;
}

test("each path is told once it is quiet, whatever others do", async () => {
  const events = await told(async (gathering) => {
    gathering.add("change", "a");
    await sleep(20);
    gathering.add("change", "b");
    await sleep(20);
    gathering.add("change", "a");
  });
  expect(events).toEqual([
    [70, "change", "b"],
    [90, "change", "a"],
  ]);
});

test("one that is never quiet is told after ten times as long", async () => {
  const events = await told(async (gathering) => {
    for (let n = 0; n < 30; n++) {
      gathering.add("change", "a");
      await sleep(20);
    }
  });
  expect(events.map(([when]) => when)).toEqual([500, 630]);
});

test("of a change and a coming or going, the second counts more", async () => {
  const events = await told(async (gathering) => {
    gathering.add("change", "a");
    gathering.add("rename", "a");
    gathering.add("change", "a");
    await sleep(0);
  });
  expect(events).toEqual([[50, "rename", "a"]]);
});

test("what is told at once is told each time, and not gathered", async () => {
  await runVirtual(async () => {
    const all: WatchEvent[][] = [];
    const gathering = new WatchGathering(getRunningLoop(), 0, (events) => void all.push(events));
    gathering.add("rename", "a");
    gathering.add("change", "a");
    expect(all.flat().map(({ type }) => type)).toEqual(["rename", "change"]);
    expect(gathering.size).toBe(0);
  });
});

test("a flush tells all now, and nothing of it later", async () => {
  const events = await told(async (gathering) => {
    gathering.add("change", "a");
    await sleep(20);
    gathering.add("rename", "b");
    gathering.flush();
    expect(gathering.size).toBe(0);
    await sleep(100);
    gathering.add("change", "c");
  });
  expect(events).toEqual([
    [20, "change", "a"],
    [20, "rename", "b"],
    [170, "change", "c"],
  ]);
});
