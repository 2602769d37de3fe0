/*
 * What a group tells its children when a cancel has come down to them already: each hears of it once.
 */
import { CancelledError, createTask, currentTask, sleep, type Task, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("a failure does not interrupt children that are cleaning up because the caller was cancelled", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const caller = createTask(() =>
      taskGroup(async (group) => {
        group.spawn(async () => {
          try {
            await sleep(1000);
          } finally {
            await sleep(20); // a second cancel would end this
            log.push("cleaned up");
          }
        });
        group.spawn(async () => {
          try {
            await sleep(1000);
          } finally {
            await failAfter5();
          }
        });
        await sleep(1000).catch(() => sleep(50));
      }),
    );
    await sleep(1);
    caller.cancel();
    await expect(caller).rejects.toThrow("the other one failed");
    expect(log).toEqual(["cleaned up"]);
  });
});

async function failAfter5(): Promise<never> {
  await sleep(5);
  throw new Error("the other one failed");
}

test("a failure cancels a child that has swallowed a cancel of its own", async () => {
  await runVirtual(async () => {
    let stubborn!: Task<void>;
    const group = taskGroup(async (tasks) => {
      stubborn = tasks.spawn(async () => {
        await sleep(1000).catch(() => {});
        await sleep(1000);
      });
      await sleep(1);
      stubborn.cancel();
      await sleep(1);
      throw new Error("body failed");
    });
    await expect(group).rejects.toThrow("body failed");
    expect(stubborn.cancelled()).toBe(true);
  });
});

test("a failure cancels a child that has taken back what came from the caller", async () => {
  await runVirtual(async () => {
    let child!: Task<void>;
    const caller = createTask(() =>
      taskGroup(async (group) => {
        child = group.spawn(async () => {
          await sleep(1000).catch(() => currentTask()?.uncancel());
          await sleep(1000);
        });
        await sleep(1000).catch(() => sleep(1));
        throw new Error("body failed");
      }),
    );
    await sleep(1);
    caller.cancel();
    await expect(caller).rejects.toThrow("body failed");
    expect(child.cancelled()).toBe(true);
  });
});

test("a cancel that ends the group reaches a child once more that has taken it back", async () => {
  await runVirtual(async () => {
    let child!: Task<void>;
    const caller = createTask(() =>
      taskGroup(async (group) => {
        child = group.spawn(async () => {
          await sleep(1000).catch(() => currentTask()?.uncancel());
          await sleep(1000);
        });
        try {
          await sleep(1000);
        } finally {
          await sleep(1);
        }
      }),
    );
    await sleep(1);
    caller.cancel();
    await expect(caller).rejects.toThrow(CancelledError);
    expect(child.cancelled()).toBe(true);
  });
});

test("a cancel that ends the group reaches a child spawned since that has swallowed another", async () => {
  await runVirtual(async () => {
    let late!: Task<void>;
    const caller = createTask(() =>
      taskGroup(async (group) => {
        try {
          await sleep(1000);
        } finally {
          late = group.spawn(async () => {
            await sleep(1000).catch(() => {});
            await sleep(1000);
          });
          await sleep(1);
          late.cancel();
          await sleep(1);
        }
      }),
    );
    await sleep(1);
    caller.cancel();
    await expect(caller).rejects.toThrow(CancelledError);
    expect(late.cancelled()).toBe(true);
  });
});

test("a second cancel of the caller reaches a child once, also one that was cancelled by itself meanwhile", async () => {
  await runVirtual(async () => {
    let child!: Task<number>;
    const caller = createTask(() =>
      taskGroup(async (group) => {
        child = group.spawn(async () => {
          await sleep(1000).catch(() => {});
          await sleep(1000).catch(() => {});
          await sleep(1000).catch(() => {});
          await sleep(10);
          return currentTask()?.cancelling() ?? 0;
        });
      }),
    );
    await sleep(1);
    caller.cancel();
    await sleep(1);
    caller.cancel();
    child.cancel();
    await expect(caller).rejects.toThrow(CancelledError);
    expect(await child).toBe(3);
  });
});
