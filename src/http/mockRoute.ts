/*
 * One expectation of a mock: which requests, how often, and what they get.
 *
 * Strategy: a list of replies, each for a number of requests. What is said without `reply` before it
 * begins one of its own. A route that is used up lets requests pass on to the next route.
 */
import { expectFunction, expectInteger, expectMilliseconds } from "../core/arguments.ts";
import type { HeadersInput } from "./headers.ts";
import type { Comparison, MockPattern } from "./mockPattern.ts";
import {
  checkReply,
  type MockBody,
  type MockHandler,
  type MockReply,
  replyOf,
} from "./mockReply.ts";
import type { MockRequest } from "./mockRequest.ts";

interface Turn {
  handler: MockHandler | null;
  reply: MockReply;
  times: number;
  used: number;
}

/**
 * A route of a {@link MockTransport}: what the requests it is for get. It answers once, unless `times`
 * or `always` says otherwise; several `reply` come one after the other.
 */
export class MockRoute {
  /** @internal */
  readonly pattern: MockPattern;
  readonly #turns: Turn[] = [];

  /** @internal */
  constructor(pattern: MockPattern) {
    this.pattern = pattern;
  }

  /**
   * Answers with a status, a body and headers, or with what the function makes of the request; after
   * what an earlier `reply` said has been used up.
   *
   * @param status from 200 to 599
   * @throws RangeError when the status is out of range
   */
  reply(status: number, body?: MockBody, headers?: MockReply["headers"]): this;
  reply(handler: MockHandler): this;
  reply(
    first: number | MockHandler,
    body: MockBody = null,
    headers: MockReply["headers"] | HeadersInput = {},
  ): this {
    if (typeof first === "number") {
      const reply = { status: first, body, headers };
      checkReply(reply);
      this.#turns.push({ handler: null, reply, times: 1, used: 0 });
    } else {
      expectFunction("handler", first);
      this.#turns.push({ handler: first, reply: {}, times: 1, used: 0 });
    }
    return this;
  }

  /** Fails: with the error, or as the network does with a system error of that code. */
  fails(error: Error | string): this {
    this.#turns.push({ handler: null, reply: { error }, times: 1, used: 0 });
    return this;
  }

  /** So many requests get the last reply, at least 1. */
  times(count: number): this {
    expectInteger("count", count, 1);
    this.#last().times = count;
    return this;
  }

  /** Any number of requests get the last reply, none included. */
  always(): this {
    this.#last().times = Infinity;
    return this;
  }

  /** The last reply takes so many milliseconds; Infinity for never. */
  delay(ms: number): this {
    expectMilliseconds("ms", ms);
    return this.#amend({ delay: ms });
  }

  /** The connection breaks after so many bytes of the last reply's body. */
  cutAfter(bytes: number): this {
    expectInteger("bytes", bytes, 0);
    return this.#amend({ cutAfter: bytes });
  }

  /** How many requests it has answered. */
  get used(): number {
    return this.#turns.reduce((sum, turn) => sum + turn.used, 0);
  }

  /** How many it still has to answer; 0 when any number, or none, would do. */
  get missing(): number {
    const due = this.#turns.filter(({ times }) => times !== Infinity);
    const left = due.reduce((sum, { times, used }) => sum + times - used, 0);
    return this.#turns.length === 0 ? 1 : left;
  }

  #amend(more: MockReply): this {
    const turn = this.#last();
    turn.reply = { ...turn.reply, ...more };
    return this;
  }

  #last(): Turn {
    if (this.#turns.length === 0) this.reply(200);
    return this.#turns.at(-1) as Turn;
  }

  /** Whether the request is for it, and it has a reply left. @internal */
  compare(request: MockRequest): Comparison {
    this.#last();
    const compared = this.pattern.compare(request);
    if ("differs" in compared || this.#next() !== undefined) return compared;
    return { differs: "nothing" };
  }

  #next(): Turn | undefined {
    return this.#turns.find(({ times, used }) => used < times);
  }

  /** Uses up one reply, and makes it. Only after `compare`. @internal */
  take(request: MockRequest): () => Promise<MockReply> {
    const turn = this.#next() as Turn;
    turn.used++;
    const { handler, reply } = turn;
    return async () => {
      if (handler === null) return reply;
      return { ...replyOf(await handler(request)), ...reply };
    };
  }

  /** What it is for, and how far it is used up. */
  toString(): string {
    const times = this.#turns.reduce((sum, turn) => sum + turn.times, 0);
    const most = times === Infinity ? "any number" : `${Math.max(times, 1)}`;
    return `${String(this.pattern)}: answered ${this.used} of ${most}`;
  }
}
