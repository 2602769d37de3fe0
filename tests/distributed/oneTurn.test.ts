/*
 * What is said in one turn goes out together: writes to the socket are counted there, commands by Redis itself.
 *
 * In real time: what is tested are other processes.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Admission } from "../../src/distributed/admission.ts";
import { Announcements } from "../../src/distributed/announcements.ts";
import { ended } from "../../src/distributed/connections.ts";
import { Keys } from "../../src/distributed/keys.ts";
import type { Told } from "../../src/distributed/messages.ts";
import type { RunningCall } from "../../src/distributed/runningCall.ts";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import { endWorkers, executorOf, freshQueue, startWorker } from "./workers.ts";

/** Questions whether a connection still carries anything, and what Redis's clock shows, come at their times. */
const PULSE = /^(\*1\r\n\$4\r\n(ping|time)\r\n)+$/i;

/** So do looks and signs of life: none in a test. */
const quiet = { pollInterval: 600_000, lossTimeout: 600_000 } as const;

/** What a socket is given to write: one chunk, or several. */
function textOf(written: unknown): string {
  const chunks = Array.isArray(written)
    ? (written as { chunk: Buffer | string }[])
    : [{ chunk: written }];
  return chunks.map(({ chunk }) => String(chunk)).join("");
}

/** Counts what the sockets that are made from now on hand to the system, until the end of the test. */
function countWrites(): { count: number } {
  const writes = { count: 0 };
  const onSocket = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    for (const name of ["_write", "_writev"] as const) {
      const write = socket[name]?.bind(socket) as (...args: unknown[]) => void;
      socket[name] = (...args: unknown[]): void => {
        if (!PULSE.test(textOf(args[0]))) writes.count++;
        write(...args);
      };
    }
  };
  subscribe("net.client.socket", onSocket);
  onTestFinished(() => void unsubscribe("net.client.socket", onSocket));
  return writes;
}

describe.skipIf(redisMissing() !== null)("what is said in one turn", () => {
  const served = serveRedis();
  afterAll(endWorkers);

  let admin: Redis;
  beforeAll(() => void (admin = new Redis(served.server.url)));
  afterAll(() => ended(admin));

  /** How often Redis was given that command. */
  async function callsOf(command: string): Promise<number> {
    const text = await admin.info("commandstats");
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
  }

  test.each([1, 2, 100, 1000])(
    "of a submitter is one write to the socket: calls (%i) and the sign of life",
    async (count) => {
      const queue = freshQueue();
      await startWorker({ redis: served.server.url, queue, executor: "inline" });
      const writes = countWrites();
      const executor = executorOf(served, queue, quiet);
      // Connected, and Redis has the scripts: of one call, and of several.
      await executor.submit(tasks.square, 1);
      await Promise.all([executor.submit(tasks.square, 1), executor.submit(tasks.square, 2)]);
      expect(writes.count).toBeGreaterThan(1);
      writes.count = 0;
      const numbers = Array.from({ length: count }, (_, n) => n);
      const results = await Promise.all(numbers.map((n) => executor.submit(tasks.square, n)));
      expect(results).toEqual(numbers.map((n) => n * n));
      expect(writes.count).toBe(1);
    },
  );

  test("of a worker's calls is one question: which of them are wanted", async () => {
    const keys = new Keys("ambit", freshQueue());
    const admission = new Admission(admin, keys);
    await admin.set(keys.alive("here"), "1");
    await admin.set(keys.cancel("call3"), "1");
    const stopped: string[] = [];
    const calls = Array.from({ length: 20 }, (_, n) => {
      const data = { submitter: n === 7 ? "gone" : "here", owned: true };
      const stop = (error: Error): void => void stopped.push(`call${n}: ${error.message}`);
      return { id: `call${n}`, job: { data }, stop } as unknown as RunningCall;
    });
    const before = await callsOf("mget");
    await Promise.all(calls.map((call) => admission.ask(call)));
    expect(await callsOf("mget")).toBe(before + 1);
    expect(stopped).toEqual(["call3: the call was cancelled", "call7: its submitter is gone"]);
    const [first] = calls;
    await admission.ask(first as RunningCall);
    expect(await callsOf("mget")).toBe(before + 2);
  });

  test("of a worker's outcomes is one message for each submitter, in their order", async () => {
    const queue = freshQueue();
    const listener = new Redis(served.server.url);
    onTestFinished(() => ended(listener));
    const heard: (readonly [channel: string, ids: readonly string[]])[] = [];
    listener.on("message", (channel: string, text: string) =>
      heard.push([channel, (JSON.parse(text) as Told[]).map(({ id }) => id)]),
    );
    const [one, two] = [`${queue}-one`, `${queue}-two`];
    await listener.subscribe(one, two);
    const announcements = new Announcements(admin, (error) => expect.unreachable(String(error)));
    for (let n = 0; n < 6; n++)
      announcements.tell(n % 3 === 0 ? one : two, {
        id: `${n}`,
        what: "result",
        payload: { json: "1" },
      });
    await expect
      .poll(() => heard)
      .toEqual([
        [one, ["0", "3"]],
        [two, ["1", "2", "4", "5"]],
      ]);
  });

  test("a busy worker asks and tells far less often than it has calls", async () => {
    const queue = freshQueue();
    const redis = served.server.url;
    await startWorker({ redis, queue, executor: "inline", concurrency: 50 });
    const executor = executorOf(served, queue, quiet);
    const count = 1000;
    const before = { asked: await callsOf("mget"), told: await callsOf("publish") };
    const numbers = Array.from({ length: count }, (_, n) => n);
    const results = await Promise.all(numbers.map((n) => executor.submit(tasks.square, n)));
    expect(results).toEqual(numbers.map((n) => n * n));
    // On a quiet machine it is a thirtieth; what comes of a turn depends on how the network cuts it.
    expect((await callsOf("mget")) - before.asked).toBeLessThan(count / 5);
    expect((await callsOf("publish")) - before.told).toBeLessThan(count / 5);
  });
});
