/*
 * The body of a request: what it is, and how it is opened for sending.
 *
 * Strategy: what the caller hands in becomes one RequestBody, made once per call of the session and
 * opened once per sending; so a redirect, a retry or a second round of authentication can send it
 * again, if it is replayable.
 */
import { wrongType } from "../core/arguments.ts";

/** A body, ready to be sent. */
export interface RequestBody {
  /** In bytes; null when it is not known, so that it is sent in chunks. */
  readonly length: number | null;
  /** Sent as `content-type` unless the caller gave one; null for none. */
  readonly contentType: string | null;
  /** Whether it may be opened again: for a redirect, a retry, a connection that was stale. */
  readonly replayable: boolean;
  /** What to send; called once per sending. An iterable is iterated in the requesting task. */
  open(): string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** What of a request's options makes its body. */
export interface BodyOptions {
  /** Text, bytes, or chunks of bytes, which are sent as they come. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** The body that the options ask for, or null. @internal */
export function requestBodyOf(options: BodyOptions): RequestBody | null {
  const { body } = options;
  if (body === undefined) return null;
  if (typeof body === "string") {
    return known(body, Buffer.byteLength(body), "text/plain;charset=UTF-8");
  }
  if (body instanceof Uint8Array) return known(body, body.byteLength, null);
  if (typeof body !== "object" || body === null || !(Symbol.asyncIterator in body))
    throw wrongType("options.body", "a string, bytes, or an async iterable of bytes", body);
  return { length: null, contentType: null, replayable: false, open: () => body };
}

function known(body: string | Uint8Array, length: number, contentType: string | null): RequestBody {
  return { length, contentType, replayable: true, open: () => body };
}
