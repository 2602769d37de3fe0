// What the tests of executors run in threads and processes alike: files stand where threads could share memory.
import { execSync } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { sleep } from "../../dist/index.js";
import { cancelRequested } from "../../dist/futures/index.js";

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Never there in part. @param {string} path */
function tell(path) {
  writeFileSync(`${path}.part`, String(process.pid));
  renameSync(`${path}.part`, path);
}

/** Blocks until the file is there. @param {string} path @param {unknown} [result] */
export function atGate(path, result) {
  while (!existsSync(path)) Atomics.wait(pause, 0, 0, 1);
  return result;
}

/** Notes that it ran. @param {string} log @param {number} id */
export function note(log, id) {
  appendFileSync(log, `${id}\n`);
  return id;
}

/** The same, and takes a while. @param {string} log @param {number} id @param {number} ms */
export function noteSlowly(log, id, ms) {
  appendFileSync(log, `${id}\n`);
  Atomics.wait(pause, 0, 0, ms);
  return id;
}

/** The same, then ends the worker for some. @param {string} log @param {number} id @param {number} last */
export function noteOrDie(log, id, last) {
  appendFileSync(log, `${id}\n`);
  if (id === last) process.kill(process.pid, "SIGKILL");
  return id;
}

/** @param {string} begun */
export function spinning(begun) {
  writeFileSync(begun, "");
  while (!cancelRequested());
  return "stopped by the flag";
}

/** @param {string} begun */
export function spinningForEver(begun) {
  tell(begun);
  for (;;) Math.sqrt(2);
}

/** Native code that no thread can be ended in. @param {string} begun */
export function hashingForEver(begun) {
  tell(begun);
  pbkdf2Sync("word", "salt", 2 ** 31 - 1, 64, "sha512");
}

/** Waits for a program of its own. @param {string} begun */
export function executingForEver(begun) {
  execSync(`echo $$ > '${begun}.part'; mv '${begun}.part' '${begun}'; exec sleep 600`);
}

/** @param {string} begun @param {string} ended */
export async function untilCancelled(begun, ended) {
  writeFileSync(begun, "");
  try {
    await sleep(60_000);
  } finally {
    await sleep(1);
    writeFileSync(ended, "");
  }
}

export const pid = () => process.pid;

/** @param {number} size */
export const flood = (size) => console.log("x".repeat(size));

export function fillMemory() {
  const kept = [];
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, at) => ({ at })));
}

/** @param {number} ms */
export const failAfter = async (ms) => {
  await sleep(ms);
  throw new RangeError("too late");
};

export const exitCleanly = () => process.exit(0);

export const exitInitializer = () => process.exit(7);

/** @param {string} path */
export const read = (path) => readFileSync(path, "utf8");

/** @param {unknown} value */
export const echo = (value) => value;

/** @param {{ bytes: Uint8Array, view: DataView, when: Date, map: Map<string, number> }} all */
export const kinds = ({ bytes, view, when, map }) => [
  bytes.length === bytes.buffer.byteLength,
  view.getUint8(0),
  when instanceof Date,
  map instanceof Map && map.get("a"),
];

export const argv = () => [process.execArgv, process.argv[2], process.env["AMBIT_TEST"]];
