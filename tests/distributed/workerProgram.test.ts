/*
 * `ambit worker` as a process of its own: signals, modules that are none, a Redis that is not there or refuses.
 *
 * It runs what was built, and takes real time, since processes and sockets know no other.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CancelledError } from "ambit";
import { Redis } from "ioredis";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ended } from "../../src/distributed/connections.ts";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import { executorOf, freshQueue, temporaryFolder } from "./workers.ts";

vi.setConfig({ testTimeout: 60_000 });

const ENTRY = join(import.meta.dirname, "../../dist/cli/main.js");
const TASKS = join(import.meta.dirname, "tasks.mjs");
const started = new Set<WorkerProgram>();

class WorkerProgram {
  readonly process: ChildProcess;
  readonly #closed: Promise<unknown>;
  out = "";
  err = "";

  constructor(...args: readonly string[]) {
    this.process = spawn(process.execPath, [ENTRY, "worker", ...args]);
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
    this.#closed = once(this.process, "close");
    started.add(this);
  }

  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.process.kill(signal);
    await this.#closed;
    started.delete(this);
    return this.process.exitCode;
  }

  async says(words: string): Promise<void> {
    while (!this.out.includes(words))
      await once(this.process.stdout as NodeJS.ReadableStream, "data");
  }
}

afterEach(async () => {
  for (const program of started) await program.end("SIGKILL");
});

describe.skipIf(redisMissing() !== null)("ambit worker", () => {
  const served = serveRedis();

  async function startWorker(queue: string, ...args: readonly string[]): Promise<WorkerProgram> {
    const program = new WorkerProgram("--redis", served.server.url, "-q", queue, ...args, TASKS);
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
    const worker = new WorkerProgram("--redis", redis, TASKS);
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
  const worker = new WorkerProgram("--redis", "redis://127.0.0.1:1", TASKS);
  await expect.poll(() => worker.err, { timeout: 30_000 }).toContain("ECONNREFUSED");
  expect(await worker.end("SIGTERM")).toBe(0);
  expect(worker.err.trim().split("\n")).toHaveLength(1);
});

test("a module that is not there is wrong usage; one that names no task, or throws, a failure", async () => {
  const missing = new WorkerProgram("nowhere.js");
  expect(await missing.end()).toBe(2);
  expect(missing.err).toMatch(/^ambit worker: there is no module nowhere\.js; see .*\n$/);
  const file = join(temporaryFolder(), "empty.mjs");
  writeFileSync(file, "export const nothing = 1;");
  const empty = new WorkerProgram(file);
  expect(await empty.end()).toBe(1);
  expect(empty.err).toContain("names no task");
  writeFileSync(file, "throw new Error('broken');");
  const broken = new WorkerProgram(file);
  expect(await broken.end()).toBe(1);
  expect(broken.err).toContain("broken");
});
