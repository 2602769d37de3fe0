/*
 * Workers that are killed, a Redis that is restarted or loses its data, a network that is cut: every call comes to an end,
 * and none that ends well was not run.
 *
 * In real time: what is tested are other processes.
 */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { CallLostError, DistributedConnectionError, DistributedError } from "ambit/distributed";
import { afterAll, describe, expect, test } from "vitest";
import { Connections } from "../../src/distributed/connections.ts";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import type { Wire } from "../servers/wire.ts";
import * as tasks from "./tasks.mjs";
import {
  endWorker,
  endWorkers,
  executorOf,
  freshQueue,
  startWorker,
  temporaryFolder,
  wireTo,
} from "./workers.ts";

/** It is cut, and whole again at once. */
function flicker(wire: Wire): void {
  wire.cut();
  wire.mend();
}

describe.skipIf(redisMissing() !== null)("faults", () => {
  const served = serveRedis();
  afterAll(endWorkers);

  test("workers that are killed under load: each call runs at least once, and ends once", async () => {
    const queue = freshQueue();
    const options = {
      redis: served.server.url,
      queue,
      executor: "inline",
      concurrency: 4,
      lockDuration: 1000,
      maxLosses: 10,
    } as const;
    const doomed = await Promise.all([startWorker(options), startWorker(options)]);
    await startWorker(options);
    const executor = executorOf(served, queue, { pollInterval: 200 });
    const file = join(temporaryFolder(), "runs");
    const ended: number[] = [];
    const numbers = Array.from({ length: 150 }, (_, n) => n);
    const calls = numbers.map(async (n) => {
      ended.push(await executor.submit(tasks.note, file, n, 20));
      if (ended.length === 15) await endWorker(doomed[0]);
      if (ended.length === 50) await endWorker(doomed[1]);
    });
    await Promise.all(calls);
    expect(ended.toSorted((a, b) => a - b)).toEqual(numbers);
    const runs = readFileSync(file, "utf8").trim().split("\n").map(Number);
    expect([...new Set(runs)].toSorted((a, b) => a - b)).toEqual(numbers);
  });

  test("a call whose workers are lost too often is given up", async () => {
    const queue = freshQueue();
    const options = {
      redis: served.server.url,
      queue,
      executor: "inline",
      lockDuration: 200,
      maxLosses: 0,
    } as const;
    const worker = await startWorker(options);
    const executor = executorOf(served, queue, { pollInterval: 100 });
    const call = executor.submit(tasks.slow, 60_000, "");
    await expect.poll(async () => (await executor.queueStatistics()).active).toBe(1);
    await endWorker(worker);
    await startWorker(options);
    await expect(call).rejects.toThrow(CallLostError);
    await expect(call).rejects.toThrow("more often than `maxLosses` allows");
  });

  test("a cut network costs no call and no outcome", async () => {
    const queue = freshQueue();
    const wire = await wireTo(served);
    const redis = `redis://127.0.0.1:${wire.port}`;
    await startWorker({ redis, queue, executor: "inline", concurrency: 4, lockDuration: 2000 });
    const executor = executorOf(served, queue, { redis, pollInterval: 200 });
    const numbers = Array.from({ length: 120 }, (_, n) => n);
    let ended = 0;
    const calls = numbers.map(async (n) => {
      const square = await executor.submit(tasks.square, n);
      if (++ended % 30 === 0) flicker(wire);
      return square;
    });
    expect(await Promise.all(calls)).toEqual(numbers.map((n) => n * n));
  });

  test("connections that are closed just when they are there again leave no rejection behind", async () => {
    const wire = await wireTo(served);
    const connections = new Connections(`redis://127.0.0.1:${wire.port}`, () => {});
    await connections.subscribe("news");
    const { listener } = connections;
    const again = once(listener, "ready").then(() => connections.close());
    flicker(wire);
    await again;
    expect(listener.status).toBe("end");
  });

  test("a Redis that is restarted with its data goes on where it was", async () => {
    const queue = freshQueue();
    const redis = served.server.url;
    const executor = executorOf(served, queue, { pollInterval: 200 });
    const calls = [1, 2, 3].map((n) => executor.submit(tasks.square, n));
    await expect.poll(async () => (await executor.queueStatistics()).waiting).toBe(3);
    await served.server.kill();
    await served.server.restart();
    await startWorker({ redis, queue, executor: "inline" });
    expect(await Promise.all(calls)).toEqual([1, 4, 9]);
  });

  test("a Redis that has lost its data fails the calls that it had, and takes new ones", async () => {
    const queue = freshQueue();
    const redis = served.server.url;
    const executor = executorOf(served, queue, { pollInterval: 100 });
    const call = executor.submit(tasks.square, 2);
    await expect.poll(async () => (await executor.queueStatistics()).waiting).toBe(1);
    const other = executorOf(served, freshQueue(), { redis });
    expect(await other.queueStatistics()).toMatchObject({ waiting: 0 });
    await flush(served.server.port);
    await expect(call).rejects.toThrow(CallLostError);
    await expect(call).rejects.toThrow("Redis does not know the call any more");
    await startWorker({ redis, queue, executor: "inline" });
    expect(await executor.submit(tasks.square, 3)).toBe(9);
  });

  test("without Redis a call fails in the end, and says so", async () => {
    const executor = executorOf(served, freshQueue(), {
      redis: "redis://127.0.0.1:1",
      lossTimeout: 100,
    });
    const call = executor.submit(tasks.square, 2);
    await expect(call).rejects.toThrow(DistributedConnectionError);
    await expect(call).rejects.toThrow("Redis could not be reached for 100 ms");
    expect(await call.then(null, (error: unknown) => error)).toBeInstanceOf(DistributedError);
  });
});

/** As if somebody had typed FLUSHALL. */
async function flush(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write("FLUSHALL\r\n");
  await once(socket, "data");
  const closed = once(socket, "close");
  socket.destroy();
  await closed;
}
