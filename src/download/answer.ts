/*
 * What an answer means for the file: it is unchanged, here is all of it, here is the rest, or there
 * is none.
 *
 * Strategy: the server is believed only where its words fit together. A 206 must bring what was asked
 * for, of a file as large as before, and under the same ETag if it names one; everything else is
 * started afresh, never glued.
 */
import type { ClientResponse } from "../http/response.ts";
import { retryAfter } from "../http/retryAfter.ts";
import { Failure } from "./failure.ts";
import {
  contentRange,
  isStrong,
  type Partial,
  strongValidator,
  unsatisfiedTotal,
} from "./partial.ts";
import { isTransient } from "./status.ts";

/** @internal */
export type Answer = "unchanged" | "whole" | "rest";

/**
 * What the answer means.
 *
 * @param partial what the rest was asked for of, from its byte `from` to, exclusive, `to`; or null
 * @param now the time of day
 * @throws Failure when it gives no file; the response is then released
 * @internal
 */
export function answerOf(
  response: ClientResponse,
  partial: Partial | null,
  from: number,
  to: number | null,
  now: number,
): Answer {
  const { status } = response;
  if (status === 200 || status === 203) return "whole";
  try {
    if (status === 304) return "unchanged";
    if (status === 206 && partial !== null) {
      checkRest(response, partial, from, to);
      return "rest";
    }
    throw status === 416 ? unsatisfied(response, partial) : refusal(response, now);
  } catch (error) {
    response.release();
    throw error;
  }
}

function checkRest(
  response: ClientResponse,
  { length, validator }: Partial,
  from: number,
  to: number | null,
): void {
  const value = response.header("content-range");
  const range = contentRange(value);
  if (range === null) throw mismatch(`it sent 206 with the Content-Range ${shown(value)}`);
  if (range.first !== from) throw mismatch(`asked for byte ${from} on, it sent ${shown(value)}`);
  if (length !== null && range.total !== null && range.total !== length)
    throw mismatch(`the file had ${length} bytes, it sent ${shown(value)}`);
  const end = to ?? length ?? range.total;
  if (end !== null && range.last + 1 !== end)
    throw mismatch(`asked for all up to byte ${end}, it sent ${shown(value)}`);
  const etag = response.header("etag");
  if (etag !== null && isStrong(validator) && etag !== validator)
    throw mismatch(`the file has another ETag than before`);
  const size = lengthOf(response);
  if (size !== null && size !== range.last + 1 - range.first)
    throw mismatch(`its Content-Length does not fit its Content-Range ${shown(value)}`);
}

function shown(value: string | null): string {
  return value === null ? "missing" : JSON.stringify(value);
}

function mismatch(words: string): Failure {
  return new Failure("body", `the server's answer does not fit: ${words}`, "afresh");
}

function unsatisfied(response: ClientResponse, partial: Partial | null): Failure {
  const total = unsatisfiedTotal(response.header("content-range"));
  const size = total === null ? "" : ` of its ${total} bytes`;
  if (partial === null) return new Failure("http", "the server answered 416", "none");
  return new Failure("body", `the server has no rest${size} to send`, "afresh");
}

function refusal(response: ClientResponse, now: number): Failure {
  const { status, statusText } = response;
  const words = `the server answered ${`${status} ${statusText}`.trimEnd()}`;
  if (status >= 300 && status < 400) return new Failure("redirect", words);
  if (!isTransient(status)) return new Failure("http", words);
  const wait = retryAfter(response.headers, now);
  return new Failure("http", words, "again", wait);
}

/** How many bytes the body has; null when the server did not say. @internal */
export function lengthOf(response: ClientResponse): number | null {
  const value = response.header("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/** What may be gone on with later, if it does not come whole; null if nothing may. @internal */
export function partialOf(
  response: ClientResponse,
  url: string,
  length: number | null,
  now: number,
): Partial | null {
  const validator = strongValidator(
    response.header("etag"),
    response.header("last-modified"),
    response.header("date"),
    now,
  );
  return validator === null ? null : { url, validator, length };
}
