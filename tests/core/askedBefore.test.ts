/**
 * A cancel that was asked for before a scope began, and is delivered inside it: it goes on as what it is, whatever becomes
 * of the scope meanwhile. In virtual time.
 */
import {
  CancelledError,
  CancelScope,
  createTask,
  currentTask,
  moveOnAfter,
  protect,
  sleep,
  taskGroup,
  timeout,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Takes longer to clean up than any limit below. */
async function slowToLeave(): Promise<void> {
  try {
    await sleep(1000);
  } finally {
    await protect(() => sleep(20));
  }
}

const ways: Readonly<Record<string, () => Promise<unknown>>> = {
  "a quiet limit": () => moveOnAfter(5, slowToLeave),
  "a limit": () => timeout(5, slowToLeave),
  "a limit in a limit": () => moveOnAfter(7, () => timeout(5, slowToLeave)),
  "a scope that is cancelled": async () => {
    const scope = new CancelScope();
    const killer = createTask(async () => {
      await sleep(5);
      scope.cancel();
    });
    try {
      await scope.run(slowToLeave);
    } finally {
      await protect(() => killer);
    }
  },
  "a limit whose clean-up the deadline interrupts": () =>
    moveOnAfter(5, async () => {
      try {
        await sleep(1000);
      } finally {
        await sleep(20);
      }
    }),
};

describe("a cancel that was asked for before", () => {
  test.each(Object.keys(ways))("%s is not taken for its own", async (name) => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(async () => {
        currentTask()?.cancel("enough");
        await ways[name]?.();
        log.push("went on");
        await sleep(1);
      });
      const error = await task.then(undefined, (reason: unknown) => reason);
      expect([error, log]).toEqual([expect.any(CancelledError), []]);
      expect(task.cancelled()).toBe(true);
    });
  });

  test("a group whose child fails in the clean-up leaves it for the next wait", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(async () => {
        currentTask()?.cancel("enough");
        try {
          await taskGroup(async (group) => {
            group.spawn(async () => {
              await protect(() => sleep(5));
              throw new RangeError("child");
            });
            // The child begins before the cancel is met.
            await Promise.resolve();
            await slowToLeave();
          });
        } catch (error) {
          log.push((error as Error).name);
        }
        await sleep(1);
        log.push("went on");
      });
      await expect(task).rejects.toThrow(CancelledError);
      expect(log).toEqual(["RangeError"]);
    });
  });

  test("a limit that nothing was asked before is still its own", async () => {
    await runVirtual(async () => {
      expect((await moveOnAfter(5, slowToLeave)).cancelledCaught).toBe(true);
      await expect(timeout(5, slowToLeave)).rejects.toThrow("5 ms");
    });
  });

  test("a limit after a cancel that was met and swallowed is its own", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        try {
          await sleep(1000);
        } catch {
          // Swallowed on purpose.
        }
        return (await moveOnAfter(5, slowToLeave)).cancelledCaught;
      });
      await sleep(1);
      task.cancel();
      expect(await task).toBe(true);
    });
  });
});
