/*
 * Workers of `ambit get` that write into one folder: a file is whole under its name at any time, whoever downloads it besides.
 *
 * It runs what was built, and takes real time, since processes and sockets know no other.
 */
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ended } from "../../../src/distributed/connections.ts";
import { redisMissing, serveRedis } from "../../servers/databases.ts";
import { killPrograms, Program } from "../program.ts";

vi.setConfig({ testTimeout: 60_000 });

const [PIECES, PIECE, PAUSE] = [50, 20_000, 20];

/** Each answer is another version of the file, of one letter alone, and takes a second to come. */
const server = createServer((_, response) => {
  const piece = Buffer.alloc(PIECE, 97 + versions++);
  let left = PIECES;
  response.writeHead(200, { "content-length": PIECES * PIECE });
  const timer = setInterval(() => {
    response.write(piece);
    if (--left === 0) response.end();
  }, PAUSE);
  response.on("close", () => clearInterval(timer));
});
let versions = 0;
let url: string;
let folder: string;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});
beforeEach(() => {
  versions = 0;
  folder = mkdtempSync(join(tmpdir(), "ambit-get-"));
});
afterEach(async () => {
  await killPrograms();
  rmSync(folder, { recursive: true });
});

const entries = (): string[] => (existsSync(shared()) ? readdirSync(shared()).sort() : []);
const shared = (): string => join(folder, "shared");

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** The letter of the version that is there; throws when it is not one whole version. */
function version(): string {
  const text = readFileSync(join(shared(), "file"), "latin1");
  expect(text).toHaveLength(PIECES * PIECE);
  expect(new Set(text).size).toBe(1);
  return text[0] as string;
}

/** Looks at the file, whenever it is there, until the work is done. */
async function alwaysWhole<T>(work: Promise<T>): Promise<T> {
  const state = { over: false };
  const ended = work.finally(() => (state.over = true));
  ended.catch(() => {});
  while (!state.over) {
    if (entries().includes("file")) version();
    await tick();
  }
  return await ended;
}

describe.skipIf(redisMissing() !== null)("workers with one folder", () => {
  const served = serveRedis();
  const redis = (): string => served.server.url;

  async function startWorker(): Promise<Program> {
    const args = ["--get", shared(), "--redis", redis(), "-c", "1"];
    const worker = new Program(folder, "worker", ...args);
    await worker.says("takes calls");
    return worker;
  }

  /** Each run has a folder, and so a journal, of its own. */
  function get(name: string, ...args: readonly string[]): Program {
    mkdirSync(join(folder, name));
    const options = ["--proxy", "none", "--workers", redis(), "--json"];
    return new Program(join(folder, name), "get", ...options, ...args, url);
  }

  const outcomes = (...runs: readonly Program[]): string[] =>
    runs.map(({ out }) => (JSON.parse(out) as { outcome: string }).outcome).sort();

  test("two that are asked for one file at the same time download it once", async () => {
    await Promise.all([startWorker(), startWorker()]);
    const runs = [get("one"), get("two")];
    const codes = await alwaysWhole(Promise.all(runs.map((run) => run.end())));
    expect(codes).toEqual([0, 0]);
    expect(outcomes(...runs)).toEqual(["done", "skipped"]);
    expect(version()).toBe("a");
    expect(versions).toBe(1);
    expect(entries()).toEqual(["file"]);
  });

  test("with --overwrite they download it one after the other, and the last is there", async () => {
    await Promise.all([startWorker(), startWorker()]);
    const runs = [get("one", "--overwrite"), get("two", "--overwrite")];
    const codes = await alwaysWhole(Promise.all(runs.map((run) => run.end())));
    expect(codes).toEqual([0, 0]);
    expect(outcomes(...runs)).toEqual(["done", "done"]);
    expect(version()).toBe("b");
    expect(entries()).toEqual(["file"]);
  });

  const queue = "{ambit:ambit-get}:ambit-get";
  let admin: Redis;
  beforeAll(() => void (admin = new Redis(redis())));
  afterAll(() => ended(admin));

  /** The call that a worker has is taken from it, as if nothing had been heard of it for long; gives the key of its lock. */
  async function loseCall(): Promise<string> {
    const [id = ""] = await admin.lrange(`${queue}:active`, 0, -1);
    const lock = `${queue}:${id}:lock`;
    await admin.del(lock, `${queue}:stalled-check`);
    await admin.sadd(`${queue}:stalled`, id);
    return lock;
  }

  test("what one that was killed has left is removed by the other, which downloads the file anew", async () => {
    const doomed = await startWorker();
    const run = get("one");
    while (!entries().includes("file.part")) await tick();
    await doomed.kill();
    expect(entries()).toEqual(["file.part", "file.part.lock"]);
    await loseCall();
    await startWorker();
    expect(await alwaysWhole(run.end())).toBe(0);
    expect(outcomes(run)).toEqual(["done"]);
    expect(version()).toBe("b");
    expect(entries()).toEqual(["file"]);
  });

  test.each([
    ["", "a", ["skipped"]],
    ["--overwrite", "b", ["done"]],
  ])(
    "one that stood still, whose file was given to another meanwhile, does no harm when it goes on %s",
    async (option, last, outcome) => {
      const still = await startWorker();
      const run = get("one", ...(option === "" ? [] : [option]));
      while (!entries().includes("file.part")) await tick();
      still.process.kill("SIGSTOP");
      const lock = await loseCall();
      await startWorker();
      // The other has the call, and waits for the file.
      await expect.poll(() => admin.exists(lock), { timeout: 20_000 }).toBe(1);
      still.process.kill("SIGCONT");
      expect(await alwaysWhole(run.end())).toBe(0);
      expect(outcomes(run)).toEqual(outcome);
      expect(version()).toBe(last);
      expect(entries()).toEqual(["file"]);
    },
  );
});
