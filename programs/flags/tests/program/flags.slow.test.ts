/*
 * The program as a whole, built, in processes of its own. It takes real time, since processes and
 * sockets know no other, and has patience, since a busy machine starts processes slowly.
 */
import { EventEmitter, once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { PNG } from "pngjs";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { FlagImages } from "../../src/catalogue/flagImages.ts";
import { openFlagServer } from "../../src/server/flagServer.ts";
import { temporaryFolder } from "../storage/temporaryFolder.ts";
import { entry, flags, Program } from "./program.ts";

vi.setConfig({ testTimeout: 60_000 });

interface Json {
  readonly counts: Record<string, number>;
  readonly stopped: boolean;
  readonly flags: readonly { code: string; status: string; cause?: string }[];
}

test("downloads every flag there is, each a PNG that decodes", async () => {
  const folder = join(temporaryFolder(), "downloads");
  const { code, out, err } = await flags("--all", "-o", folder);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("256 flags downloaded\n");
  expect(out).toContain(`The files are in ${folder}\n`);
  const files = readdirSync(folder);
  expect(files).toHaveLength(new FlagImages().codes.length);
  for (const file of files) {
    expect(PNG.sync.read(readFileSync(join(folder, file))).width).toBe(250);
  }
});

test("writes no control characters into pipes, and has a line for each flag if asked", async () => {
  const { out, err } = await flags("BR", "QZ", "-v", "-o", temporaryFolder());
  expect(out).toMatch(/^BR {6}ok {9}\d\.\d\d s {2}br\.png, [\d.]+ kB$/m);
  expect(out).toMatch(/^QZ {6}not found {2}\d\.\d\d s$/m);
  // oxlint-disable-next-line no-control-regex -- that there is none is the point
  expect(out + err).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F]/);
});

test("with --json, standard output is one JSON object, also under --verbose", async () => {
  const { code, out } = await flags("BR", "QZ", "--json", "-v", "-o", temporaryFolder());
  expect(code).toBe(0);
  const result = JSON.parse(out) as Json;
  expect(result.counts).toEqual({ ok: 1, "not found": 1, error: 0 });
  expect(result.flags).toMatchObject([
    { code: "BR", status: "ok", file: "br.png" },
    { code: "QZ", status: "not found" },
  ]);
});

test.each(["sequential", "async"])("a remote server is asked by the engine %s", async (engine) => {
  const server = await openFlagServer(new FlagImages(), () => ({ delay: 0 }));
  onTestFinished(() => server.close().catch(() => {}));
  const folder = temporaryFolder();
  const remote = (base: string, ...more: string[]) =>
    flags("BR", "-s", "REMOTE", "--base-url", base, "--engine", engine, "-o", folder, ...more);
  expect(await remote(server.base, "--size", "100")).toMatchObject({ code: 0, err: "" });
  expect(await remote(server.base, "--meta")).toMatchObject({ code: 0, err: "" });
  expect(readdirSync(folder).sort()).toEqual(["Brazil_BR.json", "Brazil_BR.png", "br.png"]);
  expect((await remote(`${server.base}/{cc}/{CC}.png`)).out).toContain("1 flag not found");
  await server.close();
  const { code, out } = await remote(server.base, "-v");
  expect(code).toBe(1);
  expect(out).toContain("  BR      the connection was refused\n");
});

test("one seed gives one tally, whatever the order, the concurrency and the engine", async () => {
  const run = async (...more: string[]) => {
    const args = ["-s", "ERROR", "-a", "-l", "40", "--json", "-o", temporaryFolder(), ...more];
    const { code, out } = await flags(...args);
    expect(code).toBe(1);
    const { counts, flags: all } = JSON.parse(out) as Json;
    return { counts, causes: all.map((flag) => [flag.code, flag.cause]) };
  };
  const first = await run("-m", "50", "--seed", "3");
  expect(first.counts["error"]).toBeGreaterThan(5);
  expect(await run("--engine", "threads", "-m", "4", "--seed", "3")).toEqual(first);
  expect(await run("-m", "50", "--seed", "4")).not.toEqual(first);
});

