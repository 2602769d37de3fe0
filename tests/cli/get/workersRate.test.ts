/*
 * `ambit get --workers --limit-rate`: the rate is that of the whole run, as it is without workers, however many of them have
 * files of it, and however few.
 *
 * In real time: what is measured are bytes per second of other processes.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "ambit";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ended } from "../../../src/distributed/connections.ts";
import { redisMissing, serveRedis } from "../../servers/databases.ts";
import { killPrograms, Program } from "../program.ts";

vi.setConfig({ testTimeout: 60_000 });

const RATE = 300 * 1024;
/** One file takes a fifteenth of a second. */
const SIZE = 20 * 1024;
const [FILES, SLOTS] = [60, 4];

/** When each file was asked for, on this process's clock. */
let asked: number[] = [];
const server = createServer((request, response) => {
  asked.push(performance.now());
  const large = request.url === "/large";
  response.end(Buffer.alloc(large ? FILES * SIZE : SIZE));
});
let url: string;
let folder: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});
beforeEach(() => {
  asked = [];
  folder = mkdtempSync(join(tmpdir(), "ambit-get-"));
});
afterEach(async () => {
  await killPrograms();
  rmSync(folder, { recursive: true });
});

describe.skipIf(redisMissing() !== null)("the rate of a run over workers", () => {
  const served = serveRedis();
  const redis = (): string => served.server.url;

  async function startWorkers(...names: readonly string[]): Promise<void> {
    const start = async (name: string): Promise<void> => {
      const args = ["--get", name, "--redis", redis(), "-c", String(SLOTS / 2)];
      await new Program(folder, "worker", ...args).says("takes calls");
    };
    await Promise.all(names.map(start));
  }

  /** Gives how long it took from the first request to the end, in milliseconds. */
  async function get(...args: readonly string[]): Promise<number> {
    const options = ["--proxy", "none", "--workers", redis(), "--limit-rate", "300k"];
    const run = new Program(folder, "get", ...options, ...args);
    const code = await run.end();
    const end = performance.now();
    expect({ code, err: run.err }).toMatchObject({ code: 0 });
    return end - (asked[0] as number);
  }

  /** What the whole of it takes at that rate, in milliseconds. */
  const whole = ((FILES * SIZE) / RATE) * 1000;

  test("many files on two workers come as fast as was said, and no faster at any time", async () => {
    await startWorkers("one", "two");
    const list = join(folder, "list");
    writeFileSync(list, Array.from({ length: FILES }, (_, n) => `${url}/${n}\n`).join(""));
    const elapsed = await get("-i", list);
    expect(readdirSync(join(folder, "one")).length).toBeGreaterThan(FILES / 10);
    expect(readdirSync(join(folder, "two")).length).toBeGreaterThan(FILES / 10);
    expect(asked).toHaveLength(FILES);
    // Had by then: at the rate, and what is paid for afterwards (each slot's file), and what may come at once.
    const first = asked[0] as number;
    const most = (ms: number): number => (RATE * (ms + 300)) / 1000 + SLOTS * SIZE;
    const tooEarly = asked.filter((time, n) => (n + 1) * SIZE > most(time - first));
    expect(tooEarly).toEqual([]);
    expect(elapsed).toBeGreaterThan(whole * 0.8);
    // Of sixteen jobs four are at work: shares that were fixed would leave three quarters of the rate unused.
    expect(elapsed).toBeLessThan(whole * 2.5);
    const admin = new Redis(redis());
    const keys = await admin.keys("*:rate:*");
    expect(keys).toHaveLength(1);
    // It goes by itself.
    expect(await admin.pttl(keys[0] as string)).toBeGreaterThan(0);
    await ended(admin);
  });

  test("one large file gets all of it, and another run has a rate of its own", async () => {
    await startWorkers("one", "two");
    const other = ["-d", "below", "--journal", "other"];
    const times = await Promise.all([get(`${url}/large`), get(`${url}/large`, ...other)]);
    for (const elapsed of times) {
      expect(elapsed).toBeGreaterThan(whole * 0.8);
      expect(elapsed).toBeLessThan(whole * 1.8);
    }
  });

  test("a Redis that is restarted in the middle costs no file, and the rate holds after it", async () => {
    await startWorkers("one");
    const ending = get(`${url}/large`);
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(1);
    // So that the worker waits for an answer about its rate, which never comes.
    const admin = new Redis(redis());
    await admin.client("PAUSE", 10_000);
    await sleep(700);
    await ended(admin);
    await served.server.kill();
    await served.server.restart();
    expect(await ending).toBeGreaterThan(whole * 0.8);
    expect(readFileSync(join(folder, "one/large"))).toHaveLength(FILES * SIZE);
    expect(asked).toHaveLength(1);
  });
});
