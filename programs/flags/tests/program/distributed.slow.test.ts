/*
 * The engine `distributed` as a user has it: real Redis, workers in processes of their own, and the
 * built program. It takes real time, since processes and sockets know no other.
 */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { Redis } from "ioredis";
import { describe, expect, test, vi } from "vitest";

import { redisMissing, serveRedis } from "../../../../tests/servers/databases.ts";
import { temporaryFolder } from "../storage/temporaryFolder.ts";
import { entry, flags, Program } from "./program.ts";

vi.setConfig({ testTimeout: 60_000 });

const ambit = join(import.meta.dirname, "../../../../dist/cli/main.js");
const tasks = join(import.meta.dirname, "../../dist/engines/flagTask.js");

/** Starts `ambit worker`; settles when it takes calls. */
async function startWorker(redis: string): Promise<Program> {
  const options = ["--inline", "-c", "4", "--queue", "flags", "--redis", redis];
  const worker = new Program([process.execPath, ambit, "worker", ...options, tasks]);
  await once(worker.process.stdout, "data");
  return worker;
}

async function stop(worker: Program): Promise<string> {
  worker.process.kill("SIGTERM");
  const { out } = await worker.ended;
  return out;
}

/** How many calls a worker had, by what it says at its end. */
const callsOf = (out: string) => Number(/stopped: (\d+) calls ended/.exec(out)?.[1]);

describe.skipIf(redisMissing() !== null)("the engine distributed", () => {
  const served = serveRedis();
  const url = () => `redis://127.0.0.1:${served.server.port}`;
  const distributed = (...args: string[]) => [...args, "--engine", "distributed", "--redis", url()];

  test("spreads the flags over workers, and has one tally and one folder", async () => {
    const folder = temporaryFolder();
    const workers = await Promise.all([startWorker(url()), startWorker(url())]);
    const { code, out, err } = await flags(...distributed("--all", "--json", "-o", folder));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { counts } = JSON.parse(out) as { counts: unknown };
    expect(counts).toEqual({ ok: 256, "not found": 0, error: 0 });
    expect(readdirSync(folder)).toHaveLength(256);
    const calls = (await Promise.all(workers.map(stop))).map(callsOf);
    expect(calls.reduce((sum, each) => sum + each)).toBe(256);
    expect(Math.min(...calls)).toBeGreaterThan(0);
  });

  test("names files by country, has a line for each, and tells what was not found", async () => {
    const folder = temporaryFolder();
    const worker = await startWorker(url());
    const { code, out } = await flags(...distributed("BR", "QZ", "--meta", "-v", "-o", folder));
    expect(code).toBe(0);
    expect(out).toMatch(/^BR {6}ok {9}\d\.\d\d s {2}Brazil\.png, [\d.]+ kB$/m);
    expect(out).toMatch(/^QZ {6}not found/m);
    expect(readdirSync(folder).sort()).toEqual(["Brazil.json", "Brazil.png"]);
    await stop(worker);
  });

  test("after Ctrl-C, complete files are what was told of, and the workers take other calls", async () => {
    const folder = temporaryFolder();
    const worker = await startWorker(url());
    const args = distributed("--all", "-s", "DELAY", "-v", "-m", "8", "-o", folder);
    const program = new Program([process.execPath, entry, ...args]);
    program.process.stdout.on("data", (chunk: Buffer) => {
      if (/^\w\w +ok/m.test(chunk.toString())) program.process.kill("SIGINT");
    });
    const { code, out } = await program.ended;
    expect(code).toBe(130);
    const saved = out.match(/^\w\w +ok/gm)?.length;
    expect(readdirSync(folder)).toHaveLength(saved ?? 0);
    expect(saved).toBeLessThan(256);
    const next = await flags(...distributed("BR", "-o", folder));
    expect(next.code).toBe(0);
    await stop(worker);
  });

  test("says in one line that the workers have vanished in the middle", async () => {
    const worker = await startWorker(url());
    const args = distributed("--all", "-s", "DELAY", "-v", "-m", "8", "-o", temporaryFolder());
    const program = new Program([process.execPath, entry, ...args]);
    program.process.stdout.on("data", (chunk: Buffer) => {
      if (/^\w\w +ok/m.test(chunk.toString())) worker.process.kill("SIGKILL");
    });
    const { code, err } = await program.ended;
    await worker.ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^flags: .*no worker took calls of the queue 'flags' for 5000 ms: .*\n$/);
  });

  test("says in one line what Redis says to a wrong password", async () => {
    const redis = new Redis(url());
    await redis.config("SET", "requirepass", "right");
    const wrong = url().replace("//", "//:wrong@");
    const args = ["--engine", "distributed", "--redis", wrong, "-o", temporaryFolder()];
    const { code, err } = await flags("BR", ...args);
    await redis.config("SET", "requirepass", "");
    await redis.quit();
    expect(code).toBe(1);
    expect(err).toMatch(/^flags: Redis refuses: WRONGPASS .*\n$/);
  });

  test("says in one line that no worker is there", async () => {
    const { code, err } = await flags(...distributed("BR", "-o", temporaryFolder()));
    expect(code).toBe(1);
    expect(err).toMatch(/^flags: no worker takes calls of the queue flags: start .*\n$/);
  });
});

test("says in one line that Redis does not answer", async () => {
  const nowhere = ["--engine", "distributed", "--redis", "redis://127.0.0.1:1"];
  const { code, err } = await flags("BR", ...nowhere, "-o", temporaryFolder());
  expect(code).toBe(1);
  expect(err).toBe("flags: Redis does not answer: start it, or say where it is with --redis URL\n");
});

test("says in one line which packages are not installed", async () => {
  // They are looked for from the root of the disk, where no packages are. Newer Nodes would like the
  // hook, which is this test's and not the program's, in another form.
  const hook = `export const resolve = (name, context, next) =>
    next(name, /^(bullmq|ioredis)$/.test(name) ? { ...context, parentURL: "file:///a.js" } : context);`;
  const dataUrl = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
  const preload = dataUrl(
    `import { register } from "node:module"; register(${JSON.stringify(dataUrl(hook))});`,
  );
  const args = [entry, "BR", "--engine", "distributed", "-o", temporaryFolder()];
  const { code, err } = await new Program([
    process.execPath,
    "--no-deprecation",
    "--import",
    preload,
    ...args,
  ]).ended;
  expect({ code, err }).toEqual({
    code: 1,
    err: "flags: --engine distributed needs two packages: npm install bullmq ioredis\n",
  });
});
