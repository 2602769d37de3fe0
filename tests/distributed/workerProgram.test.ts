/*
 * `ambit worker` as a process of its own: signals, modules that are none, a Redis that is not there or refuses.
 *
 * It runs what was built, and takes real time, since processes and sockets know no other.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CancelledError } from "ambit";
import { Redis } from "ioredis";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ended } from "../../src/distributed/connections.ts";
import { killPrograms, Program } from "../cli/program.ts";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import { executorOf, freshQueue, temporaryFolder } from "./workers.ts";

vi.setConfig({ testTimeout: 60_000 });

const TASKS = join(import.meta.dirname, "tasks.mjs");

function workerProgram(...args: readonly string[]): Program {
  return new Program(import.meta.dirname, "worker", ...args);
}

afterEach(killPrograms);

describe.skipIf(redisMissing() !== null)("ambit worker", () => {
  const served = serveRedis();

  async function startWorker(queue: string, ...args: readonly string[]): Promise<Program> {
    const program = workerProgram("--redis", served.server.url, "-q", queue, ...args, TASKS);
    await program.says("takes calls");
    return program;
  }

  test("SIGTERM lets what runs end, takes nothing new, and tells the count", async () => {
    const queue = freshQueue();
    const worker = await startWorker(queue, "-c", "1", "--inline");
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "slow");
    const running = executor.submit(tasks.slow, 500, file);
    await expect.poll(() => existsSync(file), { timeout: 30_000 }).toBe(true);
    const waiting = executor.submit(tasks.square, 3);
    expect(await worker.end("SIGTERM")).toBe(0);
    expect(await running).toBe("slept");
    expect(worker.out).toMatch(/stopped: 1 calls ended, 0 of them failed\n$/);
    expect((await executor.queueStatistics()).waiting).toBe(1);
    await startWorker(queue, "--inline");
    expect(await waiting).toBe(9);
  });

  test("what has not ended within --grace goes back to the queue, for another worker", async () => {
    const queue = freshQueue();
    const worker = await startWorker(queue, "--inline", "--grace", "100ms");
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "slow");
    const call = executor.submit(tasks.slow, 1500, file);
    await expect.poll(() => existsSync(file), { timeout: 30_000 }).toBe(true);
    expect(await worker.end("SIGTERM")).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("running over");
    await startWorker(queue, "--inline");
    expect(await call).toBe("slept");
  });

  test("the second signal ends it at once", async () => {
    const queue = freshQueue();
    const worker = await startWorker(queue, "--inline");
    const executor = executorOf(served, queue, { cancelTimeout: 100 });
    const file = join(temporaryFolder(), "slow");
    const call = executor.submit(tasks.slow, 600_000, file);
    await expect.poll(() => existsSync(file), { timeout: 30_000 }).toBe(true);
    worker.process.kill("SIGTERM");
    await worker.says("stopping");
    expect(await worker.end("SIGTERM")).toBe(143);
    call.cancel();
    await expect(call).rejects.toBeInstanceOf(CancelledError);
  });

  test("a wrong password is one line, and exit code 1", async () => {
    const admin = new Redis(served.server.url);
    await admin.config("SET", "requirepass", "right");
    const redis = served.server.url.replace("//", "//:wrong@");
    const worker = workerProgram("--redis", redis, TASKS);
    const code = await worker.end();
    await admin.config("SET", "requirepass", "");
    await ended(admin);
    expect({ code, err: worker.err.split(" ", 3) }).toEqual({
      code: 1,
      err: ["ambit", "worker:", "WRONGPASS"],
    });
    expect(worker.err.trim().split("\n")).toHaveLength(1);
  });
});

test("without Redis it says so once, goes on trying, and ends with a signal", async () => {
  const worker = workerProgram("--redis", "redis://127.0.0.1:1", TASKS);
  await expect.poll(() => worker.err, { timeout: 30_000 }).toContain("ECONNREFUSED");
  expect(await worker.end("SIGTERM")).toBe(0);
  expect(worker.err.trim().split("\n")).toHaveLength(1);
});

test("a module that is not there is wrong usage; one that names no task, or throws, a failure", async () => {
  const missing = workerProgram("nowhere.js");
  expect(await missing.end()).toBe(2);
  expect(missing.err).toMatch(/^ambit worker: there is no module nowhere\.js; see .*\n$/);
  const file = join(temporaryFolder(), "empty.mjs");
  writeFileSync(file, "export const nothing = 1;");
  const empty = workerProgram(file);
  expect(await empty.end()).toBe(1);
  expect(empty.err).toContain("names no task");
  writeFileSync(file, "throw new Error('broken');");
  const broken = workerProgram(file);
  expect(await broken.end()).toBe(1);
  expect(broken.err).toContain("broken");
});
