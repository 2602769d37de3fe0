/*
 * The engine of a run: takes up one job after another, in as many lanes as there are.
 *
 * A job ends with a result, comes again after a pause, or stops the run, when the disk is to blame.
 * The engine opens what the run holds (folder, journal, client) with the first job, and closes it after the
 * last.
 */
import { isCancelled } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import { contentDispositionOf } from "../http/contentDisposition.ts";
import type { ClientResponse } from "../http/response.ts";
import { ClientSession } from "../http/session.ts";
import { costOf } from "./byteRate.ts";
import { clientFailure } from "./clientFailure.ts";
import { diskFailure } from "./diskFailure.ts";
import { DiskError } from "./errors.ts";
import { Failure } from "./failure.ts";
import { Fetcher } from "./fetcher.ts";
import { Inventory } from "./inventory.ts";
import type { Job } from "./job.ts";
import { openFolder, openJournal } from "./openings.ts";
import type { Rules } from "./options.ts";
import { PartLocks } from "./partLocks.ts";
import type { DownloadProgress } from "./progress.ts";
import { Reservations } from "./reservations.ts";
import { RequestPlaces } from "./requestPlaces.ts";
import type { DownloadResult } from "./result.ts";
import { Retrials } from "./retrials.ts";
import { RetryBudget } from "./retryRules.ts";
import { checkedPath } from "./safeName.ts";
import type { Holdings, Schedule } from "./schedule.ts";
import { Shelf } from "./shelf.ts";
import { Stop } from "./stop.ts";

/** Between two pieces of an answer, in milliseconds; there is no limit on the whole. */
const PATIENCE = 60_000;

/** @internal */
export class Engine implements Holdings {
  readonly #rules: Rules;
  readonly #progress: DownloadProgress;
  readonly #budget: RetryBudget;
  /** Looks at all items before anything is asked for, if they can be looked at. */
  readonly #survey: ((reservations: Reservations) => void) | null;
  #schedule!: Schedule;
  #session!: ClientSession;
  #shelf!: Shelf;
  #inventory!: Inventory;
  #fetcher!: Fetcher;
  #retrials!: Retrials;
  #reserved!: Reservations;

  constructor(
    rules: Rules,
    progress: DownloadProgress,
    survey: ((reservations: Reservations) => void) | null,
  ) {
    this.#rules = rules;
    this.#progress = progress;
    this.#budget = new RetryBudget(rules.retry.budget);
    this.#survey = survey;
  }

  /** The schedule that its jobs come from. */
  attach(schedule: Schedule): void {
    this.#schedule = schedule;
  }

  open(): void {
    const rules = this.#rules;
    const folder = openFolder(rules);
    this.#reserved = new Reservations(folder.ignoresCase);
    this.#survey?.(new Reservations(folder.ignoresCase));
    const journal = openJournal(rules);
    const locks = rules.sharedFolder ? new PartLocks(folder) : null;
    this.#shelf = new Shelf(folder, journal, locks, rules.durable);
    this.#inventory = new Inventory(this.#shelf, rules);
    const places = rules.segments === 1 ? null : RequestPlaces.of(rules);
    this.#session = rules.session ?? ownSession(rules);
    const kit = {
      session: this.#session,
      shelf: this.#shelf,
      rules,
      rate: costOf(rules.limitRate),
      budget: this.#budget,
      progress: this.#progress,
      places,
    };
    this.#retrials = new Retrials(kit, this.#schedule);
    this.#fetcher = new Fetcher(kit, (job, response) => this.#nameByAnswer(job, response));
    this.#progress.begin(getRunningLoop());
  }

  async close(): Promise<void> {
    this.#progress.end();
    try {
      this.#shelf.journal?.close();
    } finally {
      if (this.#rules.session === null) await this.#session.close();
    }
  }

  async abandon(job: Job): Promise<void> {
    this.#keepOrDiscard(job);
    await this.#unlock(job);
  }

  /** Works on a job; null when it comes again later. */
  async work(job: Job): Promise<DownloadResult | null> {
    const { origin } = job;
    let comesAgain = false;
    this.#schedule.begin(job);
    this.#progress.active.add(job);
    try {
      return await this.#try(job);
    } catch (error) {
      const result = this.#failed(job, error);
      comesAgain = result === null;
      return result;
    } finally {
      if (!comesAgain && job.hasLock) await this.#unlock(job);
      this.#progress.active.delete(job);
      this.#schedule.release(origin);
    }
  }

  async #lock(job: Job): Promise<void> {
    job.hasLock = true;
    await this.#shelf.locks?.take(job.path as string);
  }

