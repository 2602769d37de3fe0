/*
 * What is said of one file when it has ended: a line for people, a line of JSON for programs.
 */
import type { DownloadResult } from "../../download/result.ts";
import { bytesInWords, elapsedInWords } from "../quantities.ts";
import { harmless } from "../terminalText.ts";
import type { Look } from "./progressLines.ts";
import { type Ended, failureInWords, kindOf } from "./tally.ts";

/** A file that has ended, for people. */
export function resultLine(
  result: Ended & { readonly path?: string | null; readonly ms?: number },
  look: Look,
): string {
  const { ink } = look;
  const { outcome, bytes, resumed, ms = 0 } = result;
  if (outcome === "failed") {
    return `${ink.alarm("failed")}  ${kindOf(result).padEnd(8)}  ${harmless(failureInWords(result))}`;
  }
  const path = harmless(result.path ?? "");
  if (outcome === "skipped") return `${ink.place("kept  ")}  ${path}`;
  const on = resumed > 0 ? `, of which ${bytesInWords(resumed)} were there` : "";
  return `${ink.good("done  ")}  ${path}  ${ink.place(`${bytesInWords(bytes)}${on}, ${elapsedInWords(ms)}`)}`;
}

/**
 * A file that has ended, for programs: one line of JSON, always with the same keys in the same
 * order. Its `url` is the one of the list, secrets included, so that it can be found there.
 *
 * @param spread whether it may be on another machine: then there is one key more, `worker`
 */
export function resultJson(
  result: DownloadResult & { readonly worker?: string | null },
  spread = false,
): string {
  const { url, finalUrl, path, outcome, status, bytes, ms, attempts, resumed, sha256, error } =
    result;
  const [kind, message] = [error?.kind ?? null, error?.message ?? null];
  return JSON.stringify({
    url,
    finalUrl,
    path,
    outcome,
    status,
    bytes,
    ms,
    attempts,
    resumed,
    sha256: sha256 ?? null,
    error: kind === null ? null : { kind, message },
    ...(spread ? { worker: result.worker ?? null } : {}),
  });
}

/** A line of a list that could not be taken, as a result that is like the others. */
export function rejectedResult(url: string, words: string, kind: "list" | "duplicate"): Rejected {
  return {
    url,
    finalUrl: url,
    path: null,
    outcome: "failed",
    status: 0,
    bytes: 0,
    ms: 0,
    attempts: 0,
    resumed: 0,
    error: { kind, message: words },
  };
}

/** The result of what was not even begun. */
export type Rejected = Omit<DownloadResult, "error"> & {
  readonly error: { readonly kind: "list" | "duplicate"; readonly message: string };
};
