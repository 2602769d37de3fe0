/*
 * CPython's side: runs programs in pyodide, many per call.
 */
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";
import { toPython } from "./compile.ts";
import type { Program } from "./program.ts";

/** What one run came to. */
export interface Result {
  /** `who|time|place|what`, in order. */
  readonly log: readonly string[];
  /** The deliberate differences that the run touched. */
  readonly notes: readonly string[];
  readonly end: "done" | "Deadlock" | "TooLong";
  readonly time: number;
}

/** How to run it on CPython. */
export interface Schedule {
  /** Ambit's rules in place of CPython's, see harness.py. */
  readonly rules: boolean;
  /** Null: first come, first served; 0: last come, first served; else a random order. */
  readonly seed: number | null;
}

export class CPython {
  readonly #batch: (text: string) => string;
  readonly version: string;

  private constructor(batch: (text: string) => string, version: string) {
    this.#batch = batch;
    this.version = version;
  }

  static async start(): Promise<CPython> {
    // What is left of a program that was given up complains when it is collected.
    const python = await loadPyodide({ stdout: () => {}, stderr: () => {} });
    python.runPython(readFileSync(new URL("harness.py", import.meta.url), "utf8"));
    const version = python.runPython("sys.version.split()[0]") as string;
    return new CPython(python.globals["get"]("batch") as (text: string) => string, version);
  }

  /** The results of each program under each schedule. */
  run(programs: readonly Program[], schedules: readonly Schedule[]): Result[][] {
    // Compiling is what costs most, so one text serves all schedules.
    const request = programs.map((program) => ({
      source: toPython(program, true),
      runs: schedules,
    }));
    return JSON.parse(this.#batch(JSON.stringify(request))) as Result[][];
  }

  runOne(program: Program, schedule: Schedule): Result {
    return this.run([program], [schedule])[0]?.[0] as Result;
  }
}
