/*
 * One big file in several stretches at a time, each by a request of its own, all into one file.
 *
 * Only of a file whose server tells its length and a strong ETag and takes ranges: each answer must
 * bring just the bytes that were asked for, of the same ETag. If one brings the whole file instead,
 * that has changed, or the server has no ranges after all: it is started afresh.
 * Strategy: the answer that told all this is the first stretch's; its connection is closed where that
 * stretch ends. A stretch that fails is tried again by itself, from where it was; how far each has
 * come is in the journal, at every 16 MiB and however the run ends.
 */
import { isCancelled } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { taskGroup } from "../core/taskGroup.ts";
import type { ClientResponse } from "../http/response.ts";
import { answerOf } from "./answer.ts";
import { clientFailure } from "./clientFailure.ts";
import { Failure } from "./failure.ts";
import type { Equipment } from "./equipment.ts";
import { Intake } from "./intake.ts";
import type { Job } from "./job.ts";
import { partRecord } from "./journalRecord.ts";
import type { Rules } from "./options.ts";
import type { PartFile, PartWriter } from "./partFile.ts";
import { isStrong, type Partial } from "./partial.ts";
import { requestOptions } from "./requestOptions.ts";
import type { Place } from "./requestPlaces.ts";
import { longestPause } from "./retryRules.ts";
import type { Stretch } from "./stretch.ts";

/** How many bytes may come before it is noted down how far a file is. */
const NOTED = 16 * 1024 * 1024;

/** Whether the file is big enough, and the server gives parts of it. @internal */
export function isDivisible(
  response: ClientResponse,
  { length, validator }: Partial,
  { segments, segmentSize }: Rules,
): boolean {
  if (segments === 1 || length === null || length < 2 * segmentSize) return false;
  return isStrong(validator) && response.header("accept-ranges")?.toLowerCase() === "bytes";
}

/** @internal */
export class Segments {
  readonly #kit: Equipment;
  readonly #job: Job;
  readonly #part: PartFile;
  readonly #partial: Partial;
  readonly #stretches: readonly Stretch[];
  #unnoted = 0;

  constructor(kit: Equipment, job: Job, part: PartFile) {
    this.#kit = kit;
    this.#job = job;
    this.#part = part;
    this.#partial = job.partial as Partial;
    this.#stretches = job.stretches as Stretch[];
  }

  /**
   * Fetches what is missing; `first` is an answer that begins where the first stretch does, `place`
   * the one that it takes up.
   */
  async fetch(first: ClientResponse | null, place: Place | null): Promise<void> {
    let answer = first;
    this.#note();
    try {
      await taskGroup(async (group) => {
        for (const stretch of this.#stretches) {
          const given = answer;
          answer = null;
          if (stretch.at < stretch.to)
            group.spawn(() => this.#fetchStretch(stretch, given, given === null ? null : place), {
              name: "segment",
            });
        }
      });
    } finally {
      first?.release();
      this.#note();
    }
    // A group does not mind that one of its tasks alone was cancelled.
    if (this.#stretches.some(({ at, to }) => at < to))
      throw new Failure("body", "a segment was given up while it was fetched", "again");
  }

  /** Writes down how far each has come. */
  #note(): void {
    this.#unnoted = 0;
    this.#kit.shelf.journal?.append(partRecord(this.#job, this.#partial, this.#stretches));
  }

  async #fetchStretch(
    stretch: Stretch,
    first: ClientResponse | null,
    firstPlace: Place | null,
  ): Promise<void> {
    const { attempts } = this.#kit.rules.retry;
    let answer = first;
    let place = firstPlace;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#fetchOnce(stretch, answer, place);
      } catch (error) {
        if (isCancelled(error) || (error as NodeJS.ErrnoException).syscall !== undefined)
          throw error;
        const failure = clientFailure(error);
        if (failure.remedy !== "again" || attempt >= attempts) throw failure;
        await this.#pause(failure, attempt);
      }
      answer = place = null;
    }
  }

  async #fetchOnce(
    stretch: Stretch,
    answer: ClientResponse | null,
    given: Place | null,
  ): Promise<void> {
    const { places } = this.#kit;
    const place = given ?? (await places?.enter(new URL(this.#partial.url).origin));
    try {
      await this.#take(stretch, answer ?? (await this.#ask(stretch)));
    } finally {
      place?.leave();
    }
  }

  async #pause(failure: Failure, attempt: number): Promise<void> {
    const { rules, budget, progress } = this.#kit;
    const wait = failure.wait ?? 0;
    if (wait > rules.retry.maxRetryAfter || !budget.take()) throw failure;
    progress.retries++;
    await sleep(wait > 0 ? wait : longestPause(rules.retry, attempt) * rules.random());
  }

  async #ask({ at, to }: Stretch): Promise<ClientResponse> {
    const options = requestOptions(this.#job, at, to);
    const response = await this.#kit.session.get(this.#partial.url, options);
    const meaning = answerOf(response, this.#partial, at, to, getRunningLoop().wallTime());
    if (meaning === "rest") return response;
    response.release();
    throw new Failure("body", "the file has changed while it was fetched in segments", "afresh");
  }

  async #take(stretch: Stretch, response: ClientResponse): Promise<void> {
    const writer = this.#part.writer(stretch.at);
    try {
      await this.#copy(stretch, response, writer);
    } finally {
      response.release();
      const before = stretch.at;
      await writer.flush();
      stretch.at = writer.position;
      this.#unnoted += stretch.at - before;
    }
    if (stretch.at < stretch.to)
      throw new Failure(
        "body",
        `a segment ended after ${stretch.at - stretch.from} bytes`,
        "again",
      );
    this.#note();
  }

  async #copy(stretch: Stretch, response: ClientResponse, writer: PartWriter): Promise<void> {
    const intake = new Intake(this.#kit, this.#job, writer);
    let missing = stretch.to - stretch.at;
    let excess = false;
    const push = (chunk: Uint8Array): boolean => {
      excess = chunk.length > missing;
      const wanted = excess ? chunk.subarray(0, missing) : chunk;
      missing -= wanted.length;
      const full = intake.push(wanted);
      this.#progressed(stretch, writer);
      return full || excess;
    };
    // More than was asked for is not read to its end.
    const drain = async (): Promise<boolean> => (await intake.drain()) && !excess;
    await response.pour({ push, drain });
  }

  #progressed(stretch: Stretch, writer: PartWriter): void {
    this.#unnoted += writer.position - stretch.at;
    stretch.at = writer.position;
    if (this.#unnoted >= NOTED) this.#note();
  }
}
