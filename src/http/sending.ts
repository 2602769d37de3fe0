/*
 * What one exchange with a server sends, complete and checked.
 */
import type { HeaderList } from "./headers.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import type { RequestBody } from "./requestBody.ts";
import type { Timeouts } from "./timeouts.ts";
import type { TraceSink } from "./tracing.ts";

/** A call of the session is one itself, so that a request without frills needs no other object. @internal */
export interface Sending {
  readonly method: string;
  /** The whole URL, without user info and fragment. */
  readonly url: string;
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: RequestBody | null;
  readonly timeouts: Timeouts;
  /** Who is told of it; null where nobody traces. */
  readonly trace: TraceSink | null;
  /** The proxy it goes through; null for none. */
  readonly proxy: ProxyTarget | null;
  /** How long the body waits for a 100, in milliseconds; 0 when it does not. */
  readonly expectContinue: number;
  /** Which attempt of a retry it belongs to, from 1. */
  readonly attempt: number;
}

/** The same with other headers. @internal */
export function withHeaders(sending: Sending, headers: HeaderList): Sending {
  const { method, url, origin, path, body, timeouts, trace, proxy, expectContinue, attempt } =
    sending;
  return {
    method,
    url,
    origin,
    path,
    headers,
    body,
    timeouts,
    trace,
    proxy,
    expectContinue,
    attempt,
  };
}
