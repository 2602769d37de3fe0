/*
 * The waits of the core that have no test of their own for it, cancelled at every await point: nothing is left, and what
 * was awaited goes on or ends as each promises.
 */
import {
  asCompleted,
  createTask,
  Future,
  moveOnAfter,
  protect,
  shield,
  sleep,
  type Task,
  taskGroup,
  wait,
  waitFor,
} from "ambit";
import { cancelEverywhere } from "ambit/testing";
import { expect, test } from "vitest";

/** Only the main task is cancelled: what it awaits must keep its own promise. */
const only = (task: Task<unknown>): boolean => task.name === "main";

/** Work that counts itself while it runs. */
class Work {
  running = 0;
  finished = 0;

  readonly body = async (): Promise<string> => {
    this.running++;
    try {
      await sleep(2);
      await sleep(2);
      this.finished++;
      return "done";
    } finally {
      this.running--;
    }
  };
}

test("wait leaves the tasks alone", async () => {
  const points = await cancelEverywhere(
    async () => {
      const work = new Work();
      const tasks = [createTask(work.body), createTask(work.body)];
      try {
        await wait(tasks, { returnWhen: "FIRST_COMPLETED" });
        await wait(tasks, { timeout: 1 });
      } finally {
        await protect(async () => await Promise.all(tasks));
        expect([work.running, work.finished]).toEqual([0, 2]);
      }
    },
    { only },
  );
  expect(points).toBeGreaterThanOrEqual(1);
});

test("asCompleted leaves the items alone, and loses none to a cancelled consumer", async () => {
  const points = await cancelEverywhere(
    async () => {
      const work = new Work();
      const tasks = [1, 2, 3].map(() => createTask(work.body));
      let seen = 0;
      const items = asCompleted(tasks);
      try {
        for (let next = await items.next(); next.done !== true; next = await items.next()) seen++;
        expect(seen).toBe(3);
      } finally {
        await protect(async () => {
          for (let next = await items.next(); next.done !== true; next = await items.next()) seen++;
        });
        expect([seen, work.finished]).toEqual([3, 3]);
      }
    },
    { only },
  );
  expect(points).toBeGreaterThanOrEqual(1);
});

test("shield lets the work finish, protect finishes it first, an await ends it", async () => {
  const scenarios: [(task: Task<string>) => PromiseLike<unknown>, (work: Work) => void][] = [
    [(task) => shield(task), (work) => expect(work.finished).toBe(1)],
    [(task) => protect(task), (work) => expect(work.finished).toBe(1)],
    [(task) => task, (work) => expect(work.running).toBe(0)],
    [(task) => waitFor(task, 100), (work) => expect(work.running).toBe(0)],
    [(task) => moveOnAfter(100, async () => await task), (work) => expect(work.running).toBe(0)],
  ];
  for (const [awaiting, check] of scenarios) {
    await cancelEverywhere(
      async () => {
        const work = new Work();
        const task = createTask(work.body);
        try {
          await awaiting(task);
        } finally {
          await protect(() => sleep(10));
          check(work);
        }
      },
      { only },
    );
  }
});

test("a future is cancelled with who awaits it, and only then", async () => {
  await cancelEverywhere(
    async () => {
      const future = new Future<number>();
      createTask(() => sleep(3).then(() => future.done() || future.setResult(1)));
      let value = 0;
      try {
        value = await future;
      } finally {
        expect([value, future.cancelled()]).toEqual(value === 1 ? [1, false] : [0, true]);
      }
    },
    { only },
  );
});

test("a child that is starting ends with its starter, one that has started with its group", async () => {
  const work = new Work();
  const points = await cancelEverywhere(async () => {
    try {
      await taskGroup(async (group) => {
        await group.start(async (started: (value: null) => void) => {
          await work.body();
          started(null);
          await work.body();
        });
        await sleep(1);
      });
    } finally {
      expect(work.running).toBe(0);
    }
  });
  expect(points).toBeGreaterThanOrEqual(6);
});
