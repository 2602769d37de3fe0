/*
 * What happens to requests, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:web.request.started`, in the first step of the request's task, whose context variables a subscriber
 * may set; `ambit:web.request.ended`, when the last byte was handed over or nobody is there to get it. Both tell the
 * same object, so that a subscriber may keep on it, under a symbol of its own, what it knows of the request. While
 * nobody listens a request costs one property read more, and no message is made.
 */
import { channel } from "node:diagnostics_channel";
import type { AnswerRecord } from "./answerRecord.ts";
import type { ServerRequest } from "./request.ts";

/** The message of both events of a request. */
export interface RequestEvent {
  readonly request: ServerRequest;
  /** When its head was there, by the loop's clock (`Loop.time`), in milliseconds. */
  readonly began: number;
  /** What became of it; null until it has ended. */
  record: AnswerRecord | null;
  /** What subscribers keep. */
  [key: symbol]: unknown;
}

/** @internal */
export const requestStarted: ReturnType<typeof channel> = channel("ambit:web.request.started");
/** @internal */
export const requestEnded: ReturnType<typeof channel> = channel("ambit:web.request.ended");
