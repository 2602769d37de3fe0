/**
 * The journal: whatever is left of it after the process has ended, it is read for what it is.
 *
 * On real files.
 */
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Journal } from "../../src/download/journal.ts";
import { byPath, byUrl, type JournalRecord, keyOf } from "../../src/download/journalRecord.ts";
import { Folder } from "./site.ts";

function done(path: string, size = 1): JournalRecord {
  return { state: "done", path, url: `http://h/${path}`, size };
}

const records: readonly JournalRecord[] = [
  done("a"),
  { state: "part", path: "big", url: "u", place: "u", validator: '"1"', size: 10 },
  done("ü\n\u2028", 2),
  { ...done("a", 3), etag: '"x"', modified: "m", sha256: "f" } as JournalRecord,
  { ...done("n"), named: true },
  {
    state: "part",
    path: "big",
    url: "u",
    place: "v",
    validator: '"1"',
    size: 10,
    stretches: [
      [0, 5, 3],
      [5, 10, 5],
    ],
  },
];

describe("a journal", () => {
  test("gives the last record of each file, in this run and the next", () => {
    using folder = new Folder();
    const path = join(folder.path, "journal");
    for (const run of [1, 2]) {
      const journal = new Journal(path);
      if (run === 1) for (const record of records) journal.append(record);
      expect(journal.find(byPath("a"))).toEqual(records[3]);
      expect(journal.find(byPath("big"))).toEqual(records[5]);
      expect(journal.find(byUrl("http://h/n"))).toEqual(records[4]);
      expect(journal.find(byPath("n"))).toBeNull();
      journal.close();
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("that was cut at any byte gives just the records whose lines are whole", () => {
    using folder = new Folder();
    const path = join(folder.path, "journal");
    const whole = new Journal(path);
    for (const record of records) whole.append(record);
    whole.close();
    const bytes = readFileSync(path);
    for (let size = 0; size <= bytes.length; size++) {
      writeFileSync(path, bytes.subarray(0, size));
      const lines = bytes.subarray(0, size).toString("latin1").split("\n").length - 1;
      const kept = records.slice(0, Math.max(0, lines - 1));
      const journal = new Journal(path);
      const last = new Map(kept.map((record) => [keyOf(record), record]));
      for (const record of records)
        expect(journal.find(keyOf(record))).toEqual(last.get(keyOf(record)) ?? null);
      // What is added after a torn line is whole, too.
      journal.append(done("after"));
      journal.close();
      const next = new Journal(path);
      expect(next.find(byPath("after"))).toEqual(done("after"));
      next.close();
    }
  });

  test("is written anew when much of it no longer counts, and loses nothing", () => {
    using folder = new Folder();
    const path = join(folder.path, "journal");
    const journal = new Journal(path);
    for (let n = 0; n < 1000; n++) journal.append(done(`file${n % 10}`, n));
    journal.append(done("once", 7));
    journal.close();
    const before = statSync(path).size;
    const next = new Journal(path);
    expect(statSync(path).size).toBeLessThan(before / 50);
    for (let n = 0; n < 10; n++)
      expect(next.find(byPath(`file${n}`))).toEqual(done(`file${n}`, 990 + n));
    next.append(done("more"));
    expect(next.find(byPath("once"))).toEqual(done("once", 7));
    expect(next.find(byPath("more"))).toEqual(done("more"));
    next.close();
  });

  test("passes over lines that are none, and lines longer than a buffer", () => {
    using folder = new Folder();
    const path = join(folder.path, "journal");
    new Journal(path).close();
    const long = done("x".repeat(600_000));
    const lines = [
      "{",
      "null",
      '{"state":"done"}',
      "",
      JSON.stringify(long),
      JSON.stringify(done("z")),
    ];
    appendFileSync(path, `${lines.join("\n")}\n`);
    const journal = new Journal(path);
    expect(journal.find(keyOf(long))).toEqual(long);
    expect(journal.find(byPath("z"))).toEqual(done("z"));
    journal.close();
  });

  test("is not begun in a file that is something else", () => {
    using folder = new Folder();
    const path = join(folder.path, "letter");
    writeFileSync(path, "Dear reader");
    expect(() => new Journal(path)).toThrow("Expected `options.journal` to be a journal");
    expect(readFileSync(path, "utf8")).toBe("Dear reader");
  });

  test("holds what was put into it, whatever that is and wherever it was cut", () => {
    const text = fc.string({ unit: "binary", maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat()), { maxLength: 60 }), fc.nat(), (files, cut) => {
        using folder = new Folder();
        const path = join(folder.path, "journal");
        const journal = new Journal(path);
        for (const [name, size] of files) journal.append(done(name, size));
        journal.close();
        const { size } = statSync(path);
        truncateSync(path, size - (cut % 30));
        const lines = readFileSync(path, "utf8").split("\n").length - 1;
        const last = new Map(files.slice(0, Math.max(0, lines - 1)));
        const next = new Journal(path);
        for (const [name, bytes] of last)
          expect(next.find(byPath(name))).toEqual(done(name, bytes));
        next.close();
      }),
      { numRuns: 60 },
    );
  });
});
