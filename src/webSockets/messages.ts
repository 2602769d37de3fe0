/*
 * Receiving: how a program takes messages from an inbox, and finds the end behind them.
 *
 * Strategy: a receive waits until there is a message, looks at it, and takes it in the step in which it goes on, so a
 * cancel loses none. Messages that came before the end are given before it.
 */
import type { Inbox, WebSocketMessage } from "./inbox.ts";

/** Where messages come from. @internal */
export interface MessageSource {
  readonly inbox: Inbox;
  /** It ended in a way that ends a loop over the messages. */
  readonly orderly: boolean;
  /** How it ended, once it has: a new error each time, for its stack. */
  end(): Error;
}

/**
 * Takes the message that comes next, or throws the end. `expected` looks at it first: where that throws, it is not taken.
 * Looking and taking are one step: who asks in the same turn gets the message after it.
 * @internal
 */
export async function takeMessage<Message extends WebSocketMessage>(
  source: MessageSource,
  operation: string,
  expected: (message: WebSocketMessage) => Message,
): Promise<Message> {
  const { inbox } = source;
  if (!inbox.ready) await inbox.arrival(operation);
  const { next } = inbox;
  if (next === null) throw source.end();
  const message = expected(next);
  inbox.drop();
  return message;
}

/** Expects no more of a message than that it is one. @internal */
export function anyMessage(message: WebSocketMessage): WebSocketMessage {
  return message;
}

/** @internal */
export class Messages implements AsyncIterableIterator<WebSocketMessage, undefined> {
  readonly #source: MessageSource;

  constructor(source: MessageSource) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<WebSocketMessage, undefined>> {
    const { inbox } = this.#source;
    if (!inbox.ready) await inbox.arrival("receive");
    const { next } = inbox;
    if (next !== null) {
      inbox.drop();
      return { done: false, value: next };
    }
    if (this.#source.orderly) return { done: true, value: undefined };
    throw this.#source.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
