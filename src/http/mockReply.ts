/*
 * What a mock answers, and what becomes of it.
 *
 * Strategy: a reply is a plain object; it is made into head and body when it is due, so that a
 * function may make another each time. Pauses are sleeps of the loop's: in virtual time they cost
 * nothing.
 */
import { expectInteger, expectMilliseconds, outOfRange, wrongType } from "../core/arguments.ts";
import { sleep } from "../core/sleep.ts";
import { bodyFailure, headFailure } from "./failure.ts";
import { headerList, type HeaderRecord, type HeadersInput } from "./headers.ts";
import type { MockRequest } from "./mockRequest.ts";
import { type Cut, PlayedBody, type PlayedChunks } from "./playedBody.ts";
import type { TransportResponse } from "./transport.ts";

/** The body of a mock's answer: text, bytes, chunks as they come, or what is sent as JSON. */
export type MockBody = string | Uint8Array | AsyncIterable<string | Uint8Array> | object | null;

/** What a mock answers. */
export interface MockReply {
  /** From 200 to 599. Default 200. */
  readonly status?: number;
  /** Default: empty. */
  readonly statusText?: string;
  /** A header with several values (`set-cookie`) has an array. */
  readonly headers?: HeadersInput | Readonly<Record<string, string | readonly string[]>>;
  /** Default: none. An object that is no bytes and no iterable of chunks is sent as JSON. */
  readonly body?: MockBody;
  /** Milliseconds before the head comes. Default 0; Infinity never answers. */
  readonly delay?: number;
  /** The connection breaks after this many bytes of the body. */
  readonly cutAfter?: number;
  /**
   * Fails in place of an answer: an error to throw as it is, or the code of a system error, such as
   * `"ECONNREFUSED"`, which becomes what the network would make of it.
   */
  readonly error?: Error | string;
}

/** Makes a reply, or a WHATWG Response, for a request. */
export type MockHandler = (
  request: MockRequest,
) => MockReply | Response | PromiseLike<MockReply | Response>;

/** Answers with the reply, when it is time. @internal */
export async function replied(
  request: MockRequest,
  made: MockReply | Response,
): Promise<TransportResponse> {
  const reply = replyOf(made);
  if (typeof reply !== "object" || reply === null)
    throw wrongType("reply", "an object with `status`, `headers`, `body`, or a Response", reply);
  checkReply(reply);
  const { status = 200, statusText = "", delay = 0, error, cutAfter } = reply;
  if (delay > 0) await sleep(delay);
  if (error !== undefined) throw failure(request, error);
  const { chunks, length, type } = contentOf(reply.body ?? null);
  const headers = recordOf(reply.headers ?? {});
  if (type !== null) headers["content-type"] ??= type;
  if (length !== null && cutAfter === undefined) headers["content-length"] ??= String(length);
  return played(request, { status, statusText, headers }, chunks, cutOf(request, cutAfter));
}

/** Checks what of a reply can be checked before it is due. @internal */
export function checkReply({ status = 200, delay = 0, cutAfter = 0 }: MockReply): void {
  expectInteger("reply.status", status, 200);
  if (status > 599) throw outOfRange("reply.status", "a status from 200 to 599", status);
  expectMilliseconds("reply.delay", delay);
  expectInteger("reply.cutAfter", cutAfter, 0);
}

interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderRecord;
}

function played(
  { method, url: { href: url }, attempt }: MockRequest,
  head: Head,
  chunks: PlayedChunks,
  cut: Cut | null,
): TransportResponse {
  const empty = method === "HEAD" || head.status === 204 || head.status === 304;
  const body = new PlayedBody({ method, url, attempt, ...head }, empty ? [] : chunks, cut);
  return { ...head, body };
}

function cutOf({ method, url, attempt }: MockRequest, after: number | undefined): Cut | null {
  if (after === undefined) return null;
  const cause = systemError("ECONNRESET");
  return { after, error: bodyFailure({ method, url: url.href, attempt }, cause, after) };
}

function failure({ method, url, attempt }: MockRequest, error: Error | string): Error {
  if (typeof error !== "string") return error;
  return headFailure({ method, url: url.href, attempt }, systemError(error), Infinity);
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`mocked ${code}`), { code });
}

interface Content {
  readonly chunks: PlayedChunks;
  readonly length: number | null;
  readonly type: string | null;
}

const NO_CONTENT: Content = { chunks: [], length: null, type: null };

function contentOf(body: MockBody): Content {
  if (body === null) return NO_CONTENT;
  if (typeof body === "string") return whole(Buffer.from(body), "text/plain;charset=utf-8");
  if (body instanceof Uint8Array) return whole(body, "application/octet-stream");
  if (Symbol.asyncIterator in body)
    return { chunks: body as AsyncIterable<string | Uint8Array>, length: null, type: null };
  return whole(Buffer.from(JSON.stringify(body)), "application/json");
}

function whole(bytes: Uint8Array, type: string): Content {
  return { chunks: [bytes], length: bytes.length, type };
}

function recordOf(
  input: NonNullable<MockReply["headers"]>,
): Record<string, string | string[] | undefined> {
  const pairs = Symbol.iterator in input ? input : flattened(input);
  const record: Record<string, string | string[] | undefined> = {};
  const list = headerList("reply.headers", pairs as Iterable<readonly [string, string]>);
  for (let i = 0; i < list.length; i += 2) {
    const [name, value] = [list[i] as string, list[i + 1] as string];
    const before = record[name];
    record[name] = before === undefined ? value : [before, value].flat();
  }
  return record;
}

function flattened(
  input: Readonly<Record<string, string | readonly string[]>>,
): [name: string, value: string][] {
  return Object.entries(input).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
}

/** A Response of WHATWG's as a reply; others are what they are. @internal */
export function replyOf(made: MockReply | Response): MockReply {
  if (!(made instanceof Response)) return made;
  const { status, statusText, headers, body } = made;
  return { status, statusText, headers: [...headers], body };
}
