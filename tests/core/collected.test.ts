/*
 * What the garbage collector may take of tasks, and what it may not. With the engine's collector called by hand;
 * finalizers come in real time, which is given to them a millisecond at a time.
 */
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { allTasks, createTask, Future, gather, run, sleep, type Task } from "ambit";
import { expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects until the reference is gone, or often enough to say that it stays. */
async function isGone(reference: WeakRef<object>): Promise<boolean> {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    if (reference.deref() === undefined) return true;
  }
  return false;
}

test("collecting while a hundred tasks end and their results go is harmless (CPython: test_tasks BaseTaskTests.test_task_del_collect)", async () => {
  const log = { collected: 0, inside: 0 };
  const registry = new FinalizationRegistry(() => {
    log.collected++;
    if (log.inside++ < 2) collect();
  });
  let made = 0;
  const body = async (): Promise<object> => {
    const result = {};
    registry.register(result, undefined);
    if (++made % 50 === 0) collect();
    return result;
  };
  await run(async () => {
    const results = await gather(Array.from({ length: 100 }, () => body));
    expect(results).toHaveLength(100);
  });
  // Node calls finalizers when it has time for them.
  for (let round = 0; round < 50 && log.collected === 0; round++) {
    collect();
    await delay(1);
  }
  expect(log.collected).toBeGreaterThan(0);
});

test("a pending task is held by its runner, whoever else let go of it (CPython, differs: test_tasks BaseTaskTests.test_log_destroyed_pending_task)", async () => {
  const log: string[] = [];
  await run(async () => {
    let resume: Future<void> | null = new Future<void>();
    const waiting = resume;
    const task = new WeakRef(
      createTask(
        async () => {
          await waiting;
          log.push("resumed");
        },
        { name: "forgotten" },
      ),
    );
    await sleep(0);
    expect(await isGone(task)).toBe(false);
    expect(allTasks().map((each) => each.name)).toContain("forgotten");
    resume.setResult();
    resume = null;
    await sleep(0);
    await sleep(0);
    expect(allTasks().map((each) => each.name)).not.toContain("forgotten");
  });
  expect(log).toEqual(["resumed"]);
});

/** In a function of its own, so that no frame that goes on holds the body. */
function startWithHeavyBody(): [task: Task<void>, body: WeakRef<object>] {
  const body = async (): Promise<void> => {};
  return [createTask(body, { eager: true }), new WeakRef(body)];
}

test("a task that is done holds its result, and no longer its function (CPython: test_eager_task_factory CEagerTaskFactoryLoopTests.test_issue122332)", async () => {
  await run(async () => {
    const [task, body] = startWithHeavyBody();
    await task;
    expect(await isGone(body)).toBe(true);
    expect(task.done()).toBe(true);
  });
});