describe("Ctrl-C", () => {
  test.each(["sequential", "threads", "async", "async-executor"])(
    "stops the engine %s: complete files stay, the tally is printed, exit code 130",
    async (engine) => {
      const folder = join(temporaryFolder(), "downloads");
      const args = ["-s", "DELAY", "-a", "-m", "5", "--engine", engine, "-o", folder];
      const program = new Program([process.execPath, entry, ...args]);
      await filesIn(folder);
      program.process.kill("SIGINT");
      const { code, out, err } = await program.ended;
      expect({ code, err }).toEqual({ code: 130, err: "" });
      const files = readdirSync(folder);
      expect(out).toContain(`${files.length} flag${files.length === 1 ? "" : "s"} downloaded\n`);
      expect(out).toContain(`Stopped, with ${256 - files.length} flags not fetched\n`);
      for (const file of files) PNG.sync.read(readFileSync(join(folder, file)));
    },
  );

  test("before the first file leaves nothing behind; SIGTERM has exit code 143", async () => {
    const asked = new EventEmitter();
    const server = await openFlagServer(new FlagImages(), () => {
      asked.emit("request");
      return { delay: 3_600_000 };
    });
    onTestFinished(() => server.close());
    const top = temporaryFolder();
    const args = [
      "-s",
      "REMOTE",
      "--base-url",
      server.base,
      "--json",
      "-o",
      join(top, "downloads"),
    ];
    const program = new Program([process.execPath, entry, ...args]);
    await once(asked, "request");
    program.process.kill("SIGTERM");
    const { code, out } = await program.ended;
    expect(code).toBe(143);
    expect(JSON.parse(out) as Json).toMatchObject({ stopped: true, flags: [] });
    expect(readdirSync(top)).toEqual([]);
  });

  /** Resolves when a complete file has come to the folder. */
  async function filesIn(folder: string): Promise<void> {
    const isComplete = (name: string) => name.endsWith(".png");
    while (!existsSync(folder) || !readdirSync(folder).some(isComplete)) await delay(5);
  }
});

describe("mistakes", () => {
  test.each([
    [["Q9"], "flags: `Q9` is no country code"],
    [["--max-req", "0"], "flags: --max-req must be a whole number from 1 to 1000, not `0`"],
    [["--server", "NOWHERE"], "flags: --server must be one of LOCAL, DELAY, ERROR, REMOTE"],
  ])("%j: one line and the usage line on stderr, exit code 2", async (args, message) => {
    const top = temporaryFolder();
    const { code, out, err } = await flags(...args, "-o", join(top, "downloads"));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^flags: .*\nusage: flags .*\n$/);
    expect(err.startsWith(message)).toBe(true);
    expect(readdirSync(top)).toEqual([]);
  });

  test("an output folder that is a file is told in one line, exit code 1", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    expect(await flags("-o", file)).toEqual({
      code: 1,
      out: "",
      err: `flags: cannot use ${file} as the output folder: it is a file, not a folder\n`,
    });
  });

  test("a place where no folder can be made is told in one line, exit code 1", async () => {
    const { code, out, err } = await flags("-o", "/proc/flags");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^flags: cannot use \/proc\/flags as the output folder: .*\n$/);
  });
});

test("--help and --version answer on standard output", async () => {
  const help = await flags("--help");
  expect(help).toMatchObject({ code: 0, err: "" });
  for (const option of ["--all", "--every", "--max-req", "--engine", "--seed", "flags compare"]) {
    expect(help.out).toContain(option);
  }
  expect(Math.max(...help.out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(await flags("--version")).toMatchObject({ code: 0, out: "flags 0.0.0\n" });
});

test("`flags compare` runs all engines on the same flags and leaves nothing behind", async () => {
  const folder = temporaryFolder();
  const args = [entry, "compare", "BR", "--json"];
  const program = new Program([process.execPath, ...args], { TMPDIR: folder });
  const { code, out } = await program.ended;
  expect(code).toBe(0);
  const { engines } = JSON.parse(out) as {
    engines: { engine: string; elapsedMs: number; counts: Record<string, number> }[];
  };
  expect(engines.map(({ engine }) => engine)).toEqual([
    "sequential",
    "threads",
    "async",
    "async-executor",
  ]);
  for (const { counts } of engines) expect(counts["ok"]).toBe(1);
  expect(engines[0]?.elapsedMs).toBeGreaterThan(990);
  expect(readdirSync(folder)).toEqual([]);
});
