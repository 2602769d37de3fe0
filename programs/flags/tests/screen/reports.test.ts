import { describe, expect, test } from "vitest";

import type { DownloadOptions } from "../../src/args/command.ts";
import { comparisonJson, comparisonTable } from "../../src/screen/comparison.ts";
import { jsonReport } from "../../src/screen/jsonReport.ts";
import { paletteFor } from "../../src/screen/palette.ts";
import type { Ending, Report, Run } from "../../src/screen/report.ts";
import { Tally } from "../../src/screen/tally.ts";
import { textReport } from "../../src/screen/textReport.ts";
import { siteAt } from "../../src/site.ts";
import type { Outcome } from "../../src/transfer/outcome.ts";

const ok: Outcome = { code: "BR", status: "ok", ms: 1004, file: "br.png", bytes: 4321 };
const missing: Outcome = { code: "QZ", status: "not found", ms: 3 };
const failed: Outcome = { code: "AD", status: "error", ms: 12, cause: "the connection was reset" };
const done: Ending = { elapsed: 1234.5, isStopped: false };
const plain = paletteFor({ isTTY: false, hasColors: () => false });

function runWith(outcomes: readonly Outcome[], options: Partial<DownloadOptions> = {}): Run {
  const tally = new Tally();
  for (const outcome of outcomes) tally.add(outcome);
  const site = siteAt("http://127.0.0.1:80/flags/{size}", 250, true);
  const codes = ["AD", "BR", "QZ"];
  return {
    options: {
      selection: codes,
      server: "LOCAL",
      maxRequests: 30,
      meta: false,
      size: 250,
      seed: 7,
      json: false,
      engine: "async",
      output: "out",
      verbose: false,
      ...options,
    },
    plan: { codes, site, meta: false, folder: "/out", maxRequests: 30 },
    concurrency: 3,
    tally,
  };
}

function printed(make: (write: (text: string) => void) => Report, run: Run, ending = done): string {
  let text = "";
  const report = make((more) => (text += more));
  report.begin(run);
  report.end(run, ending);
  return text;
}

const text = (run: Run, ending?: Ending, next: readonly string[] = []) =>
  printed((write) => textReport(write, plain, next), run, ending);

describe("the report for people", () => {
  test("says what is done, and how it ended", () => {
    expect(text(runWith([ok, missing, failed]))).toBe(
      [
        "LOCAL server at http://127.0.0.1:80/flags/250",
        "Downloading 3 flags, AD to QZ, up to 3 at a time (async)",
        "1 flag downloaded",
        "1 flag not found",
        "1 error (-v tells why)",
        "Elapsed time: 1.23 s",
        "The files are in /out",
        "",
      ].join("\n"),
    );
  });

  test("lists the causes of errors when it is to be verbose", () => {
    expect(text(runWith([failed], { verbose: true }))).toContain(
      "1 error:\n  AD      the connection was reset\n",
    );
  });

  test("has a line for each status", () => {
    const report = textReport(() => {}, plain, []);
    expect([ok, missing, failed].map((outcome) => report.line(outcome))).toEqual([
      "BR      ok         1.00 s  br.png, 4.3 kB",
      "QZ      not found  0.00 s",
      "AD      error      0.01 s  the connection was reset",
    ]);
  });

  test("tells the seed of a server that throws dice", () => {
    expect(text(runWith([], { server: "ERROR" }))).toMatch(/^ERROR server at .*, seed 7\n/);
  });

  test("counts what a stopped run did not get to, and proposes nothing", () => {
    const stopped = text(runWith([ok]), { ...done, isStopped: true }, ["flags --help"]);
    expect(stopped).toContain("Stopped, with 2 flags not fetched\n");
    expect(stopped).not.toContain("try next");
  });

  test("proposes what to try next after all went well", () => {
    expect(text(runWith([ok]), done, ["flags --help"])).toMatch(
      /\nTo try next:\n {2}flags --help\n$/,
    );
  });

  test("does not point to a folder without files", () => {
    expect(text(runWith([missing]))).not.toContain("/out");
  });
});

describe("the report for programs", () => {
  const json = (run: Run, ending?: Ending) =>
    JSON.parse(printed((write) => jsonReport(write), run, ending)) as Record<string, unknown>;

  test("is one JSON object with all that happened, by code", () => {
    expect(json(runWith([ok, missing, failed]))).toEqual({
      server: "LOCAL",
      url: "http://127.0.0.1:80/flags/250",
      engine: "async",
      maxRequests: 30,
      size: 250,
      meta: false,
      output: "/out",
      elapsedMs: 1235,
      requested: 3,
      counts: { ok: 1, "not found": 1, error: 1 },
      stopped: false,
      flags: [failed, ok, missing],
    });
  });

  test("tells the seed, a stop and a failure when there is one", () => {
    const run = runWith([], { server: "ERROR" });
    expect(json(run, { ...done, isStopped: true, failure: "the disk is full" })).toMatchObject({
      seed: 7,
      stopped: true,
      failure: "the disk is full",
    });
  });
});

describe("the comparison", () => {
  const entry = (name: string, elapsed: number) => {
    const tally = new Tally();
    tally.add(ok);
    return { name, concurrency: 1, elapsed, tally };
  };
  const comparison = {
    codes: ["BR"],
    maxRequests: 30,
    entries: [entry("sequential", 10_000), entry("async", 1000)],
  };

  test("is a table with times, and speed-ups over the first engine", () => {
    expect(comparisonTable(comparison, plain)).toBe(
      [
        "1 flag, BR, from a server that takes a second for each",
        "",
        "engine          at a time       time  speed-up     ok  not found  errors",
        "sequential              1    10.00 s      1.0x      1          0       0",
        "async                   1     1.00 s     10.0x      1          0       0",
        "",
      ].join("\n"),
    );
  });

  test("has nothing to show when it was stopped too early", () => {
    const text = comparisonTable({ ...comparison, entries: [] }, plain);
    expect(text).toBe("Stopped before there was anything to compare\n");
  });

  test("is an object for programs", () => {
    expect(JSON.parse(comparisonJson(comparison))).toMatchObject({
      codes: ["BR"],
      engines: [
        { engine: "sequential", speedUp: 1 },
        { engine: "async", speedUp: 10 },
      ],
    });
  });
});

test("there is colour on a terminal that has it, and nowhere else", () => {
  expect(paletteFor({ isTTY: true, hasColors: () => true }).bad("x")).toBe("\u001B[31mx\u001B[39m");
  expect(paletteFor({ isTTY: true, hasColors: () => false }).bad("x")).toBe("x");
  expect(paletteFor({ isTTY: false, hasColors: () => true }).bad("x")).toBe("x");
});
