/*
 * What a run with `--workers` has got, noted on the machine that asked: a line of JSON for each file, after a first line that
 * says what it is. `--resume` reads it, and does not ask for those files again.
 *
 * A line that a crash has cut off counts for nothing. What of a file had come when a run was stopped is not kept: the next run
 * may give it to another machine.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import type { SpreadResult } from "./fileOrder.ts";

/** What each begins with. */
const FIRST_LINE = '{"journal":"ambit get --workers","version":1}';

/** What is noted of a file; all that a result says. */
interface Line {
  readonly output: string;
  readonly result: SpreadResult;
}

/** The journal of one run. */
export class SpreadJournal {
  readonly #known = new Map<string, SpreadResult>();
  readonly #file: number;

  /** Reads what is there, and is ready to add to it. */
  constructor(path: string) {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    this.#read(text);
    const isNew = text === "";
    this.#file = openSync(path, "a");
    // Also after a line that was cut off.
    writeSync(this.#file, isNew ? `${FIRST_LINE}\n` : "\n");
  }

  #read(text: string): void {
    for (const line of text.split("\n")) {
      const { output, result } = parsed(line);
      if (output !== undefined && result !== undefined)
        this.#known.set(keyOf(result.url, output), result);
    }
  }

  /** The result of a file that an earlier run has got. */
  find(url: string, output = ""): SpreadResult | undefined {
    const result = this.#known.get(keyOf(url, output));
    return result && { ...result, outcome: "skipped", ms: 0, attempts: 0 };
  }

  note(result: SpreadResult, output = ""): void {
    writeSync(this.#file, `${JSON.stringify({ output, result } satisfies Line)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function keyOf(url: string, output: string): string {
  return `${url}\n${output}`;
}

function parsed(line: string): Partial<Line> {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return {};
  }
}
