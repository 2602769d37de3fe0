/*
 * The report for programs, under `--json`. It stays silent until the end, so that standard output
 * holds one JSON object and nothing else, also when the run was stopped or given up.
 */
import type { Report } from "./report.ts";

/** One JSON object, printed at the end. Its keys are the interface to scripts: add, never rename. */
export function jsonReport(write: (text: string) => void): Report {
  return {
    begin() {},

    line({ code, status, file, cause }) {
      return [code, status, cause ?? file].filter(Boolean).join("  ");
    },

    end({ options, plan, tally }, { elapsed, isStopped, failure }) {
      const { server, engine, maxRequests, size, meta, seed } = options;
      const object = {
        server,
        url: plan.site.base,
        ...(server === "ERROR" ? { seed } : {}),
        engine,
        maxRequests,
        size,
        meta,
        output: plan.folder,
        elapsedMs: Math.round(elapsed),
        requested: plan.codes.length,
        counts: tally.counts,
        stopped: isStopped,
        ...(failure === undefined ? {} : { failure }),
        flags: tally.outcomes.toSorted((a, b) => (a.code < b.code ? -1 : 1)),
      };
      write(`${JSON.stringify(object, null, 2)}\n`);
    },
  };
}
