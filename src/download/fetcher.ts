/*
 * One attempt to get one file: a request, an answer, and what comes of it on the disk.
 *
 * Strategy: a small file (up to 64 KiB) is taken whole and saved in one go. A bigger one is written as
 * it comes, with its journal line first; how far it has come stays with the job, so that the next
 * attempt, or the next run, asks for the rest. One that is cut into stretches is fetched by
 * `Segments`.
 */
import type { ClientResponse } from "../http/response.ts";
import { getRunningLoop } from "../core/scope.ts";
import { answerOf, lengthOf, partialOf } from "./answer.ts";
import { Hashing } from "./checksum.ts";
import { Completion } from "./completion.ts";
import type { Equipment } from "./equipment.ts";
import { Failure } from "./failure.ts";
import { Intake } from "./intake.ts";
import type { Job } from "./job.ts";
import { partRecord } from "./journalRecord.ts";
import { PartFile } from "./partFile.ts";
import type { Partial } from "./partial.ts";
import { requestOptions } from "./requestOptions.ts";
import type { Place } from "./requestPlaces.ts";
import { isDivisible, Segments } from "./segments.ts";
import { stretchesOf } from "./stretch.ts";

/** Up to here a file is small. */
const SMALL = 64 * 1024;

/** Gives a job its path, when the answer has the name. @internal */
export type Namer = (job: Job, response: ClientResponse) => void;

/** @internal */
export class Fetcher {
  readonly #kit: Equipment;
  readonly #name: Namer;
  readonly #completion: Completion;

  constructor(kit: Equipment, name: Namer) {
    this.#kit = kit;
    this.#name = name;
    this.#completion = new Completion(kit);
  }

  /**
   * Fetches what is missing of the job's file, and gives that its name.
   *
   * @returns whether the file has changed; false for one that is skipped
   * @throws what the client or the file system throws, or a Failure
   */
  async fetch(job: Job): Promise<boolean> {
    if (job.stretches !== null) return this.#segmented(job, null, null);
    const { places } = this.#kit;
    if (places === null) return this.#fetchIn(null, job);
    const place = await places.enter(job.at.origin);
    try {
      return await this.#fetchIn(place, job);
    } finally {
      place.leave();
    }
  }

