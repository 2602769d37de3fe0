/*
 * How the result of `flags compare` looks: a table for people, an object for programs. The speed-up is
 * the first engine's time divided by an engine's own.
 */
import type { Palette } from "./palette.ts";
import type { Tally } from "./tally.ts";
import { extent, seconds } from "./words.ts";

/** What each engine took for the same flags; the first is what the others are measured by. */
export interface Comparison {
  readonly codes: readonly string[];
  readonly maxRequests: number;
  readonly entries: {
    readonly name: string;
    readonly concurrency: number;
    readonly elapsed: number;
    readonly tally: Tally;
  }[];
}

/** The comparison as a table for people. */
export function comparisonTable(comparison: Comparison, { strong, bad }: Palette): string {
  const { codes, entries } = comparison;
  if (entries.length === 0) return "Stopped before there was anything to compare\n";
  const head = [
    "engine".padEnd(14),
    "at a time",
    "     time",
    "speed-up",
    "   ok",
    "not found",
    "errors",
  ];
  const rows = entries.map(({ name, concurrency, elapsed, tally: { counts } }) =>
    [
      name.padEnd(14),
      String(concurrency).padStart(9),
      seconds(elapsed).padStart(9),
      `${speedUp(comparison, elapsed).toFixed(1)}x`.padStart(8),
      String(counts.ok).padStart(5),
      String(counts["not found"]).padStart(9),
      (counts.error > 0 ? bad : String)(String(counts.error).padStart(6)),
    ].join("  "),
  );
  const title = `${extent(codes)}, from a server that takes a second for each`;
  return `${[title, "", strong(head.join("  ")), ...rows].join("\n")}\n`;
}

/** The comparison as a JSON object for programs. */
export function comparisonJson(comparison: Comparison): string {
  const engines = comparison.entries.map(({ name, concurrency, elapsed, tally }) => ({
    engine: name,
    concurrency,
    elapsedMs: Math.round(elapsed),
    speedUp: Number(speedUp(comparison, elapsed).toFixed(2)),
    counts: tally.counts,
  }));
  const { codes, maxRequests } = comparison;
  return `${JSON.stringify({ server: "DELAY", codes, maxRequests, engines }, null, 2)}\n`;
}

function speedUp({ entries }: Comparison, elapsed: number): number {
  return (entries[0]?.elapsed ?? elapsed) / elapsed;
}
