/*
 * A run of `ambit get`: hands what the lists say to the downloader, says what becomes of it, and
 * gives the exit code.
 *
 *     lists -> items -> runner -> results -> lines, JSON, tally -> summary
 *
 * However it ends (all done, stopped by a signal, a full disk, the first failure), the display is
 * taken away, the client closed and the summary said, in that order.
 */
import { CancelledError, isCancelled } from "../../core/errors.ts";
import type { Downloads } from "../../download/downloads.ts";
import { DiskError } from "../../download/errors.ts";
import type { DownloadItem } from "../../download/item.ts";
import type { DownloadResult } from "../../download/result.ts";
import { aclosing } from "../../flow/aclosing.ts";
import type { Streams } from "../streams.ts";
import { harmless } from "../terminalText.ts";
import type { GetOptions } from "./arguments.ts";
import { resumeCommand } from "./commandWords.ts";
import { Display } from "./display.ts";
import { JournalFile } from "./journalFile.ts";
import { ListError } from "./listItem.ts";
import type { Lists } from "./lists.ts";
import type { Planner } from "./plan.ts";
import { snapshotOf } from "./progress.ts";
import { rejectedResult, resultJson, resultLine } from "./resultLines.ts";
import type { Runner } from "./fileRunner.ts";
import { runnerFor } from "./runner.ts";
import { WorkersError } from "./spread/workersError.ts";
import { summaryLines } from "./summary.ts";
import { Tally } from "./tally.ts";

/** What is to be got, as it was found to be. */
export interface Job {
  readonly lists: Lists;
  readonly planner: Planner;
  /** How many files; null when nobody can know yet. */
  readonly total: number | null;
}

/** Why it ended before its end, and the exit code for that. */
interface Stop {
  readonly words: string;
  readonly code: number;
}

/** One run. */
export class Download {
  readonly #options: GetOptions;
  readonly #args: readonly string[];
  readonly #streams: Streams;
  readonly #job: Job;
  readonly #journal: JournalFile;
  readonly #tally = new Tally();
  /** How many were refused before the downloader saw them. */
  #rejected = 0;
  #display: Display | undefined;

  constructor(options: GetOptions, args: readonly string[], streams: Streams, job: Job) {
    this.#options = options;
    this.#args = args;
    this.#streams = streams;
    this.#job = job;
    this.#journal = new JournalFile(options);
  }

  /**
   * Downloads everything; returns the exit code.
   *
   * **Cancellation:** what is being downloaded is noted, the summary is said, the cancel passed on.
   *
   * @throws UsageError when another run writes the journal, or what was asked for makes no sense
   * @throws WorkersError when there is nobody to begin with
   */
  async go(): Promise<number> {
    this.#journal.open();
    try {
      const stop = await this.#work();
      const { failed } = this.#tally;
      if (stop === undefined && failed === 0) this.#journal.end();
      return stop?.code ?? (failed > 0 ? 1 : 0);
    } finally {
      this.#journal.close();
    }
  }

  async #work(): Promise<Stop | undefined> {
    this.#journal.begin();
    const runner = await runnerFor(this.#options, this.#journal.path);
    const run = runner.run(aclosing(this.#items()));
    const display = new Display(this.#streams, () => this.#snapshot(run), this.#showsProgress);
    this.#display = display;
    this.#begin();
    let ending: Stop | "all" | undefined;
    try {
      const stop = await this.#consume(run);
      ending = stop ?? "all";
      return stop;
    } catch (error) {
      const stop = stopOf(error);
      ending = stop;
      if (stop === undefined || isCancelled(error)) throw error;
      return stop;
    } finally {
      await display.close();
      await runner[Symbol.asyncDispose]();
      // After an error that nobody foresaw there is only that to be said.
      if (ending !== undefined) this.#end(display, runner, ending === "all" ? undefined : ending);
    }
  }

  async #consume(run: Downloads): Promise<Stop | undefined> {
    for await (const result of run) {
      this.#tell(result);
      if (result.outcome === "failed" && this.#options.failFast) {
        return { words: "Stopped at the first failure, as --fail-fast says", code: 1 };
      }
    }
    return undefined;
  }

  /** What the lists say, item by item, as the downloader asks for them. */
  async *#items(): AsyncGenerator<DownloadItem, undefined> {
    const { lists, planner } = this.#job;
    const listener = {
      warn: (text: string): void => this.#say(`ambit get: ${harmless(text)}`),
      reject: (error: ListError): void => this.#reject(error),
    };
    for await (const wanted of lists.items(listener)) {
      try {
        yield planner.plan(wanted).item;
      } catch (error) {
        if (!(error instanceof ListError)) throw error;
        this.#reject(error, wanted.url);
      }
    }
    return undefined;
  }

  #reject(error: ListError, url = ""): void {
    this.#rejected++;
    this.#tell(rejectedResult(url, error.message, "list"));
  }

  #begin(): void {
    const { resume } = this.#options;
    if (resume && !this.#journal.found) {
      this.#say(`ambit get: there is no journal at ${this.#journal.path}: all is begun anew`);
    }
  }

  #tell(result: DownloadResult | ReturnType<typeof rejectedResult>): void {
    this.#tally.add(result);
    const { json, words, workers } = this.#options;
    const isSpread = workers !== undefined;
    if (json) this.#streams.out.write(`${resultJson(result as DownloadResult, isSpread)}\n`);
    if (words === "verbose" || result.outcome === "failed") {
      const display = this.#display as Display;
      display.print(resultLine(result, display.look));
    }
  }

  #say(line: string): void {
    if (this.#options.words !== "quiet") this.#display?.print(line);
  }

  #end(display: Display, { directory }: Runner, stop: Stop | undefined): void {
    const { words, checksums, inputs } = this.#options;
    const tally = this.#tally;
    const isGood = stop === undefined && tally.failed === 0;
    if (words === "quiet" && isGood) return;
    const total = this.#job.total;
    const left = total === null ? null : total - tally.ended;
    const ending = {
      tally,
      elapsed: display.elapsed,
      directory,
      left,
      piped: inputs.includes("-"),
      ...(checksums === undefined
        ? {}
        : { unchecked: { count: this.#job.planner.unchecked, file: checksums } }),
      ...(stop === undefined ? {} : { stopped: stop.words }),
      ...(isGood ? {} : { next: resumeCommand(this.#args) }),
    };
    const { columns = 100 } = this.#streams.err;
    for (const line of summaryLines(ending, display.look, columns)) display.print(line);
  }

  #snapshot(run: Downloads): ReturnType<typeof snapshotOf> {
    return snapshotOf(run.progress.snapshot(), this.#job.total, this.#rejected);
  }

  get #showsProgress(): boolean {
    const { progress, words, json } = this.#options;
    // Lines of JSON on the same terminal would be painted over.
    return progress && words !== "quiet" && !(json && this.#streams.out.isTTY === true);
  }
}

/** What ended the run from outside of it; undefined for an error that nobody foresaw. */
function stopOf(error: unknown): Stop | undefined {
  if (error instanceof DiskError) {
    return { words: `Given up, for the disk takes no more: ${error.message}`, code: 3 };
  }
  if (error instanceof WorkersError) return { words: `Given up: ${error.message}`, code: 4 };
  if (!isCancelled(error)) return undefined;
  const signal = error instanceof CancelledError ? error.signal : undefined;
  return { words: signal === undefined ? "Interrupted" : `Interrupted by ${signal}`, code: 130 };
}
