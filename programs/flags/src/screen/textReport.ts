/*
 * The report for people: two lines of what is going to be done, a line for each flag if asked
 * for, the tally, and what could be done next.
 *
 * @param next the commands to try next, if it is the moment to propose some
 */
import type { Outcome, Status } from "../transfer/outcome.ts";
import type { Palette } from "./palette.ts";
import type { Ending, Report, Run } from "./report.ts";
import { count, extent, kilobytes, seconds } from "./words.ts";

export function textReport(
  write: (text: string) => void,
  palette: Palette,
  next: readonly string[],
): Report {
  return {
    begin(run) {
      write(`${heading(run, palette).join("\n")}\n`);
    },

    line: (outcome) => outcomeLine(outcome, palette),

    end(run, ending) {
      const lines = [...tallyLines(run, palette), ...endingLines(run, ending, palette)];
      if (next.length > 0 && !ending.isStopped && ending.failure === undefined) {
        lines.push("", "To try next:", ...next.map((command) => `  ${palette.strong(command)}`));
      }
      write(`${lines.join("\n")}\n`);
    },
  };
}

function heading({ options, plan, concurrency }: Run, { strong, faint }: Palette): string[] {
  const seed = options.server === "ERROR" ? `, seed ${options.seed}` : "";
  return [
    `${strong(options.server)} server at ${plan.site.base}${seed}`,
    `Downloading ${extent(plan.codes)}, ${atATime(concurrency)} ${faint(`(${options.engine})`)}`,
  ];
}

function atATime(concurrency: number): string {
  return concurrency === 1 ? "one at a time" : `up to ${concurrency} at a time`;
}

function outcomeLine({ code, status, file, bytes, cause, ms }: Outcome, palette: Palette): string {
  const mark = inColour(status, palette)(status.padEnd(9));
  const facts = cause ?? (file === undefined ? "" : `${file}, ${kilobytes(bytes ?? 0)}`);
  return `${code.padEnd(6)}  ${mark}  ${seconds(ms)}  ${facts}`.trimEnd();
}

function inColour(status: Status, palette: Palette): (text: string) => string {
  switch (status) {
    case "ok":
      return palette.good;
    case "not found":
      return palette.doubtful;
    case "error":
      return palette.bad;
  }
}

function tallyLines({ options, tally }: Run, palette: Palette): string[] {
  const { ok, "not found": missing, error: errors } = tally.counts;
  const lines = [palette.good(`${count(ok, "flag")} downloaded`)];
  if (missing > 0) lines.push(palette.doubtful(`${count(missing, "flag")} not found`));
  if (errors === 0) return lines;
  lines.push(palette.bad(count(errors, "error")) + (options.verbose ? ":" : " (-v tells why)"));
  if (options.verbose) lines.push(...causes(tally.outcomes));
  return lines;
}

function causes(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ status }) => status === "error")
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
    .map(({ code, cause }) => `  ${code.padEnd(6)}  ${cause}`);
}

function endingLines({ plan, tally }: Run, ending: Ending, { doubtful }: Palette): string[] {
  const left = plan.codes.length - tally.done;
  const lines: string[] = [];
  if (ending.isStopped) lines.push(doubtful(`Stopped, with ${count(left, "flag")} not fetched`));
  else if (left > 0) lines.push(doubtful(`Given up, with ${count(left, "flag")} not fetched`));
  lines.push(`Elapsed time: ${seconds(ending.elapsed)}`);
  if (tally.counts.ok > 0) lines.push(`The files are in ${plan.folder}`);
  return lines;
}
