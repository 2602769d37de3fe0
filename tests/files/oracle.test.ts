/**
 * CPython 3.14 as the judge: random programs on files come to the same results, and leave the same
 * bytes behind, as they do with its `io`.
 *
 * What is different on purpose is kept out of the programs: in text, CPython writes where it has
 * read ahead to, and finds a malformed byte before the lines that stand in front of it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folders } from "./folder.ts";
import {
  binaryPrograms,
  brokenPrograms,
  markedPrograms,
  type Outcome,
  type Program,
  runHere,
  textPrograms,
} from "./programs.ts";

/** Python takes seconds to start, more where five of them do; only to end what hangs. */
const PATIENCE_MS = 300_000;

const fresh = folders();
let python: ChildProcess;
let answers: Interface;

beforeAll(() => {
  python = spawn(process.execPath, [join(import.meta.dirname, "pythonProcess.mjs")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  answers = createInterface({ input: python.stdout as NodeJS.ReadableStream });
});

afterAll(async () => {
  const gone = new Promise((resolve) => python.once("close", resolve));
  python.stdin?.end();
  await gone;
});

function runThere(program: Program): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    python.once("close", reject);
    answers.once("line", (line) => {
      python.off("close", reject);
      const outcome = JSON.parse(line) as Outcome & { readonly failed?: string };
      if (outcome.failed === undefined) resolve(outcome);
      else reject(new Error(outcome.failed));
    });
    python.stdin?.write(`${JSON.stringify(program)}\n`);
  });
}

const withoutNewlines = ({ results, content }: Outcome): unknown => ({ results, content });

/** The smallest program on which the two disagree, and what they say; null when there is none. */
async function disagreement(
  programs: fc.Arbitrary<Program>,
  numRuns: number,
  compared: (outcome: Outcome) => unknown = withoutNewlines,
): Promise<unknown> {
  const path = fresh();
  let last: unknown = null;
  const property = fc.asyncProperty(programs, async (program) => {
    const there = await runThere(program);
    fc.pre(there.skipped !== true);
    const here = await runHere(program, path);
    const agrees = isDeepStrictEqual(compared(here), compared(there));
    if (!agrees) last = { program: JSON.stringify(program), here, there };
    return agrees;
  });
  const { failed, errorInstance } = await fc.check(property, { numRuns });
  // That the two disagree is an error to fast-check, too.
  if (errorInstance !== null && last === null)
    throw new Error("a program failed", { cause: errorInstance });
  return failed ? last : null;
}

test(
  "bytes are read, written and found as in CPython",
  async () => expect(await disagreement(binaryPrograms, 500)).toBeNull(),
  PATIENCE_MS,
);

test(
  "text is read, written and found as in CPython",
  async () => expect(await disagreement(textPrograms, 800)).toBeNull(),
  PATIENCE_MS,
);

test(
  "files that begin with a mark are read and written as in CPython",
  async () => expect(await disagreement(markedPrograms, 200)).toBeNull(),
  PATIENCE_MS,
);

test(
  "malformed text is replaced and left out as in CPython",
  async () => expect(await disagreement(brokenPrograms, 500)).toBeNull(),
  PATIENCE_MS,
);

test(
  "the ends of lines that were met are those of CPython",
  async () => {
    const ops = [["read", -1]] as const;
    const whole = textPrograms.map((program) => ({ ...program, mode: "r" as const, ops }));
    expect(await disagreement(whole, 100, (outcome) => outcome)).toBeNull();
  },
  PATIENCE_MS,
);
