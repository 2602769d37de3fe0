/*
 * ReadWriteLock: readers together, writers alone, one fair line for both, cancellation, reports.
 */
import { inspect } from "node:util";
import { createTask, LockNotHeldError, ReadWriteLock, run, sleep, type Task, timeout } from "ambit";
import { DeadlockError, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** A task that holds the lock for 10 ms and logs when it begins. */
function job(lock: ReadWriteLock, log: string[], name: string): Task<void> {
  const body = async (): Promise<void> => {
    log.push(name);
    await sleep(10);
  };
  return createTask(() => (name.startsWith("w") ? lock.runWrite(body) : lock.runRead(body)));
}

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("readers are in together, a writer is alone", async () => {
    await start(async () => {
      const lock = new ReadWriteLock();
      let [reading, writing, most] = [0, 0, 0];
      const read = async (): Promise<void> => {
        using _ = await lock.acquireRead();
        expect(writing).toBe(0);
        most = Math.max(most, ++reading);
        await sleep(1);
        reading--;
      };
      const write = async (): Promise<void> => {
        using _ = await lock.acquireWrite();
        expect([reading, ++writing]).toEqual([0, 1]);
        await sleep(1);
        writing--;
      };
      await Promise.all(
        [read, read, write, write, read, read, read].map((body) => createTask(body)),
      );
      expect(most).toBe(3);
      expect(lock.statistics()).toEqual({ readers: 0, writing: false, waiting: 0 });
    });
  });
});

test("the line is first come, first served; readers that stand next to each other go in together", async () => {
  await runVirtual(async () => {
    const lock = new ReadWriteLock();
    const log: string[] = [];
    for (const name of ["r1", "w1", "r2", "r3", "w2", "r4"]) job(lock, log, name);
    const rounds: string[] = [];
    for (let i = 0; i < 5; i++) {
      await sleep(5);
      rounds.push(log.splice(0).join("+"));
      await sleep(5);
    }
    expect(rounds).toEqual(["r1", "w1", "r2+r3", "w2", "r4"]);
  });
});

test("a stream of readers does not starve a writer, nor a stream of writers a reader", async () => {
  await runVirtual(async () => {
    const lock = new ReadWriteLock();
    const log: string[] = [];
    for (let i = 0; i < 3; i++) {
      job(lock, log, "r");
      await sleep(5);
    }
    job(lock, log, "writer");
    for (let i = 0; i < 3; i++) {
      job(lock, log, "r");
      await sleep(5);
    }
    await sleep(100);
    expect(log.indexOf("writer")).toBe(3);
    log.length = 0;
    job(lock, log, "w");
    job(lock, log, "reader");
    for (let i = 0; i < 3; i++) job(lock, log, "w");
    await sleep(100);
    expect(log).toEqual(["w", "reader", "w", "w", "w"]);
  });
});

test("an acquire of a free lock ends no step and delivers no cancel", async () => {
  for (const purpose of ["acquireRead", "acquireWrite"] as const) {
    await runVirtual(async () => {
      const lock = new ReadWriteLock();
      const log: string[] = [];
      const task: Task<void> = createTask(async () => {
        createTask(async () => log.push("other"));
        task.cancel();
        await lock[purpose]();
        log.push("acquired");
        await sleep(0);
      });
      await expect(task).rejects.toThrow("was cancelled");
      expect(log).toEqual(["acquired", "other"]);
    });
  }
});

test("readLocked and writeLocked tell whether an acquire would wait", async () => {
  await runVirtual(async () => {
    const lock = new ReadWriteLock();
    const locked = (): boolean[] => [lock.readLocked(), lock.writeLocked()];
    expect(locked()).toEqual([false, false]);
    await lock.acquireRead();
    expect(locked()).toEqual([false, true]);
    const writer = createTask(() => lock.acquireWrite());
    await sleep(0);
    expect(locked()).toEqual([true, true]);
    lock.releaseRead();
    await writer;
    expect(locked()).toEqual([true, true]);
    lock.releaseWrite();
    expect(locked()).toEqual([false, false]);
  });
});

