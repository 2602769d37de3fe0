/*
 * A million cancelled waits, timeouts and aborted signals leave nothing behind. In a process of its own, on the real
 * loop, so that the heap is the program's alone.
 */
import { expect, test } from "vitest";
import { runProgram } from "./childProgram.ts";

const ROUNDS = 1_000_000;

const PROGRAM = `
  import { CancelScope, createTask, Future, run, shield, sleep, taskGroup, timeout } from "ambit";

  const kinds = {
    async waits(count) {
      const task = createTask(() => Promise.allSettled(Array.from({ length: count }, () => sleep(60_000))));
      await sleep(0);
      task.cancel();
      await task;
    },
    async timeouts(count) {
      const body = () => sleep(60_000);
      const one = () => timeout(0, body).catch(() => {});
      for (let left = count; left > 0; left--) await one();
    },
    async signals(count, controller) {
      const options = { signal: controller.signal };
      const tasks = Array.from({ length: count }, () => createTask(() => sleep(60_000), options));
      await sleep(0);
      for (const task of tasks) task.cancel();
      await Promise.allSettled(tasks);
    },
    async shields(count) {
      const future = new Future();
      const scope = new CancelScope();
      await scope.run(async () => {
        const all = Array.from({ length: count }, () => shield(future));
        scope.cancel();
        await Promise.allSettled(all);
      });
      future.setResult(0);
    },
  };

  const settle = async () => { for (let i = 0; i < 3; i++) { await sleep(0); gc(); } };
  const heap = () => process.memoryUsage().heapUsed;

  await run(async () => {
    const controller = new AbortController();
    let listeners = 0;
    for (const [name, change] of [["addEventListener", 1], ["removeEventListener", -1]]) {
      const original = controller.signal[name].bind(controller.signal);
      controller.signal[name] = (...args) => { listeners += change; return original(...args); };
    }
    const round = async () => {
      for (const kind of Object.values(kinds)) await kind(${ROUNDS / 1000 / 4}, controller);
    };
    for (let i = 0; i < 50; i++) await round();
    await settle();
    const before = heap();
    for (let i = 0; i < 1000; i++) await round();
    await settle();
    const grown = heap() - before;
    const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    console.log(JSON.stringify({ grown, listeners, timers }));
  });`;

test(
  `a million cancelled waits, timeouts and signals: heap and listeners are back where they began`,
  {
    timeout: 120_000,
  },
  async () => {
    const ended = await runProgram(PROGRAM, { flags: ["--expose-gc"] });
    expect(ended).toMatchObject({ code: 0, err: "" });
    const { grown, listeners, timers } = JSON.parse(ended.out) as Record<string, number>;
    // A leak of one byte a round would show as a megabyte; what is allowed is the noise of compiled code.
    expect(grown).toBeLessThan(ROUNDS / 2);
    expect([listeners, timers]).toEqual([0, 0]);
  },
);
