/**
 * `ambit get` as a process of its own: signals, exit codes, a pseudo-terminal. It runs what was
 * built, and takes real time, since processes know no other.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { FakeTerminal } from "../screen.ts";
import { Origin } from "./origin.ts";

const ENTRY = join(import.meta.dirname, "../../../dist/cli/main.js");

let origin: Origin;
let folder: string;
beforeAll(async () => void (origin = await Origin.start()));
afterAll(() => origin[Symbol.asyncDispose]());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-get-"));
  origin.requests.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

class Program {
  readonly process: ChildProcess;
  out = "";
  err = "";

  constructor(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const all = [ENTRY, "get", "--proxy", "none", "-d", folder, ...args];
    this.process = spawn(process.execPath, all, { env: { ...process.env, LANG: "C", ...env } });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
  }

  async ended(): Promise<Ended> {
    const [code] = (await once(this.process, "close")) as [number | null];
    return { code, out: this.out, err: this.err };
  }
}

/** A list of one slow file and three that come at once. */
function list(): string {
  const path = join(folder, "list");
  writeFileSync(path, ["a", "b", "c", "slow"].map((name) => `${origin.url}/${name}\n`).join(""));
  return path;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** The slow file has begun to come, and the others are there. */
function half(): Promise<void> {
  const name = join(folder, "slow.part");
  return until(
    () => ["a", "b", "c"].every((each) => existsSync(join(folder, each))) && existsSync(name),
  );
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s stops it with exit code %i: what is there stays, --resume goes on",
  async (signal, expected) => {
    const program = new Program({}, "-i", list());
    await half();
    await delay(100);
    program.process.kill(signal);
    const { code, out, err } = await program.ended();
    expect({ code, out }).toEqual({ code: expected, out: "" });
    const text = err.split("\n").filter((line) => line !== "");
    expect(text[0]).toBe(`Interrupted by ${signal}`);
    expect(text[1]).toMatch(/^3 files downloaded, 30 B in /);
    const command = `  ambit get --proxy none -d ${folder} -i ${join(folder, "list")} --resume`;
    expect(text.slice(2)).toEqual(["1 file left", "To go on:", command]);
    expect(readdirSync(folder).sort()).toContain(".ambit-get.journal");
    expect(existsSync(join(folder, "slow"))).toBe(false);

    origin.requests.length = 0;
    const again = await new Program({}, "-i", join(folder, "list"), "--resume").ended();
    expect(again.code).toBe(0);
    expect(again.err).toMatch(/^1 file downloaded, .*\n3 files kept: there already\n$/);
    expect(origin.requests).toEqual(["/slow"]);
    expect(readFileSync(join(folder, "slow"))).toHaveLength(100_000);
    expect(readdirSync(folder).sort()).toEqual(["a", "b", "c", "list", "slow"]);
  },
);

test("SIGKILL leaves what was there, and --resume goes on", async () => {
  const program = new Program({}, "-i", list());
  await half();
  program.process.kill("SIGKILL");
  await program.ended();
  origin.requests.length = 0;
  const again = await new Program({}, "-i", join(folder, "list"), "--resume").ended();
  expect(again.code).toBe(0);
  expect(origin.requests).toEqual(["/slow"]);
  expect(readFileSync(join(folder, "a"), "utf8")).toBe("this is /a");
});

/** Has connections take five seconds to close. */
const SLOW_TO_CLOSE = `
  import { Socket } from "node:net";
  const destroy = Socket.prototype._destroy;
  Socket.prototype._destroy = function (error, done) {
    this._handle?.readStop();
    setTimeout(() => destroy.call(this, error, done), 5000);
  };`;

test("a second Ctrl-C ends it at once with exit code 130, and leaves no lock", async () => {
  const options = `--import=data:text/javascript,${encodeURIComponent(SLOW_TO_CLOSE)}`;
  const program = new Program({ NODE_OPTIONS: options }, "-i", list());
  await half();
  program.process.kill("SIGINT");
  await delay(500);
  expect({ code: program.process.exitCode, err: program.err }).toEqual({ code: null, err: "" });
  program.process.kill("SIGINT");
  const began = performance.now();
  const { code, err } = await program.ended();
  expect({ code, err }).toEqual({ code: 130, err: "" });
  expect(performance.now() - began).toBeLessThan(2000);
  const hidden = readdirSync(folder).filter((name) => name.startsWith("."));
  expect(hidden).toEqual([".ambit-get.journal"]);
});

test.skipIf(process.platform !== "linux")(
  "Ctrl-C ends it also while a list comes through a FIFO that stays open",
  async () => {
    const fifo = join(folder, "fifo");
    spawnSync("mkfifo", [fifo]);
    const program = new Program({}, "-i", fifo);
    const writer = spawn("sh", ["-c", `exec > ${fifo}; echo ${origin.url}/a; exec sleep 20`]);
    await until(() => existsSync(join(folder, "a")));
    program.process.kill("SIGINT");
    const began = performance.now();
    const { code, err } = await program.ended();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(code).toBe(130);
    expect(err).toContain("Interrupted by SIGINT\n1 file downloaded");
    const closed = once(writer, "close");
    writer.kill();
    await closed;
  },
);

test("a second run in the folder is refused while the first goes on, and not after a kill", async () => {
  const first = new Program({}, ...["a", "silent"].map((name) => `${origin.url}/${name}`));
  await until(() => existsSync(join(folder, "a")) && origin.requests.includes("/silent"));
  const journal = join(folder, ".ambit-get.journal");
  const second = await new Program({}, `${origin.url}/d`).ended();
  expect(second).toEqual({
    code: 2,
    out: "",
    err: `ambit get: another run (process ${first.process.pid}) is writing the journal ${journal}; wait for it, or give this run a --journal of its own; if there is no such run, remove ${journal}.lock; see \`ambit get --help\`\n`,
  });
  expect(origin.requests).not.toContain("/d");
  const own = await new Program({}, `${origin.url}/d`, "--journal", join(folder, "own")).ended();
  expect(own.code).toBe(0);
  const killed = first.ended();
  first.process.kill("SIGKILL");
  await killed;
  expect(existsSync(`${journal}.lock`)).toBe(true);
  const third = await new Program({}, `${origin.url}/a`, `${origin.url}/e`, "--resume").ended();
  expect(third.code).toBe(0);
  expect(origin.requests).toEqual(["/a", "/silent", "/d", "/e"]);
  expect(readdirSync(folder).sort()).toEqual(["a", "d", "e", "own"]);
});

test("a reader who goes away does not end the run", async () => {
  const program = new Program(
    {},
    "--json",
    "-q",
    ...["a", "b", "slow"].map((name) => `${origin.url}/${name}`),
  );
  program.process.stdout?.destroy();
  expect(await program.ended()).toMatchObject({ code: 0, err: "" });
  expect(readdirSync(folder).sort()).toEqual(["a", "b", "slow"]);
});

const scriptMissing = spawnSync("script", ["--version"]).status !== 0;

test.skipIf(scriptMissing)(
  "on a real terminal the display is painted, and Ctrl-C leaves the cursor and the summary",
  async () => {
    const typed = `stty rows 24 cols 80; exec ${process.execPath} ${ENTRY} get --proxy none -d ${folder} -i ${list()}`;
    const child = spawn("script", ["-qec", typed, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", LANG: "C.UTF-8" },
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
    const closed = once(child, "close");
    await half();
    await until(() => /slow .*\d+%/.test(text));
    const during = screenOf(text);
    child.stdin.write("\u0003"); // The terminal's driver makes SIGINT of it.
    const [code] = (await closed) as [number];
    const after = screenOf(text);
    expect(during.picture[0]).toMatch(/^[█░]{20} {2}3 of 4 {2}/);
    expect(during.picture[1]).toMatch(/^ {2}slow +\d+% {2}[\d.]+ kB of 100\.0 kB$/);
    expect(during.cursorVisible).toBe(false);
    expect(after.cursorVisible).toBe(true);
    expect(after.picture.some((line) => line.startsWith("Interrupted by SIGINT"))).toBe(true);
    expect(after.picture.some((line) => line.includes("3 of 4"))).toBe(false);
    expect(code).toBe(130);
  },
);

/** What one sees after all this was written. `^C` is the terminal driver's echo. */
function screenOf(text: string): FakeTerminal {
  const terminal = new FakeTerminal(80, 24);
  terminal.write(text);
  return terminal;
}
