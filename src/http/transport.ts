/*
 * What stands in for the network: a mock of the tests', a cassette.
 *
 * A session with a transport hands it every hop of every request, after middlewares, cookies and
 * authentication; it opens no connection of its own.
 */
import type { BodySource } from "./bodySource.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { HeaderRecord } from "./headers.ts";

/** What a transport answers. */
export interface TransportResponse {
  /** From 200 to 599. */
  readonly status: number;
  /** Default: empty. */
  readonly statusText?: string;
  /** Names in lower case; a header that came several times has an array. */
  readonly headers: HeaderRecord;
  readonly body: BodySource;
}

/** Answers requests in place of the network; the session option `transport`. */
export interface Transport {
  /**
   * Answers one request. What it throws is what the caller gets, through retries and middlewares.
   *
   * **Cancellation:** runs in the requesting task: its waits are cancelled with it.
   */
  send(request: ClientRequest): Promise<TransportResponse>;
  /** Called when the session is closed. */
  close?(): Promise<void> | void;
}
