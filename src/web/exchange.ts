/*
 * The seam between the framework and what carries HTTP: an exchange is one request and the way back for its answer.
 *
 * Strategy: the framework is written against these interfaces; `nodeExchange.ts` implements them over node:http, and
 * `memoryExchange.ts` for `app.fetch`, with no socket. Only what a request needs is here; listening and connections are
 * the server's.
 */
import type { Duplex } from "node:stream";

/** Who is at the other end of a connection. */
export interface Peer {
  /** The address that the connection came from; empty in memory and on a unix socket. */
  readonly address: string;
  readonly port: number;
  /** The address and port that it came to. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Whether it came over TLS. */
  readonly secure: boolean;
}

/** A connection that asks to speak another protocol (RFC 9110, section 7.8). */
export interface Upgrade {
  readonly socket: Duplex;
  /** What came behind the request already. */
  readonly head: Buffer;
}

/** The body of a request, as it comes. */
export interface Incoming {
  /** How many bytes were announced; undefined when that is not known. */
  readonly length: number | undefined;
  /**
   * The next piece; null at the end. It belongs to the caller.
   *
   * **Cancellation:** nothing is lost: the piece is given to who reads next.
   *
   * @throws when the client breaks off, or sends more than the limit
   */
  read(): Promise<Uint8Array | null>;
  /**
   * All that has not been read yet, in one wait.
   *
   * **Cancellation:** nothing is lost: what came is given to who reads next.
   *
   * @throws as `read` does
   */
  readAll(): Promise<Uint8Array>;
  /** All that has not been read yet, when the whole body is there; null when some of it is still to come. */
  takeWhole?(): Uint8Array | null;
  /** The trailers, flat, once the end was read. */
  readonly trailers: readonly string[];
  /** From now on more than so many bytes in all are refused, with a PayloadTooLarge. */
  limit(bytes: number): void;
  /** Whether the whole body has come, read or not. */
  readonly whole?: boolean;
  /** Called once, when the whole body has come or no more will. */
  onOver?: (() => void) | null;
}

/** One request and the way back for its answer. */
export interface Exchange {
  readonly method: string;
  /** The request target as it was sent: `/a?b`, `*`, `http://host/a`. */
  readonly target: string;
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly peer: Peer;
  /** Null when the request has no body. */
  readonly incoming: Incoming | null;
  readonly upgrade: Upgrade | null;
  /**
   * Gives the connection of `upgrade` over to the caller: he sends the head of the answer himself and hears of the
   * connection's end himself, which cancels the request no more. There where `upgrade` may be.
   */
  takeOver?(): void;
  /** Whether that was done. */
  readonly takenOver?: boolean;
  /** Whether the head of the answer was sent. */
  readonly headSent: boolean;
  /** Whether the whole answer was handed over, or nobody is there to get it. */
  readonly ended: boolean;
  /** How many bytes of body were handed over. */
  readonly bytesSent: number;

  /** Sends the whole answer. `headers` is flat and is not changed later. */
  send(status: number, headers: string[], body: string | Uint8Array | null): void;
  /** Sends the head of an answer whose body follows. */
  begin(status: number, headers: string[]): void;
  /** Sends a piece of the body; false when the client is behind: then wait for `drained` before the next. */
  write(chunk: string | Uint8Array): boolean;
  /** **Cancellation:** the wait ends; what was written is sent. */
  drained(): Promise<void>;
  /** Ends the body; `trailers` is flat. */
  end(trailers?: readonly string[]): void;
  /** Sends an informational answer: 102, 103 with `Link` (RFC 8297). */
  inform(status: number, headers: string[]): void;
  /** Breaks the connection off: the client can tell that the answer is not whole. */
  abort(): void;
  /** The request is over: what is left of its body goes by unread. */
  finish(): void;
}
