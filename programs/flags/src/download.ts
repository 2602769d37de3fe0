/*
 * The command `flags`: opens what is needed (folder, server), lets the engine work, closes it all in
 * reverse order and reports. The report comes at the end in any case, also when the download was
 * cancelled or the disk is full; only a folder that is of no use from the start has none.
 */
import { isCancelled } from "ambit";

import type { DownloadOptions } from "./args/command.ts";
import { FlagImages } from "./catalogue/flagImages.ts";
import { loadEngine } from "./engines/loadEngine.ts";
import { TimedRun } from "./engines/timedRun.ts";
import { jsonReport } from "./screen/jsonReport.ts";
import type { Report, Run } from "./screen/report.ts";
import type { Screen } from "./screen/screen.ts";
import { Tally } from "./screen/tally.ts";
import { textReport } from "./screen/textReport.ts";
import { selectCodes } from "./selection.ts";
import { openSource } from "./source.ts";
import { OutputFolder } from "./storage/outputFolder.ts";
import { StorageError } from "./storage/storageError.ts";

/**
 * Runs `flags`.
 *
 * @param next the commands to propose at the end
 * @returns the exit code
 * @throws {@link StorageError} when the output folder takes no files
 */
export async function downloadFlags(
  options: DownloadOptions,
  screen: Screen,
  next: readonly string[] = [],
): Promise<number> {
  const images = new FlagImages();
  const codes = selectCodes(options.selection, () => images.codes, options.limit);
  const folder = new OutputFolder(options.output);
  try {
    const source = await openSource(options, images);
    try {
      const { meta, maxRequests } = options;
      const plan = { codes, site: source.site, meta, folder: folder.path, maxRequests };
      const engine = await loadEngine(options.engine, options.redis);
      const tally = new Tally();
      const run = { options, plan, concurrency: engine.concurrency(plan), tally };
      const lines = options.json ? screen.err : screen.out;
      const timed = new TimedRun(engine, plan, tally, screen.err, lines);
      await reported(run, timed, reportFor(options, screen, next));
      return tally.exitCode;
    } finally {
      await source.close();
    }
  } finally {
    folder.close();
  }
}

function reportFor(options: DownloadOptions, screen: Screen, next: readonly string[]): Report {
  const write = (text: string) => void screen.out.write(text);
  return options.json ? jsonReport(write) : textReport(write, screen.palette, next);
}

async function reported(run: Run, timed: TimedRun, report: Report): Promise<void> {
  report.begin(run);
  let isStopped = false;
  let failure: string | undefined;
  try {
    await timed.go(run.options.verbose ? (outcome) => report.line(outcome) : undefined);
  } catch (error) {
    isStopped = isCancelled(error);
    if (error instanceof StorageError) failure = error.message;
    throw error;
  } finally {
    const { elapsed } = timed;
    report.end(run, { elapsed, isStopped, ...(failure === undefined ? {} : { failure }) });
  }
}
