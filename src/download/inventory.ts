/*
 * What there is of an item's file before anything is asked of a server.
 *
 * Strategy: the journal is believed where the disk agrees: a finished file that has its size (and the
 * item's checksum, if there is one) is done; a part is gone on from. A file that is complete under
 * its `.part` name was about to be renamed when an earlier run ended. About a file that no journal
 * knows, the options decide.
 */
import { Hashing } from "./checksum.ts";
import { Failure } from "./failure.ts";
import type { Job } from "./job.ts";
import {
  byPath,
  byUrl,
  type DoneRecord,
  type JournalRecord,
  type PartRecord,
} from "./journalRecord.ts";
import type { Rules } from "./options.ts";
import type { Shelf } from "./shelf.ts";
import { bytesIn, coverAll } from "./stretch.ts";

/** @internal */
export class Inventory {
  readonly #shelf: Shelf;
  readonly #rules: Rules;
  /** Nothing was there before, and nobody asks: a run without a journal spares all looks. */
  readonly #blind: boolean;

  constructor(shelf: Shelf, rules: Rules) {
    this.#shelf = shelf;
    this.#rules = rules;
    this.#blind = shelf.journal === null && rules.existing === "replace" && !rules.conditional;
  }

  /** What the journal tells of the item, or null. */
  recordOf(job: Job): JournalRecord | null {
    const { journal } = this.#shelf;
    if (journal === null) return null;
    const record = journal.find(job.path === null ? byUrl(job.url) : byPath(job.path));
    return record?.url === job.url ? record : null;
  }

  /**
   * Looks what there is; true when nothing has to be fetched. Otherwise the job knows what to go on
   * from, and on what condition.
   *
   * @param record what the journal tells; the job has a path
   * @throws Failure of kind `exists`
   */
  async isComplete(job: Job, record: JournalRecord | null): Promise<boolean> {
    if (this.#blind) return false;
    if (record?.state === "done" && (await this.#isDone(job, record)))
      return this.#rules.conditional ? this.#unlessChanged(job, record) : true;
    if (record?.state !== "done" && (await this.#isThere(job))) return true;
    if (record?.state === "part") this.#goOn(job, record);
    return false;
  }

  async #isDone(job: Job, record: DoneRecord): Promise<boolean> {
    const { path, size } = record;
    if (this.#shelf.stat(path, true)?.size === size) this.#shelf.finish(record);
    if (this.#shelf.stat(path, false)?.size !== size) return false;
    if (!(await this.#holds(job, path, size))) return false;
    job.received = job.length = size;
    job.etag = record.etag ?? null;
    job.sha256 ??= record.sha256;
    return true;
  }

  #unlessChanged(job: Job, { etag, modified }: DoneRecord): boolean {
    if (etag !== undefined) job.condition = { "if-none-match": etag };
    else if (modified !== undefined) job.condition = { "if-modified-since": modified };
    return false;
  }

  /** True when nothing can be there: others may have put it there meanwhile, where there are any. */
  #isFresh(path: string): boolean {
    return this.#shelf.locks === null && this.#shelf.folder.isFresh(path);
  }

  /** A file that no journal knows. */
  async #isThere(job: Job): Promise<boolean> {
    const { existing, conditional } = this.#rules;
    const path = job.path as string;
    if (this.#isFresh(path) || (existing === "replace" && !conditional)) return false;
    const found = this.#shelf.stat(path, false);
    if (existing === "fail" && this.#shelf.isTaken(path))
      throw new Failure("exists", `the file ${JSON.stringify(path)} is there already`);
    if (found === null || !(await this.#holds(job, path, found.size))) return false;
    if (existing === "skip") {
      job.received = job.length = found.size;
      return true;
    }
    if (conditional) job.condition = { "if-modified-since": new Date(found.mtimeMs).toUTCString() };
    return false;
  }

  /** Whether the file has the checksums of the item, if it has any. */
  async #holds(job: Job, path: string, size: number): Promise<boolean> {
    if (job.checksums.length === 0) return true;
    const hashing = new Hashing(job.checksums, false);
    await this.#shelf.hash(path, false, size, hashing);
    try {
      job.sha256 = hashing.finish();
      return true;
    } catch (error) {
      if (error instanceof Failure) return false;
      throw error;
    }
  }

  #goOn(job: Job, { path, validator, size, place: from, stretches }: PartRecord): void {
    const found = this.#shelf.stat(path, true);
    if (found === null) return;
    job.hasPart = true;
    const place = job.places.findIndex(({ href }) => href === from);
    if (place === -1 || found.size === 0 || (size !== null && found.size > size)) return;
    const partial = { url: from, validator, length: size };
    if (stretches !== undefined) {
      const all = stretches.map(([from, to, at]) => ({ from, to, at }));
      // What is noted down is on the disk, unless the machine failed: then the file is too short.
      const end = all.reduce((most, { at, from }) => (at > from ? Math.max(most, at) : most), 0);
      if (!coverAll(all, size) || found.size < end) return;
      job.stretches = all;
      job.received = bytesIn(all);
    } else job.received = found.size;
    job.partial = partial;
    job.length = size;
    job.place = place;
  }
}
