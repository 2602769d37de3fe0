/*
 * Conditional requests: whether an answer is needed at all (RFC 9110, section 13).
 *
 * Strategy: the steps of section 13.2.2, in its order: If-Match, or else If-Unmodified-Since; then If-None-Match, or else
 * If-Modified-Since; then If-Range. Tags go before dates, for a date has whole seconds only. Nothing is parsed for a
 * request without such a header.
 * Limits: whether the answer would have been one of success is for the caller to say: conditions count for no other.
 */
import { getRunningLoop } from "../core/scope.ts";
import {
  expectEntityTag,
  isWeak,
  matchesStrongly,
  matchesWeakly,
  parseEntityTags,
} from "./etag.ts";
import { formatHttpDate, parseHttpDate } from "./httpDate.ts";
import { PreconditionFailed } from "./httpError.ts";
import { Reply } from "./reply.ts";
import type { FittedRequest } from "./replyBody.ts";

/** What tells one version of a thing from another. */
export interface Validators {
  /** With its quotes: `"v7"`, or `W/"v7"` for one that is only as good as the same. */
  readonly etag?: string | null;
  /** When it was last changed, in milliseconds since 1970; a `Date` will do. */
  readonly lastModified?: number | Date | null;
}

/** What the conditions of a request come to. @internal */
export type Verdict = "go on" | "not modified" | "failed";

/** @internal */
export function verdictOn(request: FittedRequest, validators: Validators): Verdict {
  const { headers } = request;
  const match = headers.get("if-match");
  if (match !== null) {
    if (!matchesStrongly(parseEntityTags(match), validators.etag ?? null)) return "failed";
  } else if (changedSince(headers.get("if-unmodified-since"), validators) === true) return "failed";
  const safe = request.method === "GET" || request.method === "HEAD";
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) {
    const known = matchesWeakly(parseEntityTags(noneMatch), validators.etag ?? null);
    return known ? (safe ? "not modified" : "failed") : "go on";
  }
  const unchanged = safe && changedSince(headers.get("if-modified-since"), validators) === false;
  return unchanged ? "not modified" : "go on";
}

/**
 * Whether a range may be sent: true without an If-Range, and when that names the version that is there. A date does only
 * when it is the very one (section 13.1.5), and no longer than a second ago: within one, two versions may share it.
 * @internal
 */
export function rangeStillHolds(request: FittedRequest, validators: Validators): boolean {
  const value = request.headers.get("if-range")?.trim();
  if (value === undefined) return true;
  if (value.includes('"')) {
    const tags = parseEntityTags(value);
    return !isWeak(value) && tags.length === 1 && matchesStrongly(tags, validators.etag ?? null);
  }
  const date = parseHttpDate(value, now());
  const lastModified = secondsOf(validators.lastModified);
  return date !== null && date === lastModified && now() - date >= 1000;
}

/** Whether it was changed after that; null when the header is none, or nobody knows. */
function changedSince(header: string | null, validators: Validators): boolean | null {
  if (header === null) return null;
  const lastModified = secondsOf(validators.lastModified);
  const date = parseHttpDate(header, now());
  return date === null || lastModified === null ? null : lastModified > date;
}

function now(): number {
  return getRunningLoop().wallTime();
}

/** In milliseconds, without the fraction that a header can't say. */
function secondsOf(time: number | Date | null | undefined): number | null {
  return time == null ? null : Math.floor(Number(time) / 1000) * 1000;
}

/**
 * Spares an answer that the client has already: gives the 304 to answer with, or null when the request is to be
 * answered. For answers that a program makes; files do this by themselves.
 *
 * For a request that changes something, call it before the change: `If-Match` then guards against overwriting what the
 * client hasn't seen.
 *
 * @param validators of the version that is there; put the same onto the answer, as `ETag` and `Last-Modified`
 * @throws {@link PreconditionFailed} when the client's conditions do not hold
 * @throws TypeError when `etag` is no entity tag
 *
 * @example
 * ```ts
 * import { conditional } from "ambit/web";
 *
 * const request = new Request("http://h/", { headers: { "if-none-match": '"v6", "v7"' } });
 * conditional(request, { etag: '"v7"' })?.status; // => 304
 * conditional(request, { etag: '"v8"' }); // => null
 * ```
 */
export function conditional(request: FittedRequest, validators: Validators): Reply | null {
  const { etag = null, lastModified = null } = validators;
  if (etag !== null) expectEntityTag("validators.etag", etag);
  const verdict = verdictOn(request, validators);
  if (verdict === "go on") return null;
  if (verdict === "failed") throw preconditionFailed();
  const reply = new Reply(null, { status: 304 });
  if (etag !== null) reply.headers.set("etag", etag);
  if (lastModified !== null)
    reply.headers.set("last-modified", formatHttpDate(Number(lastModified)));
  return reply;
}

/** @internal */
export function preconditionFailed(): PreconditionFailed {
  return new PreconditionFailed("this is not the version that the request is about");
}
