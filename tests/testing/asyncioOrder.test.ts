/*
 * The order of what is ready at one instant is that of CPython's event loop, step by step.
 */
import { createTask, currentTask, getRunningLoop, gather, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("a timer that is due at once runs with the next round, not after all that is ready", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    createTask(async () => {
      for (let round = 0; round < 3; round++) {
        log.push(`round ${round}`);
        await sleep(0);
      }
    });
    getRunningLoop().callLater(0, () => log.push("due"));
    await sleep(1);
  });
  expect(log).toEqual(["round 0", "due", "round 1", "round 2"]);
});

test("a cancelled sleep(0) keeps its place among those that are ready", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    const first = createTask(async () => {
      await sleep(0).catch(() => log.push("cancelled"));
    });
    const second = createTask(async () => {
      await sleep(0);
      log.push("second");
    });
    await sleep(0);
    createTask(() => log.push("late"));
    first.cancel();
    await gather([first, second]);
  });
  expect(log).toEqual(["cancelled", "second", "late"]);
});

test("a wait that a cancel refuses takes a turn, as any other", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    const refused = createTask(async () => {
      currentTask()?.cancel();
      await sleep(5).catch(() => log.push("refused"));
    });
    const other = createTask(() => log.push("other"));
    await gather([refused, other]);
  });
  expect(log).toEqual(["other", "refused"]);
});
