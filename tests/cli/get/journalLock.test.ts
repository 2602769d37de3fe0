/**
 * The lock of a journal: held by one run, left over by one that was killed. On real files, and with the
 * ids of real processes; those of the last test run it compiled by itself.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stripTypes } from "../../../scripts/stripTypes.mjs";
import { JournalLock } from "../../../src/cli/get/journalLock.ts";

let folder: string;
let journal: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-lock-"));
  journal = join(folder, "journal");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", "0"]).pid;
}

function words(who: string): string {
  return `another run${who} is writing the journal ${journal}; wait for it, or give this run a --journal of its own; if there is no such run, remove ${journal}.lock`;
}

test("it is a file with the process id, and gone when it is given back", () => {
  const listeners = process.listenerCount("exit");
  const lock = new JournalLock(journal);
  lock.take();
  expect(readFileSync(`${journal}.lock`, "utf8")).toBe(String(process.pid));
  lock.release();
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
  expect(process.listenerCount("exit")).toBe(listeners);
});

test("a second run is refused while the first has it, and may have it then", () => {
  const [first, second] = [new JournalLock(journal), new JournalLock(journal)];
  first.take();
  expect(() => second.take()).toThrow(words(` (process ${process.pid})`));
  expect(readdirSync(folder)).toEqual(["journal.lock"]);
  first.release();
  second.take();
  second.release();
});

test("that of another process is obeyed as long as the process is alive", () => {
  writeFileSync(`${journal}.lock`, String(process.ppid));
  expect(() => new JournalLock(journal).take()).toThrow(words(` (process ${process.ppid})`));
  expect(readFileSync(`${journal}.lock`, "utf8")).toBe(String(process.ppid));
});

test.each([
  ["a process that has ended", deadPid],
  ["an earlier process with the id of this one", () => process.pid],
])("one left over by %s is taken over", (_, pid) => {
  writeFileSync(`${journal}.lock`, String(pid()));
  const lock = new JournalLock(journal);
  lock.take();
  expect(readFileSync(`${journal}.lock`, "utf8")).toBe(String(process.pid));
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test.each(["", "what is this?"])("one that says %j is not touched", (text) => {
  writeFileSync(`${journal}.lock`, text);
  expect(() => new JournalLock(journal).take()).toThrow(words(""));
  expect(readFileSync(`${journal}.lock`, "utf8")).toBe(text);
});

test("the folder of the journal is made; where none can be, no lock is taken", () => {
  const deep = new JournalLock(join(folder, "new", "journal"));
  deep.take();
  expect(existsSync(join(folder, "new", "journal.lock"))).toBe(true);
  deep.release();
  writeFileSync(journal, "a file");
  const none = new JournalLock(join(journal, "journal"));
  none.take();
  none.release();
  expect(readFileSync(journal, "utf8")).toBe("a file");
});

test("of many processes that find one left over, one gets it at a time", async () => {
  const source = join(import.meta.dirname, "../../../src/cli");
  for (const part of ["get/journalLock.ts", "usageError.ts"]) {
    mkdirSync(join(folder, "source", dirname(part)), { recursive: true });
    copyFileSync(join(source, part), join(folder, "source", part));
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  await stripTypes(join(folder, "source"), join(folder, "built"));
  // Each counts up a file in a way that loses counts when two do it at once.
  const program = `
    import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
    const { JournalLock } = await import("./built/get/journalLock.js");
    const lock = new JournalLock(${JSON.stringify(journal)});
    for (let taken = 0; taken < 50; ) {
      try { lock.take(); } catch { await new Promise(setImmediate); continue; }
      const count = Number(readFileSync(${JSON.stringify(journal)}, "utf8"));
      writeFileSync(${JSON.stringify(journal)}, String(count + 1));
      lock.release();
      taken++;
    }`;
  writeFileSync(join(folder, "program.mjs"), program);
  writeFileSync(journal, "0");
  writeFileSync(`${journal}.lock`, String(deadPid()));
  const node = `${process.execPath} ${join(folder, "program.mjs")}`;
  const run = spawnSync("sh", ["-c", `${node} & ${node} & ${node} & wait`], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(readFileSync(journal, "utf8")).toBe("150");
});
