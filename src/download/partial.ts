/*
 * What there is of a file that did not come whole, and whether more may be added to it.
 *
 * Two versions of a file must never be glued together: only a strong validator tells that the server
 * still has the same bytes (RFC 9110, 13.1.5). That is an ETag that is not weak, or a Last-Modified
 * that is at least a second older than the answer it came with (8.8.2.2): a file that is changed
 * twice within a second would have the same one.
 */
import { httpDate } from "../http/retryAfter.ts";

/** The first bytes of a file, and what they are of. @internal */
export interface Partial {
  /** Where they came from: another server's are another file's, whatever its ETag. */
  readonly url: string;
  /** For If-Range: a strong ETag, or a Last-Modified that is as good. */
  readonly validator: string;
  /** The size of the whole; null when the server did not say. */
  readonly length: number | null;
}

/**
 * What If-Range may carry to get the rest of this answer's file; null if nothing may. `now` is the time
 * of day, which tells the century of an old-fashioned date.
 * @internal
 */
export function strongValidator(
  etag: string | null,
  lastModified: string | null,
  date: string | null,
  now: number,
): string | null {
  if (etag !== null) return isStrong(etag) ? etag : null;
  if (lastModified === null || date === null) return null;
  const [changed, answered] = [httpDate(lastModified, now), httpDate(date, now)];
  if (changed === null || answered === null) return null;
  return answered - changed >= 1000 ? lastModified : null;
}

/** Whether an ETag promises the same bytes. @internal */
export function isStrong(etag: string): boolean {
  return /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag);
}

/** What a 206 says that it brings. @internal */
export interface ContentRange {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  /** Null when the server does not know. */
  readonly total: number | null;
}

/** Reads a Content-Range of bytes; null when it is none, or its numbers cannot be. @internal */
export function contentRange(value: string | null): ContentRange | null {
  const match = /^bytes\s+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec((value ?? "").trim());
  if (match === null) return null;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? null : Number(match[3]);
  return first <= last && (total === null || last < total) ? { first, last, total } : null;
}

/** The size of the whole that a 416 tells; null if it does not. @internal */
export function unsatisfiedTotal(value: string | null): number | null {
  const match = /^bytes\s+\*\/(\d{1,15})$/i.exec((value ?? "").trim());
  return match === null ? null : Number(match[1]);
}
