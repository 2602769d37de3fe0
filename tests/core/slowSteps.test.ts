/*
 * Debug mode: steps and callbacks that hold the loop for too long. What holds it here is real: a few milliseconds of it.
 */
import { setTimeout as foreignDelay } from "node:timers/promises";
import {
  cancellable,
  createTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  run,
  sleep,
  taskGroup,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { marks } from "./lines.ts";

const at = marks(import.meta.url);

/** Long enough for a busy machine to stay below it with what is quick. */
const LIMIT = 50;

function holdTheLoop(ms = LIMIT * 1.6): void {
  const start = performance.now();
  while (performance.now() - start < ms);
}

type Run = (body: () => Promise<unknown>, options: { debug: boolean }) => Promise<unknown>;

/** What is reported while the body runs in debug mode. */
async function reportsOf(
  body: () => Promise<unknown>,
  runIt: Run = run,
): Promise<ExceptionContext[]> {
  const seen: ExceptionContext[] = [];
  await runIt(
    async () => {
      const loop = getRunningLoop();
      loop.slowCallbackDuration = LIMIT;
      loop.setExceptionHandler((context) => seen.push(context));
      await sleep(0);
      try {
        await body();
        // A turn more: what ends in a foreign await is told when the turn is over.
        await cancellable(foreignDelay(1));
      } finally {
        loop.slowCallbackDuration = 100;
        loop.setExceptionHandler(null);
      }
    },
    { debug: true },
  );
  return seen;
}

test.each<[string, Run]>([
  ["production loop", run],
  ["virtual loop", runVirtual],
])(
  "a slow step is reported with the wait that it came from and the one that it went to, on the %s (CPython: test_base_events BaseEventLoopWithSelectorTests.test_log_slow_callbacks)",
  async (_, runIt) => {
    const seen = await reportsOf(async () => {
      const hog = async (): Promise<void> => {
        await sleep(1); // before the step
        holdTheLoop();
        await sleep(1); // after the step
      };
      await createTask(hog, { name: "hog" }); // where hog is made
    }, runIt);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      message: expect.stringMatching(/^a step of task 'hog' held the loop for \d+ ms$/),
      createdAt: at("where hog is made"),
      waitedAt: at("before the step"),
      nextWaitAt: at("after the step"),
    });
    expect(seen[0]?.details?.split("\n")[0]).toBe("it began after sleep:");
    expect(seen[0]?.details).toContain(`at ${at("before the step")} in hog`);
  },
);

test("the first step of a task came from its creation, the last goes to its end", async () => {
  const seen = await reportsOf(async () => {
    const only = createTask(async () => holdTheLoop(), { name: "only" }); // where only is made
    await only;
  });
  expect(seen).toMatchObject([{ createdAt: at("where only is made") }]);
  expect(seen[0]?.details).toContain("it began with the task's start");
  expect(seen[0]?.details).toContain("it ended with the task's end");
});

test("a step that awaits a future or a group is told with the place of that await", async () => {
  const seen = await reportsOf(async () => {
    const future = new Future<void>();
    const task = createTask(async () => {
      await sleep(1);
      holdTheLoop();
      await future; // awaits the future
      holdTheLoop();
      await taskGroup(async (group) => void group.spawn(() => sleep(1))); // awaits the group
    });
    await sleep(LIMIT * 3);
    future.setResult();
    await task;
  });
  expect(seen.map(({ waitedAt, nextWaitAt }) => [waitedAt, nextWaitAt])).toEqual([
    [expect.any(String), at("awaits the future")],
    [at("awaits the future"), at("awaits the group")],
  ]);
});

test("a step is reported that comes from a foreign promise and goes to another", async () => {
  const seen = await reportsOf(async () => {
    await createTask(
      async () => {
        await foreignDelay(1);
        holdTheLoop();
        await foreignDelay(1);
        await foreignDelay(1);
      },
      { name: "foreigner" },
    );
  });
  expect(seen.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^a step of task 'foreigner' held the loop/),
  ]);
  expect(seen[0]?.details).toContain("it ended with an await of what is not Ambit's");
});

test("a step in several jobs of one turn is summed up, over turns it is not", async () => {
  const partly = LIMIT * 0.7;
  const seen = await reportsOf(async () => {
    await createTask(
      async () => {
        await sleep(1);
        holdTheLoop(partly);
        await Promise.resolve();
        holdTheLoop(partly);
        await sleep(1);
      },
      { name: "one turn" },
    );
    await createTask(
      async () => {
        await sleep(1);
        holdTheLoop(partly);
        await foreignDelay(1);
        holdTheLoop(partly);
        await sleep(1);
      },
      { name: "two turns" },
    );
  });
  expect(seen.map(({ message }) => /'(.*)'/.exec(message)?.[1])).toEqual(["one turn"]);
});

test("code that goes on after it began a wait is part of the step", async () => {
  const seen = await reportsOf(async () => {
    await createTask(async () => {
      const nap = sleep(1); // begun early
      holdTheLoop();
      await nap;
    });
  });
  expect(seen).toMatchObject([{ nextWaitAt: at("begun early") }]);
});

test("two tasks that share a turn are told apart, and a quick one is not blamed", async () => {
  const seen = await reportsOf(async () => {
    const gate = new Future<void>();
    const through = async (held: boolean): Promise<void> => {
      await gate;
      if (held) holdTheLoop();
    };
    const tasks = [true, false, true].map((held, index) =>
      createTask(() => through(held), { name: `t${index}` }),
    );
    await sleep(1);
    gate.setResult();
    for (const task of tasks) await task;
  });
  expect(seen.map(({ message }) => /'(.*)'/.exec(message)?.[1])).toEqual(["t0", "t2"]);
});

test("what others do while a task waits is not its step", async () => {
  const seen = await reportsOf(async () => {
    await createTask(
      async () => {
        await foreignDelay(1);
        await Promise.resolve();
        await foreignDelay(LIMIT * 2);
      },
      { name: "waiter" },
    );
  });
  expect(seen).toEqual([]);
});

test("a slow callback is reported with its name and where it was scheduled", async () => {
  const seen = await reportsOf(async () => {
    const loop = getRunningLoop();
    loop.callSoon(function soon() {
      holdTheLoop();
    }); // not here
    loop.callLater(1, function later() {
      holdTheLoop();
    });
    await sleep(LIMIT * 5);
  });
  const here = marks(import.meta.url)("not here").replace(/\d+$/, (line) => `${Number(line) - 2}`);
  expect(seen).toMatchObject([
    { message: expect.stringMatching(/^callback soon at .* held the loop for \d+ ms$/) },
    { message: expect.stringMatching(/^callback later at .* held the loop for \d+ ms$/) },
  ]);
  expect(seen[0]?.createdAt).toBe(here);
  expect(seen[0]?.handle).toBeDefined();
});

test("a limit that is higher, and a loop that is not in debug mode, report nothing", async () => {
  const seen: unknown[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    loop.slowCallbackDuration = LIMIT;
    loop.setExceptionHandler((context) => seen.push(context));
    await sleep(1);
    holdTheLoop();
    await sleep(1);
    loop.setExceptionHandler(null);
    loop.slowCallbackDuration = 100;
  });
  const high = await reportsOf(async () => {
    getRunningLoop().slowCallbackDuration = 10_000;
    holdTheLoop();
    await sleep(1);
  });
  expect([...seen, ...high]).toEqual([]);
});
