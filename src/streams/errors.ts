/*
 * The errors of streams. What the operating system reports (ECONNREFUSED, EPIPE, …) is passed on as Node gives it.
 */

/** Thrown when a stream ends before all that was asked for has come (`asyncio.IncompleteReadError`). */
export class IncompleteReadError extends Error {
  override readonly name = "IncompleteReadError";
  /** The bytes that came before the end; the stream has them no longer. */
  readonly partial: Buffer;
  /** How many bytes were asked for; null when it was "up to a separator". */
  readonly expected: number | null;

  constructor(partial: Buffer, expected: number | null) {
    const total = expected === null ? "undefined" : String(expected);
    super(`${partial.length} bytes read on a total of ${total} expected bytes`);
    this.partial = partial;
    this.expected = expected;
  }
}

/** Thrown when there is no separator within the limit of a stream (`asyncio.LimitOverrunError`). */
export class LimitOverrunError extends Error {
  override readonly name = "LimitOverrunError";
  /** How many bytes at the start of the stream are known to hold no separator. */
  readonly consumed: number;

  constructor(message: string, consumed: number) {
    super(message);
    this.consumed = consumed;
  }
}

/** Thrown by a read while another read waits on the same stream. Let one task read, or take turns with a `Lock`. */
export class ConcurrentReadError extends Error {
  override readonly name = "ConcurrentReadError";
}

/** Thrown by `drain` when the connection is gone (`ConnectionResetError`). */
export class ConnectionResetError extends Error {
  override readonly name = "ConnectionResetError";
  readonly code = "ECONNRESET";
}

/** Thrown by an endpoint for datagrams that was closed. */
export class EndpointClosedError extends Error {
  override readonly name = "EndpointClosedError";
}
