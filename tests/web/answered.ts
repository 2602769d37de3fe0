/**
 * Answers a request in memory, over a FakeExchange, as the server does: what the handler gives becomes a reply, and is
 * sent. What is thrown is told as `thrown`.
 */
import type { Reply, ServerRequest } from "ambit/web";
import { sendReply } from "../../src/web/sendReply.ts";
import { type FakeExchange, type FakeInit, fakeRequest } from "./fakeExchange.ts";

/** What was answered. */
export interface Answered {
  readonly status: number;
  readonly bytes: Buffer;
  readonly text: string;
  readonly exchange: FakeExchange;
  readonly thrown: unknown;
  header(name: string): string | null;
}

export async function answered(
  init: FakeInit,
  handler: (request: ServerRequest) => Reply | PromiseLike<Reply>,
): Promise<Answered> {
  const request = fakeRequest(init);
  const exchange = request.exchange as FakeExchange;
  let thrown: unknown = undefined;
  try {
    await sendReply(request, await handler(request));
  } catch (error) {
    thrown = error;
  }
  const { status, bytes, text } = exchange;
  return { status, bytes, text, exchange, thrown, header: (name) => exchange.header(name) };
}
