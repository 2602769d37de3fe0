/*
 * Whether a failed job comes again, where it is asked for then, and after how long.
 *
 * Strategy: a place (the item's URL or a mirror) that has no such file is given up, the others are
 * asked in turn. The first round through all places has no pauses; then each round has a longer one.
 * What the server asks for by Retry-After holds for everything of that host.
 */
import type { Equipment } from "./equipment.ts";
import { Failure } from "./failure.ts";
import type { Job } from "./job.ts";
import type { DownloadErrorKind } from "./result.ts";
import { longestPause } from "./retryRules.ts";
import type { Schedule } from "./schedule.ts";

/** No server can do anything about these. */
const FINAL: ReadonlySet<DownloadErrorKind> = new Set(["disk", "duplicate", "exists", "name"]);

/** @internal */
export class Retrials {
  readonly #kit: Equipment;
  readonly #schedule: Schedule;

  constructor(kit: Equipment, schedule: Schedule) {
    this.#kit = kit;
    this.#schedule = schedule;
  }

  /** Has the job come again; or tells why not. */
  again(job: Job, failure: Failure): Failure | null {
    const { rules, budget, progress } = this.#kit;
    const { retry } = rules;
    if (FINAL.has(failure.kind)) return failure;
    if (failure.remedy === "afresh" || job.partial === null) this.#startAfresh(job);
    const isHopeless =
      failure.remedy === "none" || (failure.kind === "checksum" && ++job.mismatches > 1);
    if (isHopeless && job.places.length === 1) return failure;
    if (job.attempts >= retry.attempts) return failure;
    const wait = failure.wait ?? 0;
    if (wait > retry.maxRetryAfter && job.places.length === 1) return failure;
    if (!budget.take()) return exhausted(failure);
    if (wait > 0) this.#schedule.pause(job.at.origin, Math.min(wait, retry.maxRetryAfter));
    progress.retries++;
    this.#schedule.again(job, this.#nextPlace(job, isHopeless, wait));
    return null;
  }

  /** Goes on to the next place; gives how long to wait before. */
  #nextPlace(job: Job, isHopeless: boolean, wait: number): number {
    const { retry, random } = this.#kit.rules;
    const before = job.at.href;
    if (isHopeless) job.places.splice(job.place, 1);
    else job.place++;
    job.place %= job.places.length;
    if (job.partial !== null && job.partial.url !== job.at.href) this.#startAfresh(job);
    if (job.at.href !== before && job.attempts < job.places.length) return 0;
    const round = Math.ceil(job.attempts / job.places.length);
    return wait > 0 ? wait : longestPause(retry, round) * random();
  }

  #startAfresh(job: Job): void {
    job.forget();
    if (job.hasPart && job.path !== null) this.#kit.shelf.discard(job.path);
    job.hasPart = false;
  }
}

function exhausted(failure: Failure): Failure {
  const words = `${failure.message} (and the run has no retries left)`;
  return new Failure(failure.kind, words, "none", null, failure.cause);
}
