/*
 * What happens to requests, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:http.request.started`, in the requesting task, before a request is queued or sent: a subscriber may
 * add headers; `ambit:http.request.ended`, when the last byte of the answer has come, or no more will. One pair for
 * each sending: a redirect and a retry have their own. Both tell the same object, so that a subscriber may keep on it,
 * under a symbol of its own, what it knows of the request. While nobody listens a request costs one property read more,
 * and no message is made.
 */
import { channel } from "node:diagnostics_channel";
import type { HeaderList } from "./headers.ts";

/**
 * How a request ended: `finished`: the whole answer has come; `failed`: with an error; `cancelled`: who waited for it
 * was cancelled; `released`: nobody wanted the rest of its answer.
 */
export type ClientRequestOutcome = "finished" | "failed" | "cancelled" | "released";

/** What a request has come to. @internal */
export interface ClientRequestEnd {
  readonly status: number;
  readonly httpVersion: string | undefined;
  readonly error: Error | null;
  readonly outcome: ClientRequestOutcome;
}

/** The message of both events of a request. */
export class ClientRequestEvent {
  readonly method: string;
  /** The whole URL, which may hold secrets. */
  readonly url: string;
  /** Such as `"http://localhost:8080"`. */
  readonly origin: string;
  /** Which attempt of a retry it is, from 1. */
  readonly attempt: number;
  /** The status of the answer; 0 while there is none. */
  status = 0;
  /** Such as `"1.1"`; undefined while it is not known. */
  httpVersion: string | undefined = undefined;
  /** What it failed with. */
  error: Error | null = null;
  /** Null until it has ended. */
  outcome: ClientRequestOutcome | null = null;
  /** What subscribers keep. */
  [key: symbol]: unknown;
  #added: Map<string, string> | null = null;

  /** @internal */
  constructor(method: string, url: string, origin: string, attempt: number) {
    this.method = method;
    this.url = url;
    this.origin = origin;
    this.attempt = attempt;
  }

  /** Sends a header with it, in the place of one of the same name. Only while it starts. */
  setHeader(name: string, value: string): void {
    (this.#added ??= new Map()).set(name.toLowerCase(), value);
  }

  /** Headers that subscribers want sent; null for none. @internal */
  get added(): ReadonlyMap<string, string> | null {
    return this.#added;
  }

  /** The headers that are sent. @internal */
  headersOver(list: HeaderList): HeaderList {
    const added = this.#added;
    if (added === null) return list;
    const all: string[] = [];
    for (let at = 0; at < list.length; at += 2) {
      const name = list[at] as string;
      if (!added.has(name.toLowerCase())) all.push(name, list[at + 1] as string);
    }
    for (const [name, value] of added) all.push(name, value);
    return all;
  }
}

/** @internal */
export const requestStarted: ReturnType<typeof channel> = channel("ambit:http.request.started");
/** @internal */
export const requestEnded: ReturnType<typeof channel> = channel("ambit:http.request.ended");

/** Tells that a request starts. @internal */
export function tellStarted(request: {
  readonly method: string;
  readonly url: string;
  readonly origin: string;
  readonly attempt: number;
}): ClientRequestEvent {
  const { method, url, origin, attempt } = request;
  const event = new ClientRequestEvent(method, url, origin, attempt);
  requestStarted.publish(event);
  return event;
}

/** Tells that it has ended. @internal */
export function tellEnded(event: ClientRequestEvent, end: ClientRequestEnd): void {
  Object.assign(event, end);
  requestEnded.publish(event);
}
