import {
  createTask,
  type ExceptionContext,
  getRunningLoop,
  sleep,
  taskGroup,
  type TaskGroup,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

/** Leaves something in the group that takes a while to close. */
function leave(group: TaskGroup, log: string[], name = "closed"): void {
  group.leftovers.add({
    ownerEnded: async () => {
      await sleep(5);
      log.push(name);
    },
  });
}

test("what a group leaves is closed after its last child and before the group's call ends", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const value = await taskGroup(async (group) => {
      leave(group, log);
      group.spawn(async () => {
        await sleep(3);
        log.push("child ended");
      });
      return "value";
    });
    expect([...log, value]).toEqual(["child ended", "closed", "value"]);
  }));

test("also when the group fails or is cancelled; a cancel meanwhile does not interrupt it and is delivered", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const failing = taskGroup(async (group) => {
      leave(group, log, "after a failure");
      throw new RangeError("of the body");
    });
    await expect(failing).rejects.toThrow("of the body");
    const working = createTask(async () => {
      await taskGroup(async (group) => leave(group, log, "in spite of a cancel"));
      await sleep(60_000);
    });
    await sleep(2);
    working.cancel();
    await expect(working).rejects.toThrow("was cancelled");
    expect(log).toEqual(["after a failure", "in spite of a cancel"]);
  }));

test("one that fails to close is reported, and the others are closed", () =>
  runVirtual(async () => {
    const told: ExceptionContext[] = [];
    const log: string[] = [];
    getRunningLoop().setExceptionHandler((context) => told.push(context));
    await taskGroup(async (group) => {
      group.leftovers.add({ ownerEnded: () => Promise.reject(new Error("stuck")) });
      leave(group, log);
    });
    expect(log).toEqual(["closed"]);
    expect(told).toMatchObject([{ exception: { message: "stuck" } }]);
  }));

test("children that are spawned meanwhile, and what they leave, are waited for", () =>
  runVirtual(async () => {
    const log: string[] = [];
    await taskGroup(async (group) => {
      leave(group, log, "first");
      createTask(async () => {
        await sleep(2);
        group.spawn(async () => {
          await sleep(10);
          leave(group, log, "second");
        });
      });
    });
    expect(log).toEqual(["first", "second"]);
  }));
