// Files: lines of a large one, whole files, small writes, many small files, copies. All lie in the page cache.
//
// AMBIT_BENCH_BYTES makes the large file smaller, AMBIT_BENCH_FILES the number of files. Everything is in a temporary folder that is removed at the end.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import {
  copyFile as copyFileOfNode,
  open as openHandle,
  readFile,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyFile, open, readBytes, readText, writeBytes } from "../dist/files/index.js";
import { mapConcurrent } from "../dist/index.js";
import { measureLines } from "./fileLines.mjs";
import { peerPrograms } from "./peerPrograms.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */

const LARGE = 16 << 20;
const HUGE = 64 << 20;
const WRITES = 20_000;
const FILES = Number(process.env["AMBIT_BENCH_FILES"] ?? 5000);
const LANES = 64;

const top = mkdtempSync(join(tmpdir(), "ambit-bench-"));
process.once("exit", () => rmSync(top, { recursive: true, force: true }));
const [large, huge, target, many] = /** @type {[string, string, string, string]} */ (
  ["large", "huge", "target", "many"].map((name) => join(top, name))
);
const text = "a line of some text, as a log has them: äöü\n";
writeFileSync(large, text.repeat(LARGE / Buffer.byteLength(text)));
const SIZE = statSync(large).size;
writeFileSync(huge, Buffer.alloc(HUGE, randomBytes(1 << 20)));
const content = randomBytes(1024);
const names = Array.from({ length: FILES }, (_, i) => join(many, `file ${i}`));

/** @param {() => Promise<unknown>} copy */
function copying(copy) {
  return async () => {
    await copy();
    const { size } = statSync(target);
    rmSync(target);
    return size;
  };
}

/** @param {() => Promise<unknown>} write */
function writing(write) {
  return async () => {
    await write();
    return statSync(target).size;
  };
}

async function smallWrites() {
  const file = await open(target, "w");
  for (let i = 0; i < WRITES; i++) await file.write(text);
  await file.close();
}

async function smallWritesByStream() {
  const stream = createWriteStream(target);
  for (let i = 0; i < WRITES; i++) if (!stream.write(text)) await once(stream, "drain");
  stream.end();
  await once(stream, "close");
}

async function smallWritesByHandle() {
  const handle = await openHandle(target, "w");
  for (let i = 0; i < WRITES; i++) await handle.write(text);
  await handle.close();
}

/** @param {(work: (name: string) => Promise<unknown>) => Promise<unknown>} each @param {(name: string) => Promise<unknown>} write */
function manyFiles(each, write) {
  return async () => {
    mkdirSync(many);
    await each(write);
    const count = readdirSync(many).length;
    rmSync(many, { recursive: true });
    return count;
  };
}

/** @param {(name: string) => Promise<unknown>} work */
async function concurrently(work) {
  for await (const _ of mapConcurrent(names, work, { limit: LANES }));
}

/** What one writes without a library. @param {(name: string) => Promise<unknown>} work */
async function byLanes(work) {
  let next = 0;
  const lane = async () => {
    while (next < names.length) await work(/** @type {string} */ (names[next++]));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "read 16 MiB in one call, bytes",
    result: SIZE,
    ambit: async () => (await readBytes(large)).length,
    rivals: [
      { name: "fs.readFile", target: { 26: 1 }, work: async () => (await readFile(large)).length },
    ],
  },
  {
    what: "read 16 MiB in one call, text",
    result: (await readFile(large, "utf8")).length,
    ambit: async () => (await readText(large)).length,
    rivals: [
      {
        name: "fs.readFile",
        target: { 26: 1 },
        work: async () => (await readFile(large, "utf8")).length,
      },
    ],
  },
  {
    what: `${WRITES} small writes, one after the other`,
    result: WRITES * Buffer.byteLength(text),
    ambit: writing(smallWrites),
    rivals: [
      { name: "createWriteStream", target: { 26: 1 }, work: writing(smallWritesByStream) },
      { name: "FileHandle.write", target: { 26: 0.1 }, work: writing(smallWritesByHandle) },
    ],
  },
  {
    what: `${FILES} files of 1 KiB, ${LANES} at a time`,
    rounds: 5,
    result: FILES,
    ambit: manyFiles(concurrently, (name) => writeBytes(name, content)),
    rivals: [
      { name: "fs.writeFile", work: manyFiles(byLanes, (name) => writeFile(name, content)) },
    ],
  },
  {
    what: "copy a file of 64 MiB",
    rounds: 5,
    result: HUGE,
    ambit: copying(() => copyFile(huge, target)),
    rivals: [{ name: "fs.copyFile", work: copying(() => copyFileOfNode(huge, target)) }],
  },
];

const pythons = peerPrograms(["python", "aiofiles"]);

export const measure = () => measureLines(pythons);

/** The versions of those that are no packages of npm. */
export function peers() {
  return Object.fromEntries(pythons.map(({ name, version }) => [name, version]));
}
