/*
 * From what a handler returns to a Reply.
 *
 * Strategy: tests in the order of how often each comes. An object is JSON, unless it is something that is sent
 * otherwise. `undefined` is refused: a handler that forgot its `return` must not look like one that has nothing to say.
 */
import type { Answer } from "./handler.ts";
import { IterableBody } from "./iterableBody.ts";
import { BYTES_TYPE, JSON_TYPE, TEXT_TYPE } from "./replies.ts";
import { Reply } from "./reply.ts";

const JSON_INIT = { type: JSON_TYPE };
const TEXT_INIT = { type: TEXT_TYPE };
const BYTES_INIT = { type: BYTES_TYPE };

/** @internal */
export function toReply(answer: Answer | undefined): Reply {
  if (answer instanceof Reply) return answer;
  if (typeof answer === "string") return new Reply(answer, TEXT_INIT);
  if (typeof answer === "object" && answer !== null) return fromObject(answer);
  if (answer === undefined || typeof answer === "function") throw noAnswer(answer);
  return jsonOf(answer);
}

function jsonOf(value: unknown): Reply {
  const body = JSON.stringify(value) as string | undefined;
  if (body === undefined) throw noAnswer(value);
  return new Reply(body, JSON_INIT);
}

function fromObject(answer: object): Reply {
  const prototype: unknown = Object.getPrototypeOf(answer);
  if (prototype === Object.prototype || Array.isArray(answer)) {
    return Symbol.asyncIterator in answer ? streamed(answer) : jsonOf(answer);
  }
  if (answer instanceof Uint8Array) return new Reply(answer, BYTES_INIT);
  if (answer instanceof ArrayBuffer) return new Reply(new Uint8Array(answer), BYTES_INIT);
  if (Symbol.asyncIterator in answer) return streamed(answer);
  // The names alone would load what is behind them: 40 ms of a start that may never need it.
  if (isResponse(answer)) return fromResponse(answer);
  if (answer instanceof Error)
    throw new TypeError("a handler returned an error: throw it", { cause: answer });
  return jsonOf(answer);
}

function streamed(pieces: object): Reply {
  return new Reply(new IterableBody(pieces as AsyncIterable<string | Uint8Array>), BYTES_INIT);
}

function isResponse(answer: object): answer is Response {
  return Object.prototype.toString.call(answer) === "[object Response]" && "headers" in answer;
}

function fromResponse(response: Response): Reply {
  const body = response.body === null ? null : new IterableBody(response.body);
  const reply = new Reply(body, { status: response.status });
  for (const [name, value] of response.headers) reply.headers.append(name, value);
  return reply;
}

function noAnswer(answer: unknown): TypeError {
  const what = answer === undefined ? "undefined" : `a ${typeof answer}`;
  return new TypeError(
    `the handler returned ${what}: return text, bytes, an object, a Reply, a Response or an iterable; empty() for an answer without a body`,
  );
}
