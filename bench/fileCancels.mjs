// A probe, not a comparison: readers, writers, copies, moves, locks and temporary files, cancelled at random moments for a
// minute; then every file is whole, and nothing is open or left. Prints what happened as JSON:
// `node fileCancels.mjs [SECONDS]`, after a build.
import { strict as assert } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  atomicWrite,
  copyFile,
  fileLock,
  moveFile,
  namedTemporaryFile,
  open,
  readText,
  temporaryDirectory,
} from "../dist/files/index.js";
import { isCancelled, moveOnAfter, run, taskGroup } from "../dist/index.js";

const SECONDS = Number(process.argv[2] ?? 60);
const LANES = 12;
const NAMES = 8;
const LINE = "a line of some text, as a log has them\n";

const top = mkdtempSync(join(tmpdir(), "ambit-cancels-"));
/** @param {string} kind */
const some = (kind) => join(top, `${kind} ${Math.floor(Math.random() * NAMES)}`);

/** Lines that say how many they are. */
function content() {
  const lines = 1 + Math.floor(Math.random() * 40_000);
  return `${lines}\n${LINE.repeat(lines)}`;
}

/** @param {string} text */
function expectWhole(text) {
  const lines = Number.parseInt(text);
  assert.equal(text.length, `${lines}\n`.length + lines * LINE.length);
}

let inside = 0;

/** @type {Record<string, () => Promise<void>>} */
const works = {
  write: () => atomicWrite(some("data"), content(), { fsync: false }),
  read: async () => expectWhole(await readText(some("data"))),
  lines: async () => {
    const file = await open(some("data"));
    try {
      const lines = Number(await file.readline());
      let count = 0;
      for await (const line of file) if (line === LINE) count++;
      assert.equal(count, lines);
    } finally {
      await file.close();
    }
  },
  copy: () => copyFile(some("data"), some("data copy"), { reflink: false }),
  move: () => moveFile(some("data copy"), some("data moved")),
  lock: async () => {
    const lock = await fileLock(join(top, "lock"));
    try {
      assert(lock.held && ++inside === 1);
      await readText(some("data"));
    } finally {
      inside--;
      await lock.release();
    }
  },
  temporary: async () => {
    const folder = await temporaryDirectory({ dir: top });
    try {
      const file = await namedTemporaryFile({ dir: top, mode: "w+" });
      try {
        await file.write(content());
        await file.seek(0);
        expectWhole(await file.read());
      } finally {
        await file.close();
      }
    } finally {
      await folder.cleanup();
    }
  },
};

/** How each of them ended. @type {Record<string, { done: number, cancelled: number, missing: number }>} */
const ends = Object.fromEntries(
  Object.keys(works).map((name) => [name, { done: 0, cancelled: 0, missing: 0 }]),
);

/** @param {number} until */
async function lane(until) {
  const names = Object.keys(works);
  while (performance.now() < until) {
    const name = /** @type {string} */ (names[Math.floor(Math.random() * names.length)]);
    const end = /** @type {typeof ends[string]} */ (ends[name]);
    try {
      const work = /** @type {() => Promise<void>} */ (works[name]);
      const { cancelledCaught } = await moveOnAfter(Math.random() ** 3 * 200, work);
      end[cancelledCaught ? "cancelled" : "done"]++;
    } catch (error) {
      // Nothing of that name was made yet, or it was moved away.
      if (isCancelled(error) || /** @type {{ code?: string }} */ (error).code !== "ENOENT")
        throw error;
      end.missing++;
    }
  }
}

function openBelow() {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(top);
    } catch {
      return false;
    }
  }).length;
}

try {
  await run(async () => {
    const until = performance.now() + SECONDS * 1000;
    await taskGroup((group) => {
      for (let n = 0; n < LANES; n++) void group.spawn(() => lane(until));
    });
    assert.equal(process.platform === "linux" ? openBelow() : 0, 0);
    const left = readdirSync(top);
    for (const name of left) {
      assert.match(name, /^data( copy| moved)? \d$/);
      expectWhole(readFileSync(join(top, name), "utf8"));
    }
    console.log(
      JSON.stringify({ node: process.version, seconds: SECONDS, ends, files: left.length }),
    );
  });
} finally {
  rmSync(top, { recursive: true, force: true });
}
