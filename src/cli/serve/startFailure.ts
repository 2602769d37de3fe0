/*
 * StartFailure: a worker that did not start, and why.
 */
import { exitInWords, type StartTrouble, type WorkerProcess } from "./workerProcess.ts";

/** A worker that did not start. */
export class StartFailure extends Error implements StartTrouble {
  override readonly name = "StartFailure";
  /** What happened, in one line. */
  readonly line: string;
  /** All that is known of it. */
  readonly detail: string;
  /** Whether the command line is to blame. */
  readonly usage: boolean;

  constructor({ line, detail, usage }: StartTrouble) {
    super(line);
    this.line = line;
    this.detail = detail;
    this.usage = usage;
  }

  static of({ trouble, exit }: WorkerProcess): StartFailure {
    if (trouble !== null) return new StartFailure(trouble);
    const how = exit === null ? "" : ` with ${exitInWords(exit)}`;
    const line = `the process ended${how} before it was ready`;
    return new StartFailure({ line, detail: "", usage: false });
  }

  static tooSlow(_: WorkerProcess, timeout: number): StartFailure {
    const line = `it was not ready within ${timeout} ms (--start-timeout)`;
    return new StartFailure({ line, detail: "", usage: false });
  }
}
