/*
 * The options of reporters that send spans over HTTP, and what is usual.
 */
import { expectFunction, expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import type { HeadersInput } from "../http/headers.ts";
import type { ClientSession } from "../http/session.ts";

/** How spans are sent. All times are in milliseconds. */
export interface BatchReporterOptions {
  /** Where to; each reporter says what is usual. */
  readonly url?: string | URL;
  /** Sent with each batch, such as an API key. */
  readonly headers?: HeadersInput;
  /** How many spans may wait at most; what comes then is dropped. Default 4096. */
  readonly queueSize?: number;
  /** How many spans are sent at a time at most; fewer when they take more than a megabyte. Default 2048. */
  readonly batchSize?: number;
  /** How long the first span of a batch waits for others; of those that came while a batch was sent, from its end. Default 1000. */
  readonly interval?: number;
  /** How long the server may take to answer. Default 10,000. */
  readonly timeout?: number;
  /** How often a batch is tried in all. Default 5. */
  readonly attempts?: number;
  /** The first pause between two of these; it doubles each time. Default 500. */
  readonly delay?: number;
  /** The longest of these pauses, a `Retry-After` included. Default 30,000. */
  readonly maxDelay?: number;
  /** How long the end of tracing waits for what is left. Default 5000. */
  readonly closeTimeout?: number;
  /** What sends; the caller closes it. Default: one of its own. */
  readonly session?: ClientSession;
  /** Told of each batch that could not be sent, whether it will be tried again or not. It is called in the reporter's task. */
  readonly onError?: (error: unknown) => void;
}

/** The same, checked and whole. @internal */
export interface BatchSettings {
  readonly url: string;
  readonly headers: Headers;
  readonly queueSize: number;
  readonly batchSize: number;
  readonly interval: number;
  readonly timeout: number;
  readonly attempts: number;
  readonly delay: number;
  readonly maxDelay: number;
  readonly closeTimeout: number;
  readonly session: ClientSession | undefined;
  readonly onError: ((error: unknown) => void) | undefined;
}

/** Checks options from outside. @internal */
export function batchSettings(options: BatchReporterOptions, usualUrl: string): BatchSettings {
  const headers = new Headers(options.headers as ConstructorParameters<typeof Headers>[0]);
  headers.set("content-type", "application/json");
  const { session, onError } = options;
  if (onError !== undefined) expectFunction("options.onError", onError);
  return {
    url: urlOf(options.url, usualUrl),
    headers,
    queueSize: countOf("queueSize", options.queueSize ?? 4096),
    batchSize: countOf("batchSize", options.batchSize ?? 2048),
    attempts: countOf("attempts", options.attempts ?? 5),
    interval: timeOf("interval", options.interval ?? 1000),
    delay: timeOf("delay", options.delay ?? 500),
    maxDelay: timeOf("maxDelay", options.maxDelay ?? 30_000),
    timeout: timeOf("timeout", options.timeout ?? 10_000),
    closeTimeout: timeOf("closeTimeout", options.closeTimeout ?? 5000),
    session,
    onError,
  };
}

function urlOf(input: string | URL | undefined, usual: string): string {
  let url: URL;
  try {
    url = new URL(input ?? usual);
  } catch (error) {
    throw new TypeError(`Expected \`options.url\` to be a URL, got \`${String(input)}\``, {
      cause: error,
    });
  }
  if (url.protocol === "http:" || url.protocol === "https:") return url.href;
  throw wrongType("options.url", "an http or https URL", input);
}

function countOf(name: string, value: number): number {
  expectInteger(`options.${name}`, value, 1);
  return value;
}

function timeOf(name: string, value: number): number {
  if (typeof value !== "number") throw wrongType(`options.${name}`, "milliseconds", value);
  if (value > 0) return value;
  throw outOfRange(`options.${name}`, "more than 0 milliseconds", value);
}
