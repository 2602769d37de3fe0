/*
 * What is said at the end: what is there now, what failed and why, how to go on.
 */
import { bytesInWords, counted, elapsedInWords, grouped } from "../quantities.ts";
import { cutEnd, harmless, widthOf } from "../terminalText.ts";
import type { Look } from "./progressLines.ts";
import type { FailureCount, Tally } from "./tally.ts";

/** How a run ended. */
export interface Ending {
  readonly tally: Tally;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Where the files are. */
  readonly directory: string;
  /** How many files were not even begun; null where nobody knows. */
  readonly left: number | null;
  /** Files that no checksum was there for, although there is a file of them; and its name. */
  readonly unchecked?: { readonly count: number; readonly file: string };
  /** The list has to be given on standard input again. */
  readonly piped?: boolean;
  /** What ended it before its end, in words; undefined when it came to its end. */
  readonly stopped?: string;
  /** The command that goes on with it; undefined when there is nothing to go on with. */
  readonly next?: string;
}

/** The lines at the end, for people, in at most `columns`, the command apart. */
export function summaryLines(ending: Ending, look: Look, columns: number): readonly string[] {
  const { tally, stopped, next } = ending;
  return [
    ...(stopped === undefined ? [] : [look.ink.warning(harmless(stopped))]),
    ...doneLines(ending, look),
    ...failureTable(tally.failures, look, columns),
    ...(next === undefined ? [] : [nextLine(ending), `  ${look.ink.name(next)}`]),
  ];
}

function doneLines(
  { tally, elapsed, directory, left, unchecked }: Ending,
  { ink }: Look,
): string[] {
  const { done, skipped, failed, bytes } = tally;
  const rate = `${bytesInWords((bytes / Math.max(1, elapsed)) * 1000)}/s`;
  const speed = done > 0 ? `, ${bytesInWords(bytes)} in ${elapsedInWords(elapsed)} (${rate})` : "";
  const where = directory === "." ? "" : ` in ${harmless(directory)}`;
  const lines = [];
  if (done > 0 || skipped + failed === 0) {
    lines.push(`${ink.good(`${counted(done, "file")} downloaded`)}${speed}${where}`);
  }
  if (skipped > 0) lines.push(`${counted(skipped, "file")} kept: there already`);
  if (unchecked !== undefined && unchecked.count > 0) {
    const verb = unchecked.count === 1 ? "has" : "have";
    const words = `${counted(unchecked.count, "file")} ${verb} no checksum in ${harmless(unchecked.file)}`;
    lines.push(ink.warning(words));
  }
  if (failed > 0) lines.push(ink.alarm(`${counted(failed, "file")} failed`));
  if (left !== null && left > 0) lines.push(`${counted(left, "file")} left`);
  return lines;
}

/** A row for each kind of failure: how many, and what the first of them said. */
function failureTable(failures: readonly FailureCount[], look: Look, columns: number): string[] {
  if (failures.length === 0) return [];
  const rows = failures.map(({ kind, count, example }) => [kind, grouped(count), example] as const);
  const kinds = Math.max(...rows.map(([kind]) => kind.length), "kind".length);
  const counts = Math.max(...rows.map(([, count]) => count.length), "files".length);
  const room = Math.max(20, columns - kinds - counts - 6);
  const row = (kind: string, count: string, example: string): string =>
    `  ${kind.padEnd(kinds)}  ${count.padStart(counts)}  ${cutEnd(example, room, look.unicode ? "…" : "...")}`;
  return [
    look.ink.place(row("kind", "files", "the first of them")),
    ...rows.map(([kind, count, example]) => row(kind, count, harmless(example))),
  ].map((line) => (widthOf(line) > 0 ? line.trimEnd() : line));
}

function nextLine({ stopped, piped }: Ending): string {
  const what = stopped === undefined ? "To try them again" : "To go on";
  return piped ? `${what}, with the same list on standard input:` : `${what}:`;
}
