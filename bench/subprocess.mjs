// Subprocesses: programs that run to their end, and what they write. Most of the time is the system's, for everybody.
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { execa } from "execa";
import { mapConcurrent } from "../dist/index.js";
import { runSubprocess } from "../dist/subprocess/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */

const SPAWNS = 40;
const AT_ONCE = 4;
const FLOOD = 16 << 20;
const flood = ["-c", String(FLOOD), "/dev/zero"];
const runFile = promisify(execFile);

/** @param {(index: number) => Promise<string>} spawnOne */
function spawning(spawnOne) {
  const indexes = Array.from({ length: SPAWNS }, (_, i) => i);
  return async () => {
    let right = 0;
    for await (const out of mapConcurrent(indexes, spawnOne, { limit: AT_ONCE })) {
      if (out.trim() === "hello") right++;
    }
    return right;
  };
}

async function floodOfAmbit() {
  const { stdout } = await runSubprocess("head", flood);
  return stdout.length;
}

async function floodOfExeca() {
  const { stdout } = await execa("head", flood, { encoding: "buffer", maxBuffer: FLOOD * 2 });
  return stdout.length;
}

/** @returns {Promise<number>} */
function floodOfNode() {
  return new Promise((resolve) => {
    const child = spawn("head", flood, { stdio: ["ignore", "pipe", "ignore"] });
    let length = 0;
    child.stdout.on("data", (data) => void (length += data.length));
    child.on("close", () => resolve(length));
  });
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "run a small program and read what it says",
    result: SPAWNS,
    ambit: spawning(
      async () => (await runSubprocess("echo", ["hello"], { encoding: "utf8" })).stdout,
    ),
    rivals: [
      {
        name: "execa",
        target: { 26: 1 },
        work: spawning(async () => (await execa("echo", ["hello"])).stdout),
      },
      {
        name: "node:child_process",
        target: { 26: 1.2 },
        work: spawning(async () => (await runFile("echo", ["hello"])).stdout),
      },
    ],
  },
  {
    what: "read 16 MiB that a program writes",
    result: FLOOD,
    ambit: floodOfAmbit,
    rivals: [
      { name: "execa", target: { 26: 1 }, work: floodOfExeca },
      { name: "bare pipe", work: floodOfNode },
    ],
  },
];
