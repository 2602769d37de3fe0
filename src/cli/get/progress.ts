/*
 * How far a run is, from what the downloader tells and what the command knows besides: how long its
 * lists are, and what was refused before the downloader saw it.
 */
import type { DownloadSnapshot } from "../../download/progress.ts";
import { redact } from "../../http/redaction.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * The moment of a run.
 *
 * @param total how many files there will be; null when only the downloader may know
 * @param rejected how many were refused before
 */
export function snapshotOf(
  snapshot: DownloadSnapshot,
  total: number | null,
  rejected: number,
): Snapshot {
  const { done, skipped, failed, bytes, active } = snapshot;
  return {
    total: total ?? (snapshot.total === null ? null : snapshot.total + rejected),
    done,
    skipped,
    failed: failed + rejected,
    bytes,
    active: active.map((each) => ({
      name: each.path ?? redact(each.url),
      bytes: each.bytes,
      length: each.total,
      ...(each.attempt > 1 && each.bytes === 0 ? { note: `try ${each.attempt}` } : {}),
    })),
  };
}
