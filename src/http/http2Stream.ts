/*
 * One exchange on an HTTP/2 session: a stream, and the controller that its request holds it by.
 *
 * It speaks to the request as undici does, so the request need not know which of the two serves it.
 * Whatever comes of the stream, the request hears of one end: complete, or one error.
 * Traps of Node's: a stream that was reset ends like one that is complete, and only `rstCode` and
 * `aborted` tell; and a reset with CANCEL comes without an error at all.
 * Limits: a reset with NO_ERROR in the middle of a body, which no server may send, looks like its end
 * unless the head said how long it is.
 */
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from "node:http2";
import type { Dispatcher } from "undici";
import { http2Headers, headerRecord } from "./http2Headers.ts";
import type { HeaderRecord } from "./headers.ts";
import { OpeningError, UnsentError } from "./openingError.ts";
import { sendBody } from "./http2Upload.ts";

type Options = Dispatcher.DispatchOptions;
type Handler = Dispatcher.DispatchHandler;

/** RFC 9113, 7. */
const NO_ERROR = 0;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const HTTP_1_1_REQUIRED = 13;

/** @internal */
export class Http2Stream implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: null = null;
  rawTrailers: null = null;
  readonly #origin: string;
  readonly #options: Options;
  readonly #handler: Handler;
  readonly #left: (stream: Http2Stream) => void;
  #stream: ClientHttp2Stream | null = null;
  #trailers: HeaderRecord = {};
  #expected = -1;
  #received = 0;
  #answered = false;
  #done = false;
  #stopUpload: (() => void) | null = null;

  /** `left` is called once, when its stream is closed. */
  constructor(
    origin: string,
    options: Options,
    handler: Handler,
    left: (stream: Http2Stream) => void,
  ) {
    this.#origin = origin;
    this.#options = options;
    this.#handler = handler;
    this.#left = left;
  }

  begin(session: ClientHttp2Session): void {
    const { method, path, headers, body } = this.#options;
    const list = headers as readonly string[];
    try {
      this.#handler.onRequestStart?.(this, {});
      if (this.aborted) return this.#leave();
      const own = http2Headers(method, this.#origin, path, list);
      const whole = bodyOf(body);
      if (!(Symbol.asyncIterator in whole)) setLength(own, method, whole.length);
      const endStream = whole.length === 0;
      this.#stream = session.request(own, { endStream });
      this.#follow(this.#stream);
      if (!endStream) this.#stopUpload = sendBody(this.#stream, whole, this);
    } catch (error) {
      this.#refuse(error as NodeJS.ErrnoException);
    }
  }

  /** It could not even begin: the session is closing, or a header is none of HTTP/2. */
  #refuse(error: NodeJS.ErrnoException): void {
    if (this.#done) return this.#leave();
    const closing = /^ERR_HTTP2_(GOAWAY_SESSION|INVALID_SESSION|OUT_OF_STREAMS)$/;
    if (closing.test(error.code ?? "")) this.fail(new UnsentError(error.message, false));
    else this.fail(new OpeningError(error.message, refusedBy(error), error));
    this.#leave();
  }

  #follow(stream: ClientHttp2Stream): void {
    stream.once("response", (headers) => this.#begin(headers));
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.once("trailers", (headers) => {
      this.#trailers = headerRecord(headers);
    });
    stream.once("end", () => this.#end(stream));
    stream.on("error", (error) => this.#broken(stream, error));
    stream.once("close", () => {
      this.#broken(stream, new Error(`the stream was reset (code ${stream.rstCode})`));
      this.#leave();
    });
  }

  #begin(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    if (this.#done) return;
    this.#answered = true;
    const length = Number(headers["content-length"] ?? -1);
    const { method } = this.#options;
    const status = headers[":status"] ?? 0;
    const bodiless = method === "HEAD" || status === 204 || status === 304;
    this.#expected = bodiless || !Number.isInteger(length) ? -1 : length;
    this.#call(() => this.#handler.onResponseStart?.(this, status, headerRecord(headers), ""));
  }

  #receive(chunk: Buffer): void {
    if (this.#done) return;
    this.#received += chunk.length;
    this.#call(() => this.#handler.onResponseData?.(this, chunk));
  }

  #end(stream: ClientHttp2Stream): void {
    if (this.#done || stream.aborted || stream.rstCode !== NO_ERROR || !this.#answered) return;
    if (this.#expected >= 0 && this.#expected !== this.#received) {
      const error = new Error("the body is not as long as content-length says");
      return this.fail(Object.assign(error, { code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }));
    }
    this.#done = true;
    this.#stopUpload?.();
    // It answered before it had read all of the request's body: the rest is of no use.
    if (!stream.writableFinished) stream.close(NO_ERROR);
    this.#handler.onResponseEnd?.(this, this.#trailers);
  }

  #broken(stream: ClientHttp2Stream, error: NodeJS.ErrnoException): void {
    if (this.#done) return;
    const { rstCode } = stream;
    if (rstCode === REFUSED_STREAM || rstCode === HTTP_1_1_REQUIRED) {
      const plain = rstCode === HTTP_1_1_REQUIRED;
      this.fail(new UnsentError(`the server refused the stream (code ${rstCode})`, plain));
    } else this.fail(withCode(error, "UND_ERR_SOCKET"));
  }

  /** The server goes away, and has seen streams up to `last` only. */
  leftBehind(last: number, code: number): void {
    const id = this.#stream?.id;
    if (id !== undefined && id <= last) return;
    this.fail(new UnsentError(`the server went away (code ${code})`, false));
    this.#stream?.close(CANCEL);
  }

  fail(error: Error): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopUpload?.();
    this.#handler.onResponseError?.(this, error);
  }

  /** What a request throws in a callback ends it. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #leave(): void {
    this.#stopUpload?.();
    this.#left(this);
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.fail(reason);
    this.#stream?.close(CANCEL);
  }

  pause(): void {
    this.paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#stream?.resume();
  }
}

function bodyOf(
  body: Options["body"],
): Uint8Array | (AsyncIterable<Uint8Array> & { length?: undefined }) {
  if (body === null || body === undefined) return new Uint8Array();
  if (typeof body === "string") return Buffer.from(body);
  return body as Uint8Array;
}

/** As in HTTP/1.1: a body that may be expected and is not there is said to be empty. */
function setLength(headers: Record<string, unknown>, method: string, length: number): void {
  const expected = method === "POST" || method === "PUT" || method === "PATCH";
  if (length > 0 || expected) headers["content-length"] = String(length);
}

function withCode(error: NodeJS.ErrnoException, code: string): Error {
  const { code: own } = error;
  if (own !== undefined && !own.startsWith("ERR_HTTP2_")) return error;
  return Object.assign(new Error(error.message, { cause: error }), { code });
}

function refusedBy(error: Error): (subject: { method: string }) => Error {
  return ({ method }) =>
    new TypeError(`${method}: HTTP/2 refuses the request: ${error.message}`, { cause: error });
}
