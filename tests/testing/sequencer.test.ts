/*
 * Sequencer: pieces of tasks in the order of their numbers.
 */
import { createTask, gather, sleep, taskGroup } from "ambit";
import {
  cancelEverywhere,
  exploreSchedules,
  runVirtual,
  SequenceError,
  Sequencer,
} from "ambit/testing";
import { expect, test } from "vitest";

test("pieces run in the order of their numbers under every schedule", async () => {
  const result = await exploreSchedules(async () => {
    const sequencer = new Sequencer();
    const log: number[] = [];
    const piece = (number: number) => () =>
      sequencer.at(number, async () => {
        log.push(number);
        await sleep(0);
        log.push(number);
      });
    await gather([piece(2), piece(0), piece(1)]);
    expect(log).toEqual([0, 0, 1, 1, 2, 2]);
  });
  expect(result.complete).toBe(true);
  expect(result.schedules).toBeGreaterThan(6);
});

test("one task may have several turns, with guards or bodies", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    const sequencer = new Sequencer();
    await gather([
      async () => {
        {
          using _ = await sequencer.at(0);
          log.push("a");
        }
        using _ = await sequencer.at(2);
        log.push("c");
      },
      async () => log.push(await sequencer.at(1, () => "b")),
    ]);
  });
  expect(log).toEqual(["a", "b", "c"]);
});

test("a turn is over whatever its body came to, and disposing of it twice does nothing more", async () => {
  await runVirtual(async () => {
    const sequencer = new Sequencer();
    await expect(sequencer.at(0, () => Promise.reject(new Error("boom")))).rejects.toThrow("boom");
    const turn = await sequencer.at(1);
    turn[Symbol.dispose]();
    turn[Symbol.dispose]();
    const third = createTask(() => sequencer.at(3));
    await sleep(1);
    expect(third.done()).toBe(false);
    await sequencer.at(2, () => {});
    await third;
  });
});

test("a number is used once", async () => {
  await runVirtual(async () => {
    const sequencer = new Sequencer();
    await sequencer.at(0);
    await expect(sequencer.at(0)).rejects.toThrow("turn 0 was asked for twice");
    await expect(sequencer.at(-1)).rejects.toThrow(RangeError);
    await expect(sequencer.at(0.5)).rejects.toThrow(RangeError);
  });
});

test("a member that is cancelled before its turn breaks the sequence, for those that wait and those to come", async () => {
  await runVirtual(async () => {
    const sequencer = new Sequencer();
    const one = createTask(() => sequencer.at(1));
    const two = createTask(() => sequencer.at(2));
    await sleep(1);
    one.cancel();
    await expect(two).rejects.toThrow(SequenceError);
    await expect(two).rejects.toThrow(
      "turn 2 cannot come: turn 1 was cancelled while it waited for turn 0",
    );
    await expect(one).rejects.toMatchObject({ name: "CancelledError" });
    await expect(sequencer.at(3)).rejects.toThrow("turn 3 cannot come");
  });
});

test("a member whose cancel was asked for before it waits breaks the sequence too", async () => {
  await runVirtual(async () => {
    const sequencer = new Sequencer();
    const one = createTask(() => {
      one.cancel();
      return sequencer.at(1);
    });
    const two = createTask(() => sequencer.at(2));
    await expect(two).rejects.toThrow("turn 1 was cancelled");
    await one.then(null, () => {});
  });
});

test("whatever is cancelled, nobody waits for ever", async () => {
  const points = await cancelEverywhere(() =>
    taskGroup((group) => {
      const sequencer = new Sequencer();
      for (const number of [2, 1, 0])
        group.spawn(() => sequencer.at(number, () => sleep(1)).catch(passSequence));
    }),
  );
  expect(points).toBeGreaterThan(4);
});

function passSequence(error: unknown): void {
  if (!(error instanceof SequenceError)) throw error;
}

test("prints who is next and who waits", async () => {
  const { inspect } = await import("node:util");
  await runVirtual(async () => {
    const sequencer = new Sequencer();
    const tasks = [3, 1].map((number) => createTask(() => sequencer.at(number)));
    await sleep(1);
    expect(inspect(sequencer)).toBe("Sequencer { next: 0, waiting: [1, 3] }");
    for (const task of tasks) task.cancel();
    await Promise.allSettled(tasks);
  });
});