  async #fetchIn(place: Place | null, job: Job): Promise<boolean> {
    const { session } = this.#kit;
    let hashing = this.#hashing(job);
    const from = job.partial === null ? 0 : job.received;
    if (from > 0) {
      await this.#kit.shelf.hash(job.path as string, true, from, hashing);
      if (from === job.length) return this.#finished(job, hashing, null, null);
    }
    const response = await session.get(job.at, requestOptions(job, from, null));
    job.status = response.status;
    job.finalUrl = response.url;
    const answer = answerOf(response, job.partial, from, null, getRunningLoop().wallTime());
    if (answer === "unchanged") return this.#unchanged(job);
    job.etag = response.header("etag");
    if (answer === "rest") {
      job.resumed = from;
      return this.#stream(job, response, hashing, from, job.partial);
    }
    if (from > 0) hashing = this.#hashing(job);
    job.forget();
    return this.#whole(job, response, hashing, place);
  }

  #hashing({ checksums }: Job): Hashing {
    return new Hashing(checksums, this.#kit.rules.sha256);
  }

  #unchanged(job: Job): boolean {
    job.received = job.length = this.#kit.shelf.stat(job.path as string, false)?.size ?? 0;
    return false;
  }

  async #whole(
    job: Job,
    response: ClientResponse,
    hashing: Hashing,
    place: Place | null,
  ): Promise<boolean> {
    if (job.path === null) this.#name(job, response);
    const length = (job.length = lengthOf(response));
    if (length !== null) this.#expectSize(length, response);
    if (length !== null && length <= SMALL) {
      const bytes = await response.bytes();
      await this.#count(job, bytes.length);
      return this.#save(job, response, hashing, bytes);
    }
    const partial = partialOf(response, job.at.href, length, getRunningLoop().wallTime());
    if (length === null) return this.#unknown(job, response, hashing, partial);
    if (partial !== null && isDivisible(response, partial, this.#kit.rules)) {
      const { segments, segmentSize } = this.#kit.rules;
      job.partial = partial;
      job.stretches = stretchesOf(length, segments, segmentSize);
      return this.#segmented(job, response, place);
    }
    return this.#stream(job, response, hashing, 0, partial);
  }

  /** `response` is one that nobody else will release. */
  #expectSize(size: number, response: ClientResponse | null): void {
    const { maxSize } = this.#kit.rules;
    if (size <= maxSize) return;
    response?.release();
    throw new Failure("size", `its ${size} bytes are more than the ${maxSize} that are allowed`);
  }

  /** Nobody knows how much will come: it may turn out to be a small one. */
  async #unknown(
    job: Job,
    response: ClientResponse,
    hashing: Hashing,
    partial: Partial | null,
  ): Promise<boolean> {
    const first: Uint8Array[] = [];
    let size = 0;
    while (size <= SMALL) {
      const chunk = await response.read();
      if (chunk === null) {
        await this.#count(job, size);
        job.length = size;
        return this.#save(job, response, hashing, Buffer.concat(first, size));
      }
      first.push(chunk);
      size += chunk.length;
    }
    return this.#stream(job, response, hashing, 0, partial, first);
  }

  #save(job: Job, response: ClientResponse, hashing: Hashing, bytes: Uint8Array): true {
    this.#expectSize(bytes.length, null);
    this.#completion.save(job, hashing, bytes, response.header("last-modified"));
    return true;
  }

  async #count(job: Job, bytes: number): Promise<void> {
    job.received += bytes;
    this.#kit.progress.bytes += bytes;
    if (this.#kit.rate.limits) await this.#kit.rate.pay(bytes);
  }

  async #stream(
    job: Job,
    response: ClientResponse,
    hashing: Hashing,
    from: number,
    partial: Partial | null,
    first: readonly Uint8Array[] = [],
  ): Promise<boolean> {
    const { shelf } = this.#kit;
    const part = this.#open(job, response, from);
    job.partial = partial;
    if (from === 0 && partial !== null) shelf.journal?.append(partRecord(job, partial, null));
    try {
      await this.#write(job, response, hashing, part, from, first);
      return await this.#finished(job, hashing, part, response.header("last-modified"));
    } finally {
      response.release();
      part.close();
    }
  }

  async #write(
    job: Job,
    response: ClientResponse,
    hashing: Hashing,
    part: PartFile,
    from: number,
    first: readonly Uint8Array[],
  ): Promise<void> {
    const writer = part.writer(from);
    const intake = new Intake(this.#kit, job, writer);
    const push = (chunk: Uint8Array): boolean => {
      hashing.update(chunk);
      const full = intake.push(chunk);
      this.#expectSize(job.received, null);
      return full;
    };
    try {
      for (const chunk of first) if (push(chunk)) await intake.drain();
      await response.pour({ push, drain: () => intake.drain() });
    } finally {
      await writer.flush();
      job.received = writer.position;
    }
    if (job.length !== null && job.received !== job.length)
      throw new Failure("body", `${job.received} of its ${job.length} bytes came`, "again");
    job.length = job.received;
  }

  /** The place is the first answer's, which is the first stretch's. */
  async #segmented(job: Job, first: ClientResponse | null, place: Place | null): Promise<boolean> {
    const { shelf } = this.#kit;
    const path = job.path as string;
    job.resumed = job.received;
    const part = this.#open(job, first, null);
    try {
      await new Segments(this.#kit, job, part).fetch(first, place);
      job.received = job.length as number;
      const hashing = this.#hashing(job);
      if (hashing.wanted) await shelf.hash(path, true, job.received, hashing);
      const modified = first === null ? null : first.header("last-modified");
      return await this.#finished(job, hashing, part, modified);
    } finally {
      part.close();
    }
  }

  async #finished(
    job: Job,
    hashing: Hashing,
    part: PartFile | null,
    modified: string | null,
  ): Promise<true> {
    await this.#completion.finish(job, hashing, part, modified);
    return true;
  }

  /** Opens the part of a file; `keep` is how many bytes of it stay, null for all. */
  #open(job: Job, response: ClientResponse | null, keep: number | null): PartFile {
    try {
      const part = new PartFile(this.#kit.shelf.partPath(job.path as string), keep);
      job.hasPart = true;
      return part;
    } catch (error) {
      response?.release();
      throw error;
    }
  }
}
