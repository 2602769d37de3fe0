/*
 * Schedules: exploring all of them, seeds, replays, shrinking.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTask, Lock, sleep, type Task, taskGroup } from "ambit";
import {
  cancelEverywhere,
  exploreSchedules,
  NondeterminismError,
  type Replay,
  ReplayMismatchError,
  runSeeds,
  runVirtual,
  ScheduleFailure,
} from "ambit/testing";
import { afterAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "ambit-replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two tasks that each read, let others run, and write; time moves on only when both have ended. */
async function racyCounter(): Promise<number> {
  let count = 0;
  const increment = async (): Promise<void> => {
    const before = count;
    await sleep(0);
    count = before + 1;
  };
  createTask(increment, { name: "one" });
  createTask(increment, { name: "two" });
  await sleep(1);
  return count;
}

async function failingCounter(): Promise<void> {
  const count = await racyCounter();
  if (count !== 2) throw new Error(`lost update: ${count}`);
}

/** `tasks` tasks of `steps` steps each, and nothing that their ends wake. */
async function steppers(tasks: number, steps: number): Promise<string> {
  const log: number[] = [];
  for (let task = 0; task < tasks; task++) {
    createTask(async () => {
      for (let step = 1; step < steps; step++) {
        log.push(task);
        await sleep(0);
      }
      log.push(task);
    });
  }
  await sleep(1);
  return log.join("");
}

async function caught(work: Promise<unknown>): Promise<ScheduleFailure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ScheduleFailure);
  return error as ScheduleFailure;
}

describe("exploreSchedules", () => {
  test("runs every interleaving once: two tasks of two steps have 6, and 4 of them lose an update", async () => {
    const counts: number[] = [];
    const result = await exploreSchedules(async () => counts.push(await racyCounter()));
    expect(result).toEqual({ schedules: 6, complete: true });
    expect(counts.filter((count) => count === 1)).toHaveLength(4);
    expect(counts.filter((count) => count === 2)).toHaveLength(2);
  });

  test.each([
    [2, 1, 2],
    [3, 1, 6],
    [2, 3, 20], // 6! / (3! 3!)
    [3, 2, 90], // 6! / (2! 2! 2!)
    [4, 1, 24],
  ])("%i tasks of %i steps have %i interleavings, all different", async (tasks, steps, count) => {
    const seen = new Set<string>();
    const result = await exploreSchedules(async () => seen.add(await steppers(tasks, steps)));
    expect(result).toEqual({ schedules: count, complete: true });
    expect(seen.size).toBe(count);
  });

  test("a program without a choice has one schedule", async () => {
    const result = await exploreSchedules(() => sleep(10).then(() => sleep(0)));
    expect(result).toEqual({ schedules: 1, complete: true });
  });

  test("finds the race, and says who has to go first for it", async () => {
    const error = await caught(exploreSchedules(failingCounter));
    expect(error.cause).toEqual(new Error("lost update: 1"));
    // First come, first served loses the update already: read, read, write, write.
    expect(error.schedules).toBe(1);
    expect(error.replay.deviations).toEqual([]);
    expect(error.message).toBe(
      "the program fails under schedule 1: Error: lost update: 1\n" +
        "It fails first come, first served.\n" +
        "Run it again with runVirtual(program, { replay: error.replay })",
    );
  });

  test("a lock mends the race under every schedule", async () => {
    const result = await exploreSchedules(async () => {
      const lock = new Lock();
      let count = 0;
      const increment = (): Promise<void> =>
        lock.run(async () => {
          const before = count;
          await sleep(0);
          count = before + 1;
        });
      createTask(increment);
      createTask(increment);
      await sleep(1);
      expect(count).toBe(2);
    });
    expect(result.complete).toBe(true);
    expect(result.schedules).toBeGreaterThan(1);
  });

  /** Fails only when the third task overtakes both others. */
  async function needsTwo(): Promise<void> {
    const order: string[] = [];
    for (const name of ["a", "b", "c", "d"]) createTask(async () => order.push(name), { name });
    await sleep(1);
    if (order.indexOf("d") < order.indexOf("a") && order.indexOf("c") < order.indexOf("b"))
      throw new Error("overtaken");
  }

  test("a failing schedule comes shrunk to the fewest deviations, and repeats when replayed", async () => {
    const error = await caught(exploreSchedules(needsTwo));
    expect(error.replay.deviations).toHaveLength(2);
    expect(error.message).toContain("d (start) goes first");
    await expect(runVirtual(needsTwo, { replay: error.replay })).rejects.toThrow("overtaken");
  });

  test("a limit of schedules or of deviations cuts it short, and the result says so", async () => {
    const limited = await exploreSchedules(() => steppers(3, 2), { maxSchedules: 10 });
    expect(limited).toEqual({ schedules: 10, complete: false });
    const exact = await exploreSchedules(() => steppers(2, 2), { maxSchedules: 6 });
    expect(exact).toEqual({ schedules: 6, complete: true });
    const none = await exploreSchedules(() => steppers(3, 2), { maxDeviations: 0 });
    expect(none).toEqual({ schedules: 1, complete: false });
    // aabb from first come, first served (abab): who deviates once lets one task go on, or the other begin.
    const one = await exploreSchedules(() => steppers(2, 2), { maxDeviations: 1 });
    expect(one).toEqual({ schedules: 4, complete: false });
    const enough = await exploreSchedules(() => steppers(2, 2), { maxDeviations: 3 });
    expect(enough).toEqual({ schedules: 6, complete: true });
  });

  test("a program that is not the same every time is refused", async () => {
    let runs = 0;
    const program = (): Promise<string> => steppers(++runs === 1 ? 3 : 2, 2);
    await expect(exploreSchedules(program)).rejects.toThrow(NondeterminismError);
  });

  test("a deadlock under some schedules only is a failure like any other", async () => {
    const program = async (): Promise<void> => {
      const [one, two] = [new Lock(), new Lock()];
      const both = async (first: Lock, second: Lock): Promise<void> => {
        using _ = await first.acquire();
        await sleep(0);
        await second.run(() => {});
      };
      await taskGroup((group) => {
        group.spawn(() => both(one, two), { name: "left" });
        group.spawn(() => sleep(0).then(() => both(two, one)), { name: "right" });
      });
    };
    await runVirtual(program);
    const error = await caught(exploreSchedules(program));
    expect(error.cause).toMatchObject({ name: "DeadlockError" });
    expect(error.replay.deviations).toHaveLength(1);
  });

  test.each([
    [{ maxSchedules: 0 }, "`options.maxSchedules`"],
    [{ maxDeviations: -1 }, "`options.maxDeviations`"],
    [{ maxSteps: 0 }, "`options.maxSteps`"],
    [{ timeLimit: Number.NaN }, "`options.timeLimit`"],
  ])("%o is refused", async (options, name) => {
    await expect(exploreSchedules(racyCounter, options)).rejects.toThrow(name);
  });
});

