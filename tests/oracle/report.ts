/*
 * What the oracle prints, and the mutant table of docs/oracle.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { firstDifference } from "./compare.ts";
import { toJavascript, toPython } from "./compile.ts";
import type { Catch } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";
import type { Difference, Tally } from "./trial.ts";

/** A difference, with both sources and both logs. */
export function differenceLines({
  seed,
  policy,
  why,
  program,
  expected,
  actual,
}: Difference): string[] {
  const at = firstDifference(expected, actual) ?? 0;
  const tail = (log: readonly string[]): string[] =>
    log.slice(at, at + 4).map((line) => `    ${line}`);
  return [
    `seed ${seed}, ${policy}: ${why}`,
    "  Python:",
    ...functionsOf(toPython(program)),
    "  JavaScript:",
    ...functionsOf(toJavascript(program)),
    `  both: ${expected.log.slice(Math.max(0, at - 4), at).join("   ")}`,
    `  CPython goes on (${expected.end} at ${expected.time}):`,
    ...tail(expected.log),
    `  Ambit goes on (${actual.end} at ${actual.time}):`,
    ...tail(actual.log),
    `  for the corpus: ${JSON.stringify(program)}`,
  ];
}

/** Without the objects that the program has none of, and without what every function has. */
function functionsOf(source: string): string[] {
  const dull =
    /\[\]|^\s*$|^\s*[{}]$|pass$|"use strict"|let v;|at = |starts'|ends'|"starts"|"ends"|'f\d+', error|"f\d+", error/;
  return source
    .split("\n")
    .filter((line) => !dull.test(line))
    .map((line) => `    ${line}`);
}

export function tallyLines({ stepped, direct, notes }: Tally): string[] {
  const touched = [...notes].sort(([, one], [, other]) => other - one);
  return [
    `stepped: ${stepped.agrees} agree with CPython as it is, ${stepped["by rule"]} with CPython under Ambit's rules, ` +
      `${stepped.apart} part from it at a deliberate difference and are sound, ${stepped.differs} differ`,
    `direct: ${direct.agrees} agree, ${direct["rests on order"]} rest on the order of what is ready, ${direct.differs} differ`,
    ...touched.map(([note, count]) => `  ${String(count).padStart(6)} programs: ${note}`),
  ];
}

/** How a mutant was caught, on one line. */
export function mutantLine(name: string, caught: Catch | null): string {
  const width = Math.max(...MUTANTS.map((mutant) => mutant.name.length));
  if (caught === null) return `${name.padEnd(width)}  NOT CAUGHT`;
  return `${name.padEnd(width)}  after ${String(caught.programs).padStart(4)} programs, ${caught.statements} statements left`;
}

const BEGIN = "<!-- mutants -->";
const END = "<!-- /mutants -->";

/** Writes the table between its marks in docs/oracle.md. */
export function writeTable(file: string, catches: readonly Catch[]): void {
  const text = readFileSync(file, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < 0) throw new Error(`${file} has no ${BEGIN} and ${END}`);
  writeFileSync(
    file,
    `${text.slice(0, before)}${BEGIN}\n\n${tableOf(catches)}\n\n${text.slice(after)}`,
  );
}

/** The table as Markdown, aligned as the formatter has it. */
export function tableOf(catches: readonly Catch[]): string {
  const rows = [
    ["Wrong kernel", "Programs until caught", "Statements in the smallest that shows it"],
    ...catches.map(({ mutant, programs, statements }) => [
      mutant,
      String(programs),
      String(statements),
    ]),
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(rows[0] as string[]), rule, ...rows.slice(1).map(line)].join("\n");
}
