/*
 * The command `flags compare`: the same flags from one DELAY server with every engine, one engine
 * after another, each into a folder of its own that is removed at the end. What was measured is
 * shown also when it is stopped halfway.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CompareOptions } from "./args/command.ts";
import { FlagImages } from "./catalogue/flagImages.ts";
import { engineNames, type EngineName } from "./engines/engine.ts";
import { loadEngine } from "./engines/loadEngine.ts";
import { TimedRun } from "./engines/timedRun.ts";
import { comparisonJson, comparisonTable, type Comparison } from "./screen/comparison.ts";
import type { Screen } from "./screen/screen.ts";
import { Tally } from "./screen/tally.ts";
import { selectCodes } from "./selection.ts";
import { openSource, type Source } from "./source.ts";
import { OutputFolder } from "./storage/outputFolder.ts";

/** Runs `flags compare`; returns the exit code. */
export async function compareEngines(options: CompareOptions, screen: Screen): Promise<number> {
  const images = new FlagImages();
  const limit = options.limit ?? (options.selection === "populous" ? usualCount : undefined);
  const codes = selectCodes(options.selection, () => images.codes, limit);
  const comparison: Comparison = { codes, maxRequests: options.maxRequests, entries: [] };
  const folder = mkdtempSync(join(tmpdir(), "flags-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const source = await openSource(options, images);
  try {
    for (const name of engineNames) {
      const entry = await measure(name, codes, options, source, join(folder, name), screen);
      comparison.entries.push(entry);
    }
  } finally {
    await source.close();
    process.off("exit", remove);
    remove();
    const show = options.json ? comparisonJson : comparisonTable;
    screen.out.write(show(comparison, screen.palette));
  }
  return comparison.entries.some(({ tally }) => tally.exitCode === 1) ? 1 : 0;
}

/** Few enough that the sequential engine, at a second each, does not try one's patience. */
const usualCount = 10;

async function measure(
  name: EngineName,
  codes: readonly string[],
  { maxRequests, meta }: CompareOptions,
  { site }: Source,
  path: string,
  screen: Screen,
): Promise<Comparison["entries"][number]> {
  const engine = await loadEngine(name);
  const folder = new OutputFolder(path);
  const plan = { codes, site, meta, folder: folder.path, maxRequests };
  const tally = new Tally();
  const timed = new TimedRun(engine, plan, tally, screen.err, screen.err);
  try {
    await timed.go();
  } finally {
    folder.close();
  }
  return { name, concurrency: engine.concurrency(plan), elapsed: timed.elapsed, tally };
}