/** Loses the update only when a task overtakes the other, twice. */
async function rareRace(): Promise<void> {
  let owner = "";
  const claim = (name: string, patience: number) => async (): Promise<void> => {
    for (let turn = 0; turn < patience; turn++) await sleep(0);
    if (owner === "") owner = name;
  };
  createTask(claim("quick", 1), { name: "quick" });
  createTask(claim("slow", 2));
  await sleep(1);
  if (owner !== "quick") throw new Error(`${owner} won`);
}

describe("runSeeds", () => {
  test("without a failure, tells how many seeds made how many schedules", async () => {
    const result = await runSeeds(() => steppers(2, 2), { count: 60 });
    expect(result).toEqual({ seeds: 60, schedules: 6 });
  });

  test("writes a replay file of the seed that fails, which fails again as often as one likes", async () => {
    await runVirtual(rareRace);
    const error = await caught(runSeeds(rareRace, { folder, from: 1, count: 200 }));
    expect(error.file).not.toBeNull();
    const file = error.file as string;
    expect(error.message).toContain(
      `Run it again with runVirtual(program, { replay: ${JSON.stringify(file)} })`,
    );
    for (let time = 0; time < 3; time++)
      await expect(runVirtual(rareRace, { replay: file })).rejects.toThrow("slow won");
    const { seed } = JSON.parse(readFileSync(file, "utf8")) as Replay;
    await expect(runVirtual(rareRace, { seed: seed as number })).rejects.toThrow("slow won");
  });

  test("the replay is shrunk, and names tasks without a name by their number in the run", async () => {
    const { replay } = await caught(runSeeds(rareRace, { folder: null, count: 200 }));
    // The slow one must overtake twice before the quick one's first turn is over.
    const { replay: smallest } = await caught(exploreSchedules(rareRace));
    expect(replay.deviations).toHaveLength(smallest.deviations.length);
    for (const { runs } of replay.deviations)
      expect(runs).toMatch(/^(task 3|quick) \((start|sleep)\)$/);
  });

  test("of a large program's dozens of deviations those that matter are left", async () => {
    const crowd = async (): Promise<void> => {
      const order: number[] = [];
      for (let number = 0; number < 30; number++)
        createTask(async () => {
          order.push(number);
          for (let step = 0; step < 3; step++) await sleep(0);
        });
      await sleep(1);
      if (order.indexOf(29) < order.indexOf(0)) throw new Error("the last one was first");
    };
    const { replay } = await caught(runSeeds(crowd, { folder: null }));
    expect(replay.deviations).toEqual([{ point: 0, take: 29, runs: "task 31 (start)" }]);
  });

  test("where several are needed, those that have nothing to do with it are dropped", async () => {
    const crowd = async (): Promise<void> => {
      const order: number[] = [];
      for (let number = 0; number < 12; number++)
        createTask(async () => {
          order.push(number);
          for (let step = 0; step < 3; step++) await sleep(0);
        });
      await sleep(1);
      const isBefore = (one: number, other: number): boolean =>
        order.indexOf(one) < order.indexOf(other);
      if (isBefore(11, 0) && isBefore(10, 1) && isBefore(9, 2)) throw new Error("out of order");
    };
    const { replay } = await caught(runSeeds(crowd, { folder: null }));
    // A random schedule of this one deviates some forty times.
    expect(replay.deviations.length).toBeGreaterThan(1);
    expect(replay.deviations.length).toBeLessThanOrEqual(20);
  });

  test("with `folder: null` no file is written, and the error carries the replay", async () => {
    const error = await caught(runSeeds(failingCounter, { folder: null, from: 7 }));
    expect(error.file).toBeNull();
    expect(error.replay).toMatchObject({ version: 1, failure: "Error: lost update: 1" });
    expect(error.message).toContain("replay: error.replay");
  });
});

