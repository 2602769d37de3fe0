/*
 * AnswerRecord: what became of one exchange; told once it is over, for logs and metrics.
 *
 * Strategy: one hook at the very end, after the last byte was handed over or the client has left: only there status,
 * bytes and time are known. A middleware sees the answer before it is sent, so it can't tell them.
 */
import type { ServerRequest } from "./request.ts";

/**
 * How an exchange ended: `finished`: the whole answer was handed over; `disconnected`: the client left before that;
 * `timed out`: a deadline passed, and what was sent is its answer; `aborted`: the answer was broken off in its middle,
 * by an error or because the server had to stop.
 */
export type AnswerOutcome = "finished" | "disconnected" | "timed out" | "aborted";

/** What became of one exchange. */
export interface AnswerRecord {
  readonly request: ServerRequest;
  /** The status that was sent; 0 when there was none. */
  readonly status: number;
  /** How many bytes of body were handed over. */
  readonly bytes: number;
  /** From when the head of the request was there to the end of the answer. */
  readonly milliseconds: number;
  readonly outcome: AnswerOutcome;
  /** What was thrown and became an answer of 500 and more, or broke it off. */
  readonly error?: unknown;
}

/**
 * Written out twice: Node.js 20 takes more than a microsecond to spread an object.
 * @internal
 */
export function answerRecord(
  request: ServerRequest,
  status: number,
  bytes: number,
  milliseconds: number,
  outcome: AnswerOutcome,
  error: unknown,
): AnswerRecord {
  return error === undefined
    ? { request, status, bytes, milliseconds, outcome }
    : { request, status, bytes, milliseconds, outcome, error };
}

/**
 * Hears of each exchange that is over. It is called in the order in which they end, and is not waited for; what it throws
 * goes to the loop's exception handler.
 */
export type AnswerListener = (record: AnswerRecord) => void;
