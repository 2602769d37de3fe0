/*
 * The answer to a request, in the shape of WHATWG's Response with aiohttp's manners: a body may be
 * asked for again once it was read, and the response is released rather than left to be collected.
 *
 * Strategy: a thin face of a head and the source of its body, made when the head has come. On the
 * network they are the exchange and its Incoming; a body to be decoded has another source around
 * that. Undici holds the exchange, nobody but the user holds the response: so one that was dropped
 * unread is noticed when it is collected, and its connection is released. Only a body that may not
 * fit the buffer is watched that way; a small one comes, and ends the exchange, by itself.
 * What the headers mean is worked out when somebody asks.
 * There is no `clone`: it would have to keep all that one reader has read and the other has not.
 * What was read as a whole may be asked for again, in any form.
 */
import { cancellable } from "../core/cancellable.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { HIGH_WATER } from "./bodyBuffer.ts";
import type { BodySink } from "./bodySink.ts";
import type { BodySource } from "./bodySource.ts";
import { plain } from "./derivedBody.ts";
import { decodeText, encodingOf, markedEncoding } from "./charset.ts";
import { type ContentDisposition, contentDispositionOf } from "./contentDisposition.ts";
import { charsetLabelOf, type ContentType, contentTypeOf } from "./contentType.ts";
import type { Cookie } from "./cookie.ts";
import { readableBody } from "./decoding.ts";
import { Links } from "./links.ts";
import { maskedList, maskedRecord } from "./maskedHeaders.ts";
import { pour } from "./pouring.ts";
import { rawPairs } from "./rawHeaders.ts";
import { DEFAULT_RULES, expectEncoding, type ReadingRules } from "./readingRules.ts";
import { redact } from "./redaction.ts";
import { ResponseBody } from "./responseBody.ts";
import { ClientResponseError, ContentTypeError } from "./responseErrors.ts";
import type { ResponseHead } from "./responseHead.ts";
import { ResponseReader, type ResponseReaderOptions } from "./responseReader.ts";
import { cookiesSetBy } from "./setCookie.ts";

const NO_HISTORY: readonly ClientResponse[] = Object.freeze([]);
const dropped = new FinalizationRegistry<BodySource>((source) => source.orphan?.());

/** How text is read. */
export interface TextOptions {
  /** The encoding, a label as `TextDecoder` knows it, in place of what the head says. */
  readonly encoding?: string;
}

/** How JSON is read. */
export interface JsonOptions extends TextOptions {
  /** The type that the body must be said to have; `application/json` means `…+json`, too. */
  readonly contentType?: string;
}

/**
 * The answer to a request (`aiohttp.ClientResponse`).
 *
 * Made when the head has come; the body is read by `bytes`, `text` or `json`, or chunk by chunk
 * from `body`. Until the body has come or the response was released, it holds a connection and a
 * place under the session's limits. Dispose of it (`using`), call `release`, or read it to the end;
 * a small body does the last by itself.
 *
 * **Cancellation:** of a read closes the connection; the response is released.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import type { AddressInfo } from "node:net";
 * import { ClientSession } from "ambit/http";
 *
 * const server = createServer((_, answer) => answer.end("hello")).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * await using session = new ClientSession();
 * const response = await session.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
 * [response.status, response.ok, await response.text()]; // => [200, true, "hello"]
 * server.close();
 * ```
 */
export class ClientResponse implements Disposable, AsyncDisposable {
  /** The method of the request. */
  readonly method: string;
  /** The URL that answered, without user info and fragment. May hold secrets in its query. */
  readonly url: string;
  /** The status, 200 to 599; a redirect only where it was not followed. */
  readonly status: number;
  /** The text that came with the status; empty when the server sent none. */
  readonly statusText: string;
  /** True for a status from 200 to 299. */
  readonly ok: boolean;
  /** The redirects that led here, oldest first; their bodies are released. */
  readonly history: readonly ClientResponse[];
  readonly #head: ResponseHead;
  readonly #source: BodySource;
  readonly #rules: ReadingRules;
  #headers: Headers | null = null;
  #reader: ResponseReader | null = null;
  #used = false;

