/*
 * Short functions that make replies, as Sanic's: `json`, `text`, `html`, `raw`, `redirect`, `empty`.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { Reply, type ReplyInit } from "./reply.ts";

/** The media type of JSON, which is UTF-8 always (RFC 8259, section 8.1). @internal */
export const JSON_TYPE = "application/json";
/** @internal */
export const TEXT_TYPE = "text/plain; charset=utf-8";
/** @internal */
export const BYTES_TYPE = "application/octet-stream";

function withType(init: ReplyInit | undefined, type: string): ReplyInit {
  return init === undefined ? { type } : { type, ...init };
}

/**
 * An answer of JSON.
 *
 * @throws TypeError for what JSON can't hold: a BigInt, a circle, `undefined`
 *
 * @example
 * ```ts
 * import { json } from "ambit/web";
 *
 * const reply = json({ made: true }, { status: 201 });
 * reply.body; // => '{"made":true}'
 * ```
 */
export function json(value: unknown, init?: ReplyInit): Reply {
  const body: string | undefined = JSON.stringify(value);
  if (body === undefined) throw wrongType("value", "something that JSON can hold", value);
  return new Reply(body, withType(init, JSON_TYPE));
}

/** An answer of plain text, in UTF-8. */
export function text(body: string, init?: ReplyInit): Reply {
  return new Reply(body, withType(init, TEXT_TYPE));
}

/** An answer of HTML, in UTF-8. What visitors have typed must be escaped first. */
export function html(body: string, init?: ReplyInit): Reply {
  return new Reply(body, withType(init, "text/html; charset=utf-8"));
}

/** An answer of bytes; `application/octet-stream` without another type. */
export function raw(body: Uint8Array, init?: ReplyInit): Reply {
  return new Reply(body, withType(init, BYTES_TYPE));
}

/** An answer without a body: 204 without another status. */
export function empty(init: ReplyInit = {}): Reply {
  return new Reply(null, { status: 204, ...init });
}

/**
 * Sends the client elsewhere: 302 without another status, 303 after a POST, 308 for good.
 *
 * A place that a visitor has typed must be checked first: this goes wherever it's told.
 *
 * @param to a path or URL; what may not stand in a header is percent-encoded
 * @throws RangeError when the status is no redirect
 */
export function redirect(to: string, init: ReplyInit = {}): Reply {
  const status = init.status ?? 302;
  if (![301, 302, 303, 307, 308].includes(status))
    throw outOfRange("init.status", "301, 302, 303, 307 or 308", status);
  const reply = new Reply(null, { ...init, status });
  reply.headers.set("location", encodeURI(to).replaceAll(/%25([0-9a-f]{2})/gi, "%$1"));
  return reply;
}
