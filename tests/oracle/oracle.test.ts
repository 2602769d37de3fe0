/*
 * The oracle itself: CPython 3.14 agrees on 2,000 random programs, on the programs that are kept, and no wrong kernel gets
 * past it. In a process of its own: Python takes memory, and some kernels are wrong.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { agree } from "./compare.ts";
import { toJavascript, toPython } from "./compile.ts";
import { readCatches } from "./corpus.ts";
import type { Result } from "./cpython.ts";
import { generate } from "./generate.ts";
import { judge } from "./judge.ts";
import { MUTANTS, mutate } from "./mutants.ts";
import { parseOptions } from "./options.ts";
import { type Program, sizeOf } from "./program.ts";
import { tableOf } from "./report.ts";
import { shrink } from "./shrink.ts";

const HERE = import.meta.dirname;
/** Half a minute on an idle machine; only to end what hangs. */
const PATIENCE_MS = 900_000;

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function oracle(...args: string[]): Promise<Output> {
  const command = [join(HERE, "start.mjs"), ...args];
  try {
    const done = await promisify(execFile)(process.execPath, command, { maxBuffer: 2 ** 26 });
    return { code: 0, ...done };
  } catch (error) {
    return error as Output;
  }
}

interface Trial {
  readonly python: string;
  readonly stepped: Record<string, number>;
  readonly direct: Record<string, number>;
  readonly notes: Record<string, number>;
  readonly coverage: {
    readonly programs: number;
    readonly cancelled: number;
    readonly failed: number;
    readonly operations: Record<string, number>;
  };
  readonly differences: readonly unknown[];
}

describe("against CPython 3.14", () => {
  test(
    "2,000 random programs: nothing differs that no rule explains, and every operation has its turn",
    async () => {
      const { stdout } = await oracle("--count", "2000", "--seed", "1", "--json");
      const { python, stepped, direct, coverage, differences } = JSON.parse(stdout) as Trial;
      expect(differences).toEqual([]);
      expect(python).toMatch(/^3\.14\./);
      expect(stepped["differs"]).toBe(0);
      expect(direct["differs"]).toBe(0);
      // Most programs are compared with CPython as it is, line by line.
      expect(stepped["agrees"]).toBeGreaterThan(1500);
      expect(stepped["apart"]).toBeLessThan(160);
      expect(direct["agrees"]).toBeGreaterThan(300);
      expect(coverage.cancelled).toBeGreaterThan(400);
      expect(coverage.failed).toBeGreaterThan(200);
      const rare = Object.entries(coverage.operations).filter(([, count]) => count < 20);
      expect(rare).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "the kept programs agree, and each wrong kernel is told from CPython by a small program",
    async () => {
      const { stdout } = await oracle("--kept", "--json");
      const { programs, mutants } = JSON.parse(stdout) as Record<string, Record<string, boolean>>;
      const bad = (all = {}): string[] =>
        Object.entries(all).flatMap(([name, good]) => (good === true ? [] : [name]));
      expect(bad(programs)).toEqual([]);
      expect(bad(mutants)).toEqual([]);
      expect(Object.keys(mutants ?? {}).length).toBeGreaterThanOrEqual(25);
    },
    PATIENCE_MS,
  );
});

test("what is asked for wrongly is answered by one line and exit code 2", async () => {
  const { code, stderr } = await oracle("--count", "many");
  expect([code, stderr.trim().split("\n").length]).toEqual([2, 1]);
  expect(stderr).toContain("expected --count to be an integer of at least 1, got 'many'");
  expect(() => parseOptions(["--write"])).toThrow("--write needs --mutants");
  expect(() => parseOptions(["--nonsense"])).toThrow("--nonsense");
  expect(parseOptions([])).toMatchObject({ count: 2000, seed: 1, json: false });
});

test("a seed gives the same program every time, another one another", () => {
  expect(generate(7)).toEqual(generate(7));
  expect(generate(7)).not.toEqual(generate(8));
  expect(toPython(generate(7))).toContain("async def f0(me");
  expect(toJavascript(generate(7))).toContain("async function f0(me");
});

test("a program shrinks to the statement that matters", async () => {
  const sleeps = (program: Program): boolean => toJavascript(program).includes("A.sleep(");
  const before = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    .map(generate)
    .find((each) => sleeps(each) && sizeOf(each) > 20);
  const small = await shrink(before as Program, sleeps);
  expect(sizeOf(small)).toBe(1);
});

const RESULT: Result = { log: ["m|0|1|a"], notes: [], end: "done", time: 0 };
const withLog = (...log: string[]): Result => ({ ...RESULT, log });

test("any other line, order, end or time is a difference", () => {
  const two = withLog("m|0|1|a", "m|0|2|b");
  expect(agree(two, two)).toBe(true);
  expect(agree(two, withLog("m|0|2|b", "m|0|1|a"))).toBe(false);
  expect(agree(two, withLog("m|0|1|a"))).toBe(false);
  expect(agree(RESULT, { ...RESULT, end: "Deadlock" })).toBe(false);
  expect(agree(RESULT, { ...RESULT, time: 1 })).toBe(false);
});

test("a cancel message may be there where CPython lost it, and must be CPython's where it has one", () => {
  const said = withLog("m|0|f1|CancelledError(a)");
  const unsaid = withLog("m|0|f1|CancelledError()");
  expect([agree(unsaid, said), agree(said, unsaid)]).toEqual([true, false]);
});

test("a difference is excused by a rule only where the program touches it and then agrees", () => {
  const noted = { ...RESULT, notes: ["late cancel"] };
  const other = withLog("m|0|1|b");
  expect(judge(noted, other, other).kind).toBe("by rule");
  expect(judge(noted, RESULT, other).kind).toBe("differs");
  expect(judge(RESULT, other, other).kind).toBe("differs");
});

test("each mutant applies, by name, and its catch is kept and in the table", () => {
  const names = MUTANTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const mutant of MUTANTS) {
    const source = readFileSync(join(HERE, "../../src", mutant.file), "utf8");
    expect(mutate(mutant, source)).not.toBe(source);
    expect(() => mutate({ ...mutant, from: "nowhere" }, source)).toThrow("does not apply");
  }
  const catches = readCatches(join(HERE, "corpus"));
  expect(catches.map(({ mutant }) => mutant)).toEqual(names);
  expect(readFileSync(join(HERE, "../../docs/oracle.md"), "utf8")).toContain(tableOf(catches));
});
