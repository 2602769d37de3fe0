import { allTasks, any, CancelledError, createTask, getRunningLoop, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

/** Sleeps, then fails. */
async function failAfter(ms: number, message: string): Promise<never> {
  await sleep(ms);
  throw new Error(message);
}

test("gives the value of the first one that succeeds, whatever failed before", () =>
  runVirtual(async () => {
    const winning = any([
      () => failAfter(1, "broken"),
      () => sleep(5, "late"),
      () => sleep(3, "won"),
    ]);
    expect(await winning).toBe("won");
    expect(getRunningLoop().time()).toBe(3);
  }));

test("cancels the others and waits for their ends", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const slow = async (): Promise<void> => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(10);
        log.push("cleaned up");
      }
    };
    await any([slow, () => sleep(1)]);
    expect([log, getRunningLoop().time()]).toEqual([["cleaned up"], 11]);
    expect(allTasks()).toHaveLength(1);
  }));

test("when all fail, throws their failures in the order of the items", () =>
  runVirtual(async () => {
    const error = (await any([() => failAfter(3, "a"), () => failAfter(1, "b")]).catch(
      (reason: unknown) => reason,
    )) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.message).toBe("all 2 have failed");
    expect(error.errors.map(String)).toEqual(["Error: a", "Error: b"]);
  }));

test("what a loser throws is dropped", async () => {
  const reports: unknown[] = [];
  await runVirtual(async () => {
    getRunningLoop().setExceptionHandler((context) => reports.push(context));
    const loser = (): Promise<void> =>
      sleep(60_000).catch(() => {
        throw new Error("cannot stop");
      });
    expect(await any([loser, () => sleep(1, "won")])).toBe("won");
  });
  expect(reports).toEqual([]);
});

test("one that is cancelled by itself has failed", () =>
  runVirtual(async () => {
    const task = createTask(() => sleep(60_000));
    const winning = any([task, () => sleep(100, "won")]);
    await sleep(1);
    task.cancel();
    expect(await winning).toBe("won");
  }));

test("a cancel from outside reaches all and passes on, not as a failure", () =>
  runVirtual(async () => {
    const winning = createTask(() => any([() => sleep(60_000), () => sleep(60_000)]));
    await sleep(1);
    winning.cancel();
    await expect(winning).rejects.toThrow(CancelledError);
    expect(winning.cancelled()).toBe(true);
  }));

test("leaves nothing running wherever it is cancelled", async () => {
  let running = 0;
  const item = (ms: number) => async (): Promise<number> => {
    running++;
    try {
      await sleep(ms);
      if (ms === 1) throw new Error("broken");
      return await sleep(ms, ms);
    } finally {
      running--;
    }
  };
  const points = await cancelEverywhere(async () => {
    try {
      expect([2, 3]).toContain(await any([item(3), item(1), item(2)]));
    } finally {
      expect([running, allTasks().length]).toEqual([0, 1]);
    }
  });
  expect(points).toBeGreaterThan(4);
});

test("needs something to choose from", async () => {
  await expect(any([])).rejects.toThrow(
    new RangeError(
      "Expected `items` to be at least one function, task or promise, got `[]` (object)",
    ),
  );
});
