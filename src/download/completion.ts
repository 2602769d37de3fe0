/*
 * A file that has come whole: checked, dated, noted down, and given its name.
 */
import { getRunningLoop } from "../core/scope.ts";
import { httpDate } from "../http/retryAfter.ts";
import type { Hashing } from "./checksum.ts";
import type { Equipment } from "./equipment.ts";
import type { Job } from "./job.ts";
import { doneRecord } from "./journalRecord.ts";
import type { PartFile } from "./partFile.ts";

/** @internal */
export class Completion {
  readonly #kit: Equipment;

  constructor(kit: Equipment) {
    this.#kit = kit;
  }

  /**
   * A small one, which is not on the disk yet.
   *
   * @param modified the answer's Last-Modified
   */
  save(job: Job, hashing: Hashing, bytes: Uint8Array, modified: string | null): void {
    hashing.update(bytes);
    job.sha256 = hashing.finish();
    const { shelf, rules } = this.#kit;
    if (!rules.lastModified) return shelf.save(doneRecord(job, modified), bytes, null, 0);
    const now = getRunningLoop().wallTime();
    shelf.save(doneRecord(job, modified), bytes, timeOf(modified, now), now);
  }

  /** One that is on the disk as a part, open or not. */
  async finish(
    job: Job,
    hashing: Hashing,
    part: PartFile | null,
    modified: string | null,
  ): Promise<void> {
    const { shelf, rules } = this.#kit;
    job.sha256 = hashing.finish();
    const now = getRunningLoop().wallTime();
    const time = rules.lastModified ? timeOf(modified, now) : null;
    if (time !== null) part?.setTime(time, now);
    if (rules.durable) await part?.sync();
    shelf.finish(doneRecord(job, modified));
    job.hasPart = false;
  }
}

function timeOf(modified: string | null, now: number): number | null {
  return modified === null ? null : httpDate(modified, now);
}
