/*
 * The files of a run, spread over workers: as an iterator of results, like that of `downloadAll`.
 *
 * Strategy: whose turn it is is told by the downloader's own schedule, so `--jobs` and `--per-host` count files on all machines
 * together. A lane hands its file to the queue and waits for the result; how far it is is heard meanwhile. What an earlier
 * run had is known from the journal, and not asked for again.
 */
import type { DistributedExecutor } from "../../../distributed/distributedExecutor.ts";
import { CallLostError, DistributedError } from "../../../distributed/errors.ts";
import { DiskError } from "../../../download/errors.ts";
import type { DownloadItem } from "../../../download/item.ts";
import { Downloads } from "../../../download/downloads.ts";
import type { Job } from "../../../download/job.ts";
import { DownloadProgress } from "../../../download/progress.ts";
import type { DownloadResult } from "../../../download/result.ts";
import { type Holdings, Schedule } from "../../../download/schedule.ts";
import { Stop } from "../../../download/stop.ts";
import { getRunningLoop } from "../../../core/scope.ts";
import { mapConcurrent } from "../../../flow/mapConcurrent.ts";
import { task } from "../../../futures/reference.ts";
import {
  FILE_TASK,
  FILE_VERSION,
  type FileOrder,
  type FileProgress,
  type FileResult,
  type Manner,
  type SpreadResult,
} from "./fileOrder.ts";
import type { SpreadJournal } from "./spreadJournal.ts";
import { WorkersError } from "./workersError.ts";

/** What a run needs besides its files. */
export interface SpreadOptions {
  readonly jobs: number;
  readonly perHost: number;
  readonly manner: Manner;
  readonly executor: DistributedExecutor;
  readonly journal: SpreadJournal;
}

/**
 * Begins when first asked for a result.
 *
 * **Cancellation:** of who asks, or leaving the loop: files that wait are taken out of the queue, and the workers stop those
 * that they have.
 *
 * @throws {@link WorkersError} when Redis or the workers are lost
 * @throws DiskError after the result of a file that the disk of its worker did not take
 */
export function spread(items: AsyncIterable<DownloadItem>, options: SpreadOptions): Downloads {
  const { jobs, perHost } = options;
  const progress = new DownloadProgress(null);
  const lanes = new Lanes(options, progress);
  const schedule = new Schedule(lanes.noted(items), lanes, jobs, perHost, progress);
  const work = (job: Job): Promise<DownloadResult> => lanes.work(job, schedule);
  return new Downloads(mapConcurrent(schedule, work, { limit: jobs, ordered: false }), progress);
}

class Lanes implements Holdings {
  readonly #options: SpreadOptions;
  readonly #progress: DownloadProgress;
  readonly #task = askedFile();
  /** What was read and is not begun, by its place in the list. */
  readonly #items = new Map<number, DownloadItem>();

  constructor(options: SpreadOptions, progress: DownloadProgress) {
    this.#options = options;
    this.#progress = progress;
  }

  async *noted(items: AsyncIterable<DownloadItem>): AsyncGenerator<DownloadItem, undefined> {
    let index = 0;
    for await (const item of items) {
      this.#items.set(index++, item);
      yield item;
    }
    return undefined;
  }

  open(): void {
    this.#progress.begin(getRunningLoop());
  }

  async close(): Promise<void> {
    this.#progress.end();
  }

  /** None comes again: it is the workers that try again. */
  abandon(): void {}

  async work(job: Job, schedule: Schedule): Promise<DownloadResult> {
    const { origin } = job;
    const progress = this.#progress;
    schedule.begin(job);
    progress.active.add(job);
    try {
      const result = await this.#fetch(job);
      this.#count(job, result);
      stopByDisk(result);
      return result;
    } finally {
      progress.active.delete(job);
      schedule.release(origin);
    }
  }

  async #fetch(job: Job): Promise<SpreadResult> {
    const item = this.#items.get(job.index) as DownloadItem;
    this.#items.delete(job.index);
    const { executor, manner, journal } = this.#options;
    const url = String(item.url);
    job.path = item.output ?? null;
    const known = journal.find(url, item.output);
    if (known !== undefined) return known;
    const onProgress = (told: unknown): void => this.#hear(job, told as FileProgress);
    const order = { item: { ...item, url }, manner };
    const asked = executor.with({ onProgress }).submit(this.#task, order);
    const result = await resultOf(asked, job);
    if (result.outcome !== "failed") journal.note(result, item.output);
    return result;
  }

  #hear(job: Job, { bytes, total, attempt }: FileProgress): void {
    this.#progress.bytes += Math.max(0, bytes - job.received);
    job.received = bytes;
    job.length = total;
    job.attempts = attempt;
  }

  #count(job: Job, { outcome, bytes }: SpreadResult): void {
    const progress = this.#progress;
    progress[outcome]++;
    if (outcome !== "done") return;
    progress.bytes += Math.max(0, bytes - job.received);
    progress.finishedBytes += bytes;
  }
}

/** Stands for the function of the workers, where files are asked for; named only there, for a worker has the real one. */
function askedFile(): (order: FileOrder) => FileResult {
  const onWorkers = (_: FileOrder): FileResult => {
    throw new Error("it runs on workers: `ambit worker --get DIR`");
  };
  return task(FILE_TASK, onWorkers, { version: FILE_VERSION });
}

/** A file that was lost with its workers has failed; without Redis or workers nothing goes on. */
async function resultOf(asked: PromiseLike<FileResult>, job: Job): Promise<SpreadResult> {
  try {
    const { result, worker } = await asked;
    return { ...result, worker };
  } catch (error) {
    if (!(error instanceof DistributedError)) throw error;
    const message = inWords(error);
    if (!(error instanceof CallLostError)) throw new WorkersError(message);
    const { url, attempts } = job;
    const none = { finalUrl: url, path: null, status: 0, bytes: 0, ms: 0, resumed: 0 };
    const why = { kind: "other", message } as const;
    return { url, ...none, attempts, outcome: "failed", error: why, worker: null };
  }
}

/** Without what the task is called, and in one line. */
function inWords({ message }: Error): string {
  const [line = ""] = message.replace(/^'[^']*':? /, "").split("\n");
  return line.replace("`ambit worker`", "`ambit worker --get DIR --redis URL`");
}

/** A worker whose disk is full would have the whole list fail, since it is done with its files first. */
function stopByDisk(result: SpreadResult): void {
  if (result.error?.kind !== "disk") return;
  const { message } = result.error;
  throw new Stop(result, new DiskError(`that of ${result.worker}: ${message}`, undefined));
}
