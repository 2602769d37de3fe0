/*
 * What became of a run's files: counts, and one example of each kind of failure. It keeps nothing
 * that grows with the list.
 */
import type { DownloadResult } from "../../download/result.ts";
import { redact } from "../../http/redaction.ts";

/** What has to be known of a file's end; a {@link DownloadResult} fits. */
export interface Ended {
  readonly url: string;
  readonly status: number;
  readonly bytes: number;
  readonly resumed: number;
  readonly outcome: DownloadResult["outcome"];
  readonly error?: { readonly kind: string; readonly message: string };
}

/** Failures of one kind. */
export interface FailureCount {
  /** Such as `http 404`, `timeout`. */
  readonly kind: string;
  count: number;
  /** In words, of the first of them. */
  readonly example: string;
}

/** Counts results. */
export class Tally {
  done = 0;
  skipped = 0;
  failed = 0;
  /** Bytes that came in this run, of files that are there now. */
  bytes = 0;
  readonly #kinds = new Map<string, FailureCount>();

  add(result: Ended): void {
    if (result.outcome === "skipped") this.skipped++;
    else if (result.outcome === "done") {
      this.done++;
      this.bytes += result.bytes - result.resumed;
    } else this.#addFailure(result);
  }

  /** The kinds of failures, the most frequent first. */
  get failures(): readonly FailureCount[] {
    return [...this.#kinds.values()].sort((a, b) => b.count - a.count);
  }

  get ended(): number {
    return this.done + this.skipped + this.failed;
  }

  #addFailure(result: Ended): void {
    this.failed++;
    const kind = kindOf(result);
    const known = this.#kinds.get(kind);
    if (known !== undefined) known.count++;
    else this.#kinds.set(kind, { kind, count: 1, example: failureInWords(result) });
  }
}

/** The kind of a failure, with the status where that is the reason. */
export function kindOf({ error, status }: Ended): string {
  if (error === undefined) return "";
  return error.kind === "http" ? `http ${status}` : error.kind;
}

/** Why a file failed, with its URL; secrets are masked, nothing is harmless yet. */
export function failureInWords({ url, error }: Ended): string {
  const words = error?.message ?? "";
  // Where a line of a list stands is in its message.
  if (error?.kind === "list") return words;
  // The client's messages begin with the method and the URL, others say nothing of it.
  return /\bhttps?:\/\//.test(words.slice(0, 40)) ? words : `${masked(url)}: ${words}`;
}

function masked(url: string): string {
  return redact(url.length > 500 ? `${url.slice(0, 497)}...` : url);
}