describe("cancelling", () => {
  test("a writer lets in the readers that waited only for it", async () => {
    await runVirtual(async () => {
      const lock = new ReadWriteLock();
      const log: string[] = [];
      await lock.acquireRead();
      const [writer, ...readers] = ["writer", "r1", "r2"].map((name) => job(lock, log, name));
      await sleep(0);
      expect(lock.statistics()).toEqual({ readers: 1, writing: false, waiting: 3 });
      writer?.cancel();
      expect(lock.statistics()).toEqual({ readers: 3, writing: false, waiting: 0 });
      await Promise.all(readers);
      expect(log).toEqual(["r1", "r2"]);
    });
  });

  test("a reader or a writer in the middle of the line changes nothing for the others", async () => {
    await runVirtual(async () => {
      const lock = new ReadWriteLock();
      const log: string[] = [];
      const tasks = ["w1", "w2", "r1", "r2", "w3"].map((name) => job(lock, log, name));
      await sleep(0);
      tasks[1]?.cancel();
      tasks[2]?.cancel();
      await tasks[4];
      expect(log).toEqual(["w1", "r2", "w3"]);
    });
  });

  test("after the hand-over comes at the next wait, and the lock is released", async () => {
    await runVirtual(async () => {
      for (const name of ["reader", "writer"]) {
        const lock = new ReadWriteLock();
        const log: string[] = [];
        await lock.acquireWrite();
        const task = job(lock, log, name);
        await sleep(0);
        lock.releaseWrite();
        task.cancel();
        await expect(task).rejects.toThrow("was cancelled");
        expect([log, lock.writeLocked()]).toEqual([[name], false]);
      }
    });
  });
});

test("releasing what nobody holds is refused and says what to do", async () => {
  const lock = new ReadWriteLock();
  const text = (operation: string, purpose: string) =>
    `${operation} on ReadWriteLock { readers: 0, writing: false, waiting: 0 }, which nobody holds for ${purpose}: acquire it first`;
  expect(() => lock.releaseRead()).toThrow(new LockNotHeldError(text("releaseRead", "reading")));
  expect(() => lock.releaseWrite()).toThrow(new LockNotHeldError(text("releaseWrite", "writing")));
  const guard = await lock.acquireRead();
  expect(() => lock.releaseWrite()).toThrow(LockNotHeldError);
  lock.releaseRead();
  expect(() => guard.release()).toThrow(LockNotHeldError);
});

test("runRead and runWrite release whatever happens, and refuse what is no function", async () => {
  await runVirtual(async () => {
    const lock = new ReadWriteLock();
    for (const way of ["runRead", "runWrite"] as const) {
      expect(await lock[way](() => lock.writeLocked())).toBe(true);
      const failing = lock[way](() => {
        throw new Error("disk full");
      });
      await expect(failing).rejects.toThrow("disk full");
      await expect(timeout(5, () => lock[way](() => sleep(10)))).rejects.toThrow("5 ms");
      await expect(lock[way](1 as never)).rejects.toThrow(
        "Expected `body` to be a function, got `1` (number)",
      );
      expect(lock.writeLocked()).toBe(false);
    }
  });
});

test("statistics are frozen, and it prints its state", async () => {
  await runVirtual(async () => {
    const lock = new ReadWriteLock();
    await lock.acquireRead();
    await lock.acquireRead();
    const writer = createTask(() => lock.acquireWrite());
    await sleep(0);
    expect(Object.isFrozen(lock.statistics())).toBe(true);
    expect(inspect(lock)).toBe("ReadWriteLock { readers: 2, writing: false, waiting: 1 }");
    lock.releaseRead();
    lock.releaseRead();
    await writer;
    expect(inspect(lock)).toBe("ReadWriteLock { readers: 0, writing: true, waiting: 0 }");
  });
});

test("a deadlock report names the readers, or the writer", async () => {
  const report = async (hold: (lock: ReadWriteLock) => Promise<unknown>): Promise<string> => {
    const stuck = runVirtual(async () => {
      const lock = new ReadWriteLock();
      for (const name of ["a", "b"]) await createTask(() => hold(lock), { name });
      await lock.acquireWrite();
    });
    return ((await stuck.catch((error: unknown) => error)) as DeadlockError).tree;
  };
  expect(await report((lock) => lock.acquireRead())).toContain("held by a, b");
  expect(await report((lock) => lock.acquireWrite())).toContain("held by a");
});

test("a task that waits to write while it reads is reported as waiting for itself", async () => {
  const stuck = runVirtual(async () => {
    const lock = new ReadWriteLock();
    using _ = await lock.acquireRead();
    await lock.acquireWrite();
  });
  await expect(stuck).rejects.toThrow(/main {2}ReadWriteLock.acquireWrite\(.*\) held by main/);
});
