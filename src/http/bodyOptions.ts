/*
 * The options of a request that make its body.
 */
import { wrongType } from "../core/arguments.ts";
import { BufferedBody } from "./bufferedBody.ts";
import type { RequestBody } from "./requestBody.ts";

/** What of a request's options makes its body. */
export interface BodyOptions {
  /** Text, bytes, or chunks of bytes, which are sent as they come. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** The body that the options ask for, or null. @internal */
export function requestBodyOf(options: BodyOptions): RequestBody | null {
  const { body } = options;
  if (body === undefined) return null;
  if (typeof body === "string") return new BufferedBody(body, "text/plain;charset=UTF-8");
  if (body instanceof Uint8Array) return new BufferedBody(body, null);
  if (typeof body !== "object" || body === null || !(Symbol.asyncIterator in body))
    throw wrongType("options.body", "a string, bytes, or an async iterable of bytes", body);
  return { length: null, contentType: null, replayable: false, open: () => body };
}
