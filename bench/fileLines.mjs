// The lines of a file of a gigabyte, which lies in the page cache: all who read them, in turn, round by round.
//
// All see the same number of bytes. aiofiles takes a hop to a thread for each line: it reads the first of them only, and its
// time is multiplied. Python tells its own time, without its start; `wc -l` makes no lines of what it counts.
// Most rivals give text. Lines of bytes have one more: what one writes by hand over the chunks of a stream, in one loop and
// without a promise for each line.
import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { open as openHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import split2 from "split2";
import { open } from "../dist/files/index.js";
import { run } from "../dist/index.js";
import { median } from "./compare.mjs";
import { inTurn } from "./inTurn.mjs";
import { writeLines } from "./manyLines.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** @typedef {import("./inTurn.mjs").Cost} Cost */
/** @typedef {import("./inTurn.mjs").Program} Program */
/** @typedef {import("./peerPrograms.mjs").PeerProgram} PeerProgram */
/** Reads all lines; gives the characters, their ends included. @typedef {(path: string) => Promise<number>} Reader */

const BYTES = Number(process.env["AMBIT_BENCH_BYTES"] ?? 1.075e9);
const SIZE = BYTES < 1e9 ? `${Math.round(BYTES / 1e6)} MB` : `${Math.round(BYTES / 1e9)} GB`;
/** Lines that aiofiles reads. */
const FIRST = 50_000;
const ROUNDS = 3;
const WARM_UPS = 1;

const BY_HAND = "a loop by hand";

/** What a for-await loop and a loop over batches have to be. @type {Record<"one" | "batches", Record<string, import("./compare.mjs").Target>>} */
const TARGETS = {
  one: {
    "FileHandle.readLines": { 20: 1 / 1.5, 26: 1 / 1.5 },
    aiofiles: { 20: 1 / 300, 26: 1 / 300 },
  },
  batches: { "FileHandle.readLines": { 20: 1 / 3, 26: 1 / 3 } },
};

const script = fileURLToPath(new URL("fileLines.py", import.meta.url));
const runFile = promisify(execFile);

/** @type {Record<string, Reader>} */
const ours = {
  "text, for await": async (path) => lengthOf(await open(path, "r", { newline: "\n" })),
  "text, in batches": async (path) => lengthOfBatches(await open(path, "r", { newline: "\n" })),
  "text, any end of line, for await": async (path) => lengthOf(await open(path)),
  "bytes, for await": async (path) => lengthOf(await open(path, "rb")),
  "bytes, in batches": async (path) => lengthOfBatches(await open(path, "rb")),
};

/** @param {AsyncIterable<{ length: number }> & { close(): Promise<void> }} file */
async function lengthOf(file) {
  let length = 0;
  for await (const line of file) length += line.length;
  await file.close();
  return length;
}

/** @param {{ batches(): AsyncIterable<{ length: number }[]>, close(): Promise<void> }} file */
async function lengthOfBatches(file) {
  let length = 0;
  for await (const lines of file.batches()) for (const line of lines) length += line.length;
  await file.close();
  return length;
}

/** @type {Record<string, Reader>} */
const rivals = {
  "FileHandle.readLines": async (path) => {
    const handle = await openHandle(path);
    return lengthOfEndless(handle.readLines());
  },
  "node:readline": (path) => lengthOfEndless(createInterface({ input: createReadStream(path) })),
  split2: (path) => lengthOfEndless(createReadStream(path).pipe(split2())),
  [BY_HAND]: lengthByHand,
};

/** By hand: views of the chunks, as our lines are. @param {string} path */
async function lengthByHand(path) {
  let length = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, at)) {
      const line = bytes.subarray(at, end + 1);
      length += line.length;
      at = end + 1;
    }
    rest = bytes.subarray(at);
  }
  return length + rest.length;
}

/** Of lines without their ends. @param {AsyncIterable<string>} lines */
async function lengthOfEndless(lines) {
  let length = 0;
  for await (const line of lines) length += line.length + 1;
  return length;
}

/** @param {string} name @param {Reader} read @param {string} path @param {number} bytes @returns {Program} */
function here(name, read, path, bytes) {
  return {
    name,
    run: async () => {
      const before = process.cpuUsage();
      const start = performance.now();
      const length = await run(() => read(path));
      const wall = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(before);
      assert.equal(length, bytes);
      return { wall, cpu: (user + system) / 1e6 };
    },
  };
}

/** @param {string} path @param {number} lines @returns {Program} */
function wc(path, lines) {
  return {
    name: "wc -l",
    run: async () => {
      const start = performance.now();
      const { stdout } = await runFile("wc", ["-l", path]);
      assert.equal(Number.parseInt(stdout), lines);
      const wall = (performance.now() - start) / 1000;
      return { wall, cpu: wall };
    },
  };
}

/** @param {PeerProgram} program @param {string} path @param {number} most 0 for all @param {number} bytes @param {number} times @returns {Program} */
function python({ name, command: [file = ""], env }, path, most, bytes, times) {
  return {
    name,
    run: async () => {
      const { stdout } = await runFile(file, [script, name, path, String(most)], { env });
      const { seen, wall, cpu } = JSON.parse(stdout);
      assert.equal(seen, bytes);
      return { wall: wall * times, cpu: cpu * times };
    },
  };
}

/** @param {PeerProgram} program @param {string} path */
async function bytesOfFirst({ command: [file = ""] }, path) {
  const { stdout } = await runFile(file, [script, "python", path, String(FIRST)]);
  return Number(JSON.parse(stdout).seen);
}

/** @param {readonly PeerProgram[]} pythons @param {string} path @param {import("./manyLines.mjs").Amount} amount */
async function programsOf(pythons, path, { bytes, lines }) {
  const programs = Object.entries({ ...ours, ...rivals }).map(([name, read]) =>
    here(name, read, path, bytes),
  );
  programs.push(wc(path, lines));
  for (const program of pythons) {
    const all = program.name === "python" || lines <= FIRST;
    const seen = all ? bytes : await bytesOfFirst(program, path);
    programs.push(python(program, path, all ? 0 : FIRST, seen, all ? 1 : lines / FIRST));
  }
  return programs;
}

/** @param {readonly PeerProgram[]} pythons @returns {Promise<Figure[]>} */
export async function measureLines(pythons) {
  const folder = mkdtempSync(join(tmpdir(), "ambit-bench-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const path = join(folder, "lines");
    const programs = await programsOf(pythons, path, writeLines(path, BYTES));
    const costs = await inTurn(programs, { rounds: ROUNDS, warmUps: WARM_UPS });
    return Object.keys(ours).flatMap((name) => figuresOfOne(name, costs));
  } finally {
    remove();
    process.off("exit", remove);
  }
}

/** @param {string} name @param {Map<string, Cost[]>} costs @returns {Figure[]} */
function figuresOfOne(name, costs) {
  const own = /** @type {Cost[]} */ (costs.get(name));
  const targets = TARGETS[name.includes("batches") ? "batches" : "one"];
  const isOfBytes = name.startsWith("bytes");
  const others = [...costs].filter(
    ([other]) => !(other in ours) && (isOfBytes || other !== BY_HAND),
  );
  return others.map(([against, theirs]) => ({
    what: `lines of ${SIZE}: ${name}`,
    against,
    unit: "x",
    value: median(own.map(({ wall }, i) => wall / /** @type {Cost} */ (theirs[i]).wall)),
    target: targets[against] ?? {},
  }));
}
