/*
 * Reply: an answer that can still be changed: a status, headers, a body.
 *
 * Strategy: three fields and no more; the media type stands beside the headers, so that the usual answer needs no list
 * of them. A WHATWG `Response` costs three times as much as the whole rest of an answer, so this is what handlers'
 * values become (`answer.ts`), what the short functions return (`replies.ts`) and what middlewares see.
 */
import { expectInteger, outOfRange } from "../core/arguments.ts";
import type { ReplyBody } from "./replyBody.ts";
import { type HeadersInput, ReplyHeaders } from "./replyHeaders.ts";

/** How an answer is made. */
export interface ReplyInit {
  /** From 200 to 599, or 101 for a connection that is taken over. Default 200. */
  readonly status?: number;
  readonly headers?: HeadersInput;
  /** The media type, such as `text/plain; charset=utf-8`. */
  readonly type?: string;
}

/**
 * An answer: made by `json`, `text`, `html` and the like, or from what a handler returns.
 *
 * @example
 * ```ts
 * import { Reply } from "ambit/web";
 *
 * const reply = new Reply("made", { status: 201, headers: { location: "/things/7" } });
 * reply.headers.set("cache-control", "no-store");
 * reply.status; // => 201
 * ```
 */
export class Reply {
  /** The body: text, bytes, nothing, or one that sends itself. */
  body: string | Uint8Array | ReplyBody | null;
  /** The media type; null for an answer without one. A `content-type` in the headers goes before it. */
  type: string | null;
  #status: number;
  #headers: ReplyHeaders | null;

  constructor(body: string | Uint8Array | ReplyBody | null = null, init: ReplyInit = NONE) {
    this.body = body;
    this.type = init.type ?? null;
    this.#status = 200;
    if (init.status !== undefined) this.status = init.status;
    this.#headers = init.headers === undefined ? null : new ReplyHeaders(init.headers);
  }

  get status(): number {
    return this.#status;
  }

  /** @throws RangeError when it's no status of an answer */
  set status(status: number) {
    expectInteger("status", status, 101);
    if (status > 599 || (status > 101 && status < 200))
      throw outOfRange("status", "101 or a number from 200 to 599", status);
    this.#status = status;
  }

  /** Made when first asked for. */
  get headers(): ReplyHeaders {
    return (this.#headers ??= new ReplyHeaders());
  }

  /** The headers, if somebody asked for them. @internal */
  get ownHeaders(): ReplyHeaders | null {
    return this.#headers;
  }
}

const NONE: ReplyInit = {};
