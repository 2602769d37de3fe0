/*
 * The answer to a request, in the shape of WHATWG's Response with aiohttp's manners: a body may be
 * asked for again once it was read, and the response is released rather than left to be collected.
 *
 * Strategy: a thin face of a head and the source of its body, made when the head has come. On the
 * network both are the exchange. Undici holds that, nobody but the user holds the response: so one that was dropped unread is noticed when it is
 * collected, and its connection is released. Only a body that may not fit the buffer is watched
 * that way; a small one comes, and ends the exchange, by itself.
 */
import { INSPECT } from "../core/inspection.ts";
import { HIGH_WATER } from "./bodyBuffer.ts";
import type { BodySource } from "./bodySource.ts";
import { ClientResponseError } from "./responseErrors.ts";
import { toHeaders } from "./headers.ts";
import { redact } from "./redaction.ts";
import { ResponseBody } from "./responseBody.ts";
import type { ResponseHead } from "./responseHead.ts";

const NO_HISTORY: readonly ClientResponse[] = Object.freeze([]);
const dropped = new FinalizationRegistry<BodySource>((source) => source.orphan?.());
const utf8 = new TextDecoder();

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
  #headers: Headers | null = null;

  /** @internal */
  constructor(
    head: ResponseHead,
    source: BodySource,
    history: readonly ClientResponse[] = NO_HISTORY,
  ) {
    const { method, url, status, statusText } = head;
    this.method = method;
    this.url = url;
    this.status = status;
    this.statusText = statusText;
    this.ok = status >= 200 && status < 300;
    this.history = history;
    this.#head = head;
    this.#source = source;
    if (!source.done && !isSmall(head)) dropped.register(this, source);
  }

  /** The headers of the answer. */
  get headers(): Headers {
    this.#headers ??= toHeaders(this.#head.headers);
    return this.#headers;
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

  /** The next chunk of the body; null after the last. @internal */
  read(): Promise<Uint8Array | null> {
    return this.#source.read();
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
    return this.#source.readAll();
  }

  /**
   * The whole body as UTF-8 text, as WHATWG's `text()`; otherwise like {@link
   * ClientResponse.bytes}.
   */
  async text(): Promise<string> {
    return utf8.decode(await this.bytes());
  }

  /**
   * The whole body as JSON; otherwise like {@link ClientResponse.bytes}.
   * @throws SyntaxError when it is not JSON
   */
  async json<T = unknown>(): Promise<T> {
    const text = await this.text();
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new SyntaxError(`json on ${this[INSPECT]()}: ${(error as Error).message}`, {
        cause: error,
      });
    }
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