  /** @internal */
  constructor(
    head: ResponseHead,
    source: BodySource,
    history: readonly ClientResponse[] = NO_HISTORY,
    rules: ReadingRules = DEFAULT_RULES,
  ) {
    const { method, url, status, statusText } = head;
    this.method = method;
    this.url = url;
    this.status = status;
    this.statusText = statusText;
    this.ok = status >= 200 && status < 300;
    this.history = history;
    this.#head = head;
    this.#rules = rules;
    this.#source = readableBody(head, source, rules);
    if (!source.done && !isSmall(head)) dropped.register(this, this.#source);
  }

  /** True when it answers for another URL than was asked for: a redirect was followed. */
  get redirected(): boolean {
    return this.history.length > 0;
  }

  /** The version of HTTP, such as `"1.1"`; null where it is not known. */
  get httpVersion(): string | null {
    return this.#head.httpVersion ?? null;
  }

  /**
   * The headers of the answer, as they came: of a body that was compressed, `content-encoding` and
   * `content-length` tell of what was on the wire. Printing them shows no cookies.
   */
  get headers(): Headers {
    this.#headers ??= maskedRecord(this.#head.headers);
    return this.#headers;
  }

  /** The headers of the answer in the order, and the case, in which they came. */
  get rawHeaders(): readonly (readonly [name: string, value: string])[] {
    return rawPairs(this.#head);
  }

  /** What was sent for it, but for what the connection adds. Printing it shows no secrets. */
  get requestHeaders(): Headers {
    return maskedList(this.#head.requestHeaders ?? []);
  }

  /** What kind of content the body is; null when the head does not say. */
  get contentType(): ContentType | null {
    return contentTypeOf(this.#head.headers["content-type"]);
  }

  /** The encoding of the body's text, as the head names it: `utf-8`; null when it does not. */
  get charset(): string | null {
    return encodingOf(charsetLabelOf(this.#head.headers["content-type"]));
  }

  /** Whether the body is meant to be saved, and under which name; null when the head does not say. */
  get contentDisposition(): ContentDisposition | null {
    return contentDispositionOf(this.header("content-disposition") ?? undefined);
  }

  /** The links that the head has: the next page, the last one (RFC 8288). */
  get links(): Links {
    return new Links(this.#head.headers["link"], this.url);
  }

  /** The cookies that the head sets, those left out that no jar would take from this URL. */
  get cookies(): readonly Cookie[] {
    return cookiesSetBy(this.#head.headers["set-cookie"], new URL(this.url));
  }

  /**
   * One header by its name in lower case, without making WHATWG's object; null without it.
   * @internal
   */
  header(name: string): string | null {
    const value = this.#head.headers[name];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  }

  /**
   * The body, chunk by chunk as it comes, once. Back-pressure reaches the server: what is not read
   * is not fetched, but for a buffer. Leaving a `for await` loop early releases the response.
   *
   * **Cancellation:** of the wait for a chunk closes the connection; chunks that came are lost.
   *
   * @throws {@link ClientPayloadError} when the body does not come whole, after what came of it
   * @throws {@link ClientTimeoutError} when the timeout passes before its end
   * @throws {@link InvalidStateError} when the response was released, or its body is read otherwise
   *
   * @example
   * ```ts
   * import { once } from "node:events";
   * import { createServer } from "node:http";
   * import type { AddressInfo } from "node:net";
   * import { ClientSession } from "ambit/http";
   *
   * const server = createServer((_, answer) => answer.end("hello")).listen(0, "127.0.0.1");
   * await once(server, "listening");
   * await using session = new ClientSession();
   * let size = 0;
   * const response = await session.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
   * for await (const chunk of response.body) size += chunk.length;
   * size; // => 5
   * server.close();
   * ```
   */
  get body(): ResponseBody {
    return new ResponseBody(this);
  }

  /** True once somebody began to read the body. */
  get bodyUsed(): boolean {
    return this.#used;
  }

  /**
   * The body as a stream reader: by count, by line, up to a separator. The same one each time.
   *
   * **Cancellation:** of a read closes the request; see {@link ClientResponse.openReader} for who
   * wants to read on.
   */
  get reader(): ResponseReader {
    this.#reader ??= this.#newReader();
    return this.#reader;
  }

  /**
   * The same with options: lines longer than 64 KiB, reads that can be cancelled and repeated.
   *
   * @throws {@link InvalidStateError} when the response has a reader already
   *
   * @example
   * ```ts no-run
   * import { moveOnAfter } from "ambit";
   * import { ClientSession } from "ambit/http";
   *
   * await using session = new ClientSession();
   * using response = await session.get("https://example.org/events");
   * const reader = response.openReader({ resumable: true });
   * while (!reader.atEof()) {
   *   const { cancelledCaught } = await moveOnAfter(15_000, () => reader.readline());
   *   if (cancelledCaught) console.log("nothing new, waiting on"); // no line is lost
   * }
   * ```
   */
  openReader(options: ResponseReaderOptions): ResponseReader {
    if (this.#reader !== null) {
      throw new InvalidStateError(`openReader on ${this[INSPECT]()}, which has a reader already`);
    }
    this.#reader = this.#newReader(options);
    return this.#reader;
  }

  #newReader(options?: ResponseReaderOptions): ResponseReader {
    const encodingOfText = (start: Uint8Array): string =>
      markedEncoding(start) ?? this.charset ?? this.#fallback(start);
    const read = (): Promise<Uint8Array | null> => this.#chunk();
    return new ResponseReader({ read, release: () => this.release(), encodingOfText }, options);
  }

  #chunk(): Promise<Uint8Array | null> {
    this.#used = true;
    return this.#source.read();
  }

  /** What the reader has comes first. */
  async #chunkAfterReader(reader: ResponseReader): Promise<Uint8Array | null> {
    const chunk = await reader.readAny();
    return chunk.length === 0 ? null : plain(chunk);
  }

  /** The next chunk of the body; null after the last. @internal */
  read(): Promise<Uint8Array | null> {
    return this.#reader === null ? this.#chunk() : this.#chunkAfterReader(this.#reader);
  }

  /** Pours the body into a sink; of which a reader has had nothing. @internal */
  async pour(sink: BodySink): Promise<void> {
    this.#used = true;
    await pour(this.#source, sink);
    // Named here, so that it is not collected, which releases it, while the sink drains.
    this.#used = true;
  }

  /**
   * The whole body. May be asked for again. A body that came in one chunk is not copied: its
   * `buffer` may hold more.
   *
   * **Cancellation:** closes the connection; what came of the body is lost.
   *
   * @throws {@link ClientPayloadError} when the body does not come whole
   * @throws {@link ClientTimeoutError} when the timeout passes before its end
   * @throws {@link InvalidStateError} when the response was released, or its body is read otherwise
   */
  bytes(): Promise<Uint8Array> {
    this.#used = true;
    return this.#source.readAll();
  }

  /** The whole body in a buffer of its own; otherwise like {@link ClientResponse.bytes}. */
  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer;
  }

  /** The whole body as a Blob of its type; otherwise like {@link ClientResponse.bytes}. */
  async blob(): Promise<Blob> {
    const type = this.header("content-type") ?? "";
    return new Blob([new Uint8Array(await this.bytes())], { type });
  }

  /**
   * The whole body as a form, multipart or urlencoded; otherwise like {@link ClientResponse.bytes}.
   * @throws TypeError when it is none
   */
  async formData(): Promise<FormData> {
    const headers = { "content-type": this.header("content-type") ?? "" };
    const body = new Uint8Array(await this.bytes());
    return cancellable(new Response(body, { headers }).formData());
  }

  /**
   * The whole body as text; otherwise like {@link ClientResponse.bytes}.
   *
   * Its encoding is what a byte order mark says, else the head, else the session's
   * `fallbackCharset`, else UTF-8. What is none of its characters becomes U+FFFD.
   *
   * @throws RangeError when `options.encoding` is not known
   */
  async text(options?: TextOptions): Promise<string> {
    const label = options?.encoding;
    if (label !== undefined) expectEncoding("options.encoding", label);
    const body = await this.bytes();
    return decodeText(body, encodingOf(label) ?? this.charset ?? this.#fallback(body));
  }

  #fallback(body: Uint8Array): string {
    const { fallbackCharset } = this.#rules;
    if (typeof fallbackCharset === "string") return fallbackCharset;
    return encodingOf(fallbackCharset(body, this.contentType)) ?? "utf-8";
  }

  /**
   * The whole body as JSON; otherwise like {@link ClientResponse.text}, but never in the session's
   * `fallbackCharset`: JSON is UTF-8 unless it says otherwise.
   *
   * @throws SyntaxError when it is not JSON
   * @throws {@link ContentTypeError} when it is said to be of another type than
   *   `options.contentType`; the response is released
   */
  async json<T = unknown>(options?: JsonOptions): Promise<T> {
    if (options?.contentType !== undefined) this.#expectType(options.contentType);
    const label = options?.encoding;
    if (label !== undefined) expectEncoding("options.encoding", label);
    const text = decodeText(await this.bytes(), encodingOf(label) ?? this.charset ?? "utf-8");
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new SyntaxError(`json on ${this[INSPECT]()}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #expectType(expected: string): void {
    const type = this.contentType?.type ?? "";
    const wanted = expected.toLowerCase();
    if (type === wanted || (wanted === "application/json" && type.endsWith("+json"))) return;
    this.release();
    throw new ContentTypeError(this.#head, this.status, this.statusText, type, expected);
  }

  /**
   * Does nothing if the status is below 400; otherwise releases the response.
   * @throws {@link ClientResponseError} for a status of 400 or more
   */
  raiseForStatus(): void {
    if (this.status < 400) return;
    this.release();
    throw new ClientResponseError(this.#head, this.status, this.statusText);
  }

  /**
   * Lets go of the connection, and of a body that was not read. A connection with more to come is
   * closed.
   */
  release(): void {
    this.#source.release();
  }

  /** Releases it, but lets a small body come: so its connection lives on. @internal */
  discard(): void {
    if (this.#source.discard === undefined) this.#source.release();
    else this.#source.discard();
  }

  /** Releases the response. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** Releases the response. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  /** @internal */
  [INSPECT](): string {
    const status = `${this.status} ${this.statusText}`.trimEnd();
    return `<ClientResponse ${this.method} ${redact(this.url)} ${status}>`;
  }
}

/** The whole body fits the buffer, so it comes without anybody reading it. */
function isSmall({ headers }: ResponseHead): boolean {
  const length = headers["content-length"];
  return typeof length === "string" && Number(length) < HIGH_WATER;
}
