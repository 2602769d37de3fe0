// Folders: walking through one, and copying and removing it. Most of the time is the system's, for everybody.
//
// The tree lies in the system's folder for temporary files, in the page cache after the first rounds.
import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import {
  cp,
  copyFile as copyFileOfNode,
  opendir,
  readdir,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atomicWrite, copyFile, copyTree, rmtree, scandir, walk } from "../dist/files/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */

const FOLDERS = 200;
/** That are copied: making a file takes the system a hundred times as long as telling of one. */
const COPIED = 40;
const FILES = 10;
const MANY = 10_000;
const SIZE = 16 << 20;
const WRITES = 100;

const top = mkdtempSync(join(tmpdir(), "ambit-bench-"));
process.once("exit", () => rmSync(top, { recursive: true, force: true }));
const [tree, small, many, file] = /** @type {[string, string, string, string]} */ (
  ["tree", "small", "many", "file"].map((name) => join(top, name))
);
const target = join(top, "copy");

/** Gives the number of its entries. @param {string} root @param {number} folders */
function makeTree(root, folders) {
  for (let folder = 0; folder < folders; folder++) {
    const path = join(root, `group ${folder % 20}`, `folder ${folder}`);
    mkdirSync(path, { recursive: true });
    for (let n = 0; n < FILES; n++) writeFileSync(join(path, `file ${n}.txt`), randomBytes(200));
  }
  return readdirSync(root, { recursive: true }).length;
}

const ENTRIES = makeTree(tree, FOLDERS);
const COPIED_ENTRIES = makeTree(small, COPIED);
mkdirSync(many);
for (let n = 0; n < MANY; n++) writeFileSync(join(many, `file ${n}.txt`), "");
writeFileSync(file, randomBytes(SIZE));

/** @param {AsyncIterable<unknown>} entries */
async function countOf(entries) {
  let count = 0;
  for await (const entry of entries) if (entry !== null) count++;
  return count;
}

/** @param {() => Promise<unknown>} copy */
function copying(copy) {
  return async () => {
    await copy();
    const { size } = statSync(target);
    rmSync(target);
    return size;
  };
}

/** @param {() => Promise<unknown>} copy @param {() => Promise<unknown>} remove */
function copyingTrees(copy, remove) {
  return async () => {
    await copy();
    const count = readdirSync(target, { recursive: true }).length;
    await remove();
    return count;
  };
}

/** @param {(path: string, body: string) => Promise<unknown>} write */
function writing(write) {
  return async () => {
    for (let n = 0; n < WRITES; n++) await write(target, `{"written": ${n}}`);
    const { size } = statSync(target);
    return size;
  };
}

/** What one does without a library. @param {string} path @param {string} body */
async function writeAndRename(path, body) {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, body);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

copyFileSync(file, target);
rmSync(target);

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: `walk through ${FOLDERS} folders of ${FILES} files`,
    result: ENTRIES,
    ambit: () => countOf(walk(tree)),
    rivals: [
      {
        // Reads synchronously, and holds the loop meanwhile; on Node.js 20 it leaves folders out of deeper trees.
        name: "opendir, recursive",
        work: async () => countOf(await opendir(tree, { recursive: true })),
      },
      {
        // Node.js 26 reads synchronously here, too.
        name: "readdir, recursive",
        work: async () => (await readdir(tree, { recursive: true, withFileTypes: true })).length,
      },
    ],
  },
  {
    what: `the entries of a folder of ${MANY} files`,
    result: MANY,
    ambit: () => countOf(scandir(many)),
    rivals: [
      { name: "opendir", target: { 26: 1 }, work: async () => countOf(await opendir(many)) },
      {
        name: "readdir",
        work: async () => (await readdir(many, { withFileTypes: true })).length,
      },
    ],
  },
  {
    what: "copy a file of 16 MiB",
    result: SIZE,
    ambit: copying(() => copyFile(file, target)),
    rivals: [
      { name: "fs.copyFile", work: copying(() => copyFileOfNode(file, target)) },
      { name: "fs.cp", work: copying(() => cp(file, target)) },
    ],
  },
  {
    what: `copy a tree of ${COPIED} folders of ${FILES} files and remove the copy`,
    rounds: 5,
    result: COPIED_ENTRIES,
    ambit: copyingTrees(
      () => copyTree(small, target),
      () => rmtree(target),
    ),
    rivals: [
      {
        // Node.js 26 copies synchronously.
        name: "fs.cp and fs.rm",
        target: { 26: 1 },
        work: copyingTrees(
          () => cp(small, target, { recursive: true }),
          () => rm(target, { recursive: true }),
        ),
      },
    ],
  },
  {
    what: `write a small file ${WRITES} times, each time as a whole`,
    result: `{"written": ${WRITES - 1}}`.length,
    ambit: writing((path, body) => atomicWrite(path, body, { fsync: false })),
    rivals: [{ name: "writeFile and rename", work: writing(writeAndRename) }],
  },
];