test.each([
  ["exploreSchedules", (program: () => Promise<void>) => exploreSchedules(program)],
  ["runSeeds", (program: () => Promise<void>) => runSeeds(program, { folder: null })],
  ["cancelEverywhere", (program: () => Promise<void>) => cancelEverywhere(program)],
])(
  "%s: a cancel of the caller ends the run under way, and is no failure",
  async (_name, search) => {
    let runs = 0;
    const program = async (): Promise<void> => {
      runs++;
      if (runs === 2) searching.cancel("enough");
      await Promise.all([sleep(0), sleep(0)]);
      await sleep(1);
    };
    const searching: Task<unknown> = createTask<unknown>(() => search(program));
    await expect(searching).rejects.toMatchObject({ name: "CancelledError", reason: "enough" });
    expect(runs).toBe(2);
  },
);

describe("a replay", () => {
  async function replayOfRace(): Promise<Replay> {
    const { replay } = await caught(exploreSchedules(rareRace));
    return replay;
  }

  test("says so when other turns are ready than were", async () => {
    const replay = await replayOfRace();
    const work = runVirtual(() => steppers(3, 3), { replay });
    await expect(work).rejects.toThrow(ReplayMismatchError);
    await expect(runVirtual(() => steppers(3, 3), { replay })).rejects.toThrow(
      /^the program has changed since the schedule of "Error: slow won" was recorded: at point 0 of \d, 3 turns are ready where 2 were/,
    );
  });

  test("says so when it is another's turn", async () => {
    const replay = await replayOfRace();
    const others = async (): Promise<void> => {
      for (const name of ["ant", "bee"]) createTask(() => sleep(0).then(() => sleep(0)), { name });
      await sleep(1);
    };
    await expect(runVirtual(others, { replay })).rejects.toThrow(
      /it is the turn of (ant|bee) \(\w+\) where it was that of (quick|task 3) \(\w+\)/,
    );
  });

  test("says so when the program ends before the schedule does", async () => {
    const replay = await replayOfRace();
    await expect(runVirtual(() => sleep(5), { replay })).rejects.toThrow("it has ended");
  });

  test("of a program that was mended without changing its waits passes", async () => {
    const { replay } = await caught(exploreSchedules(failingCounter));
    expect(await runVirtual(racyCounter, { replay })).toBe(1);
  });

  test("that cannot be read, or is none, is refused", async () => {
    await expect(runVirtual(racyCounter, { replay: join(folder, "none.json") })).rejects.toThrow(
      /^cannot read the replay file .*none\.json/,
    );
    const file = join(folder, "other.json");
    writeFileSync(file, `{"version":2}`);
    await expect(runVirtual(racyCounter, { replay: file })).rejects.toThrow(
      "Expected `options.replay` to be a replay of version 1",
    );
  });
});