  async #unlock(job: Job): Promise<void> {
    if (!job.hasLock) return;
    job.hasLock = false;
    await this.#shelf.locks?.giveBack(job.path as string);
  }

  async #try(job: Job): Promise<DownloadResult> {
    if (job.refusal !== null) throw job.refusal;
    if (job.began !== job.began && (await this.#isComplete(job)))
      return this.#ended(job, "skipped");
    if (job.began !== job.began) job.began = getRunningLoop().time();
    job.attempts++;
    const hasChanged = await this.#fetcher.fetch(job);
    return this.#ended(job, hasChanged ? "done" : "skipped");
  }

  /** Plans the job; true when nothing has to be fetched. */
  async #isComplete(job: Job): Promise<boolean> {
    const { name } = this.#rules;
    let record = null;
    if (job.output !== null) job.path = checkedPath(job.output);
    else if (!name.asksServer) job.path = name.path(job.at, job.index);
    else {
      job.named = true;
      record = this.#inventory.recordOf(job);
      if (record !== null) job.path = record.path;
    }
    if (job.path === null) return false;
    this.#reserve(job.path);
    if (this.#rules.sharedFolder) await this.#lock(job);
    record ??= this.#inventory.recordOf(job);
    return this.#inventory.isComplete(job, record);
  }

  #reserve(path: string): void {
    if (this.#reserved.take(path)) return;
    throw new Failure("duplicate", `another item has the output ${JSON.stringify(path)}`);
  }

  #nameByAnswer(job: Job, response: ClientResponse): void {
    try {
      const given = contentDispositionOf(response.header("content-disposition") ?? undefined);
      const path = this.#rules.name.path(job.at, job.index, given?.filename ?? null);
      this.#reserve(path);
      if (this.#rules.existing !== "replace" && this.#shelf.isTaken(path))
        throw new Failure("exists", `the file ${JSON.stringify(path)} is there already`);
      job.path = path;
    } catch (error) {
      response.release();
      throw error;
    }
  }

  #ended(job: Job, outcome: "done" | "skipped"): DownloadResult {
    if (outcome === "done") {
      this.#budget.earn();
      this.#progress.done++;
      this.#progress.finishedBytes += job.received;
    } else this.#progress.skipped++;
    return this.#result(job, outcome, null);
  }

  #result(job: Job, outcome: DownloadResult["outcome"], failure: Failure | null): DownloadResult {
    const path = job.path === null ? null : this.#shelf.folder.shown(job.path);
    return job.result(path, getRunningLoop().time(), outcome, failure);
  }

  #failed(job: Job, error: unknown): DownloadResult | null {
    if (isCancelled(error)) {
      this.#keepOrDiscard(job);
      throw error;
    }
    let failure = failureOf(error, job);
    if (failure.remedy !== "none" || job.places.length > 1) {
      const refused = this.#retrials.again(job, failure);
      if (refused === null) return null;
      failure = refused;
    }
    this.#keepOrDiscard(job);
    this.#progress.failed++;
    const result = this.#result(job, "failed", failure);
    if (failure.kind !== "disk") return result;
    throw new Stop(result, new DiskError(failure.message, failure.cause));
  }

  /** A part is kept only if another run can make something of it. */
  #keepOrDiscard(job: Job): void {
    if (!job.hasPart || job.path === null) return;
    if (this.#shelf.journal === null || job.partial === null) this.#shelf.discard(job.path);
  }
}

/** Errors of the file system have a system call to their name; those of sockets came as a ClientError. */
function failureOf(error: unknown, job: Job): Failure {
  if (error instanceof Error && "syscall" in error) return diskFailure(error, job.path ?? job.url);
  return clientFailure(error);
}

/** How many requests there are is counted here, so that those who wait are not on its clock. */
function ownSession({ concurrency, segments }: Rules): ClientSession {
  return new ClientSession({
    limit: Math.max(concurrency, segments),
    limitPerHost: 0,
    decompress: false,
    timeout: { total: Infinity, socketRead: PATIENCE },
  });
}
