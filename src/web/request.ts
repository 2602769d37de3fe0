/*
 * ServerRequest: a request as handlers and middlewares see it.
 *
 * Strategy: shaped as the WHATWG's `Request` where that has a word for it, and lazy in everything: what no handler asks
 * for is never parsed. No AbortController: the request is a task, and its waits are cancelled with it; `signal` is made
 * for code that wants one. Its methods are `private`, not `#private`: one exists for each request, and those would
 * brand it.
 */
import type { Task } from "../core/task.ts";
import type { AppContext } from "./appContext.ts";
import { RequestCookies } from "./cookies.ts";
import { sendEarlyHints, sendInformation } from "./earlyHints.ts";
import type { Exchange, Peer } from "./exchange.ts";
import { decodedIncoming } from "./decodedIncoming.ts";
import type { Form } from "./form.ts";
import { formDataOf } from "./formDataOf.ts";
import type { FormOptions } from "./formOptions.ts";
import { readForm, readParts } from "./formReader.ts";
import { BadRequest } from "./httpError.ts";
import { type HeadersInput, ReplyHeaders } from "./replyHeaders.ts";
import { RequestBody } from "./requestBody.ts";
import { RequestHeaders } from "./requestHeaders.ts";
import type { OnDisconnect, RouteOptions } from "./routeOptions.ts";
import { type Origin, originOf } from "./origin.ts";
import type { Part } from "./part.ts";

/** The route that a request was matched to. */
export interface MatchedRoute {
  /** As it was written: `/users/:id<int>`. */
  readonly path: string;
  /** In capitals; `*` for every method. */
  readonly method: string;
  readonly options: RouteOptions;
}

/** What a request is made of. @internal */
export interface RequestParts {
  readonly exchange: Exchange;
  readonly app: AppContext<never>;
  /** The path as the router sees it, percent-encoded, without the query. */
  readonly path: string;
  /** What follows the `?`, or the empty string. */
  readonly search: string;
  /** The authority: of an absolute target, else the Host header. */
  readonly authority: string;
}

/** Until there is something: one for all, so that a request makes none. */
const NOTHING: object = Object.freeze({});

/**
 * A request.
 *
 * `Params` is what the path holds, `State` what middlewares have added, `App` the application's state and `Valid` what
 * was validated by the route's schemas; all four are inferred where a handler is written.
 */
export class ServerRequest<
  Params = Record<string, string>,
  State = object,
  App = object,
  Valid = object,
> {
  /** In capitals, as it was sent. */
  readonly method: string;
  /** The path, percent-encoded, without the query: what the router saw. */
  readonly path: string;
  /** The application. */
  readonly app: AppContext<App>;
  /** What the path holds, decoded. */
  params: Params = NOTHING as Params;
  /** What was validated by the route's schemas. */
  valid: Valid = NOTHING as Valid;
  /** The route; null while none was found. */
  route: MatchedRoute | null = null;
  /** @internal */
  readonly exchange: Exchange;
  /** The task that handles it. @internal */
  ownTask: Task<unknown> | null = null;
  /** How large the body may be, in bytes, also when it was compressed. @internal */
  bodyLimit = 1024 * 1024;
  readonly #search: string;
  readonly #authority: string;
  #state: State | null = null;
  #headers: RequestHeaders | null = null;
  #replyHeaders: ReplyHeaders | null = null;
  #body: RequestBody | null = null;
  #form: Promise<Form> | null = null;
  #query: URLSearchParams | null = null;
  #cookies: RequestCookies | null = null;
  #origin: Origin | null = null;

  /** What becomes of it when its client leaves; null until its route is known. @internal */
  onDisconnect: OnDisconnect | null = null;

  /** @internal */
  constructor(parts: RequestParts) {
    const { exchange } = parts;
    this.exchange = exchange;
    this.method = exchange.method;
    this.path = parts.path;
    this.app = parts.app;
    this.#search = parts.search;
    this.#authority = parts.authority;
  }

  /** What middlewares have added. */
  get state(): State {
    return (this.#state ??= {} as State);
  }

  /** The authority: of an absolute target, else the Host header. @internal */
  get authority(): string {
    return this.#authority;
  }

  /** The headers, as they were sent. */
  get headers(): RequestHeaders {
    return (this.#headers ??= new RequestHeaders(this.exchange.rawHeaders));
  }

  /** The query. */
  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#search));
  }

  /** The cookies. */
  get cookies(): RequestCookies {
    return (this.#cookies ??= new RequestCookies(this.headers.get("cookie")));
  }

  /** What follows the path, the `?` included; the empty string without a query. */
  get search(): string {
    return this.#search === "" ? "" : `?${this.#search}`;
  }

  /** The whole URL, as far as proxies are trusted. */
  get url(): URL {
    try {
      return new URL(`${this.scheme}://${this.host}${this.path}${this.search}`);
    } catch (error) {
      throw new BadRequest(`the request has no valid URL: host ${this.host}`, { cause: error });
    }
  }

  /** Who is at the other end of the connection: the last proxy, when there is one. */
  get peer(): Peer {
    return this.exchange.peer;
  }

  /** The client's address, as far as proxies are trusted (`trustProxy`). */
  get ip(): string {
    return this.client().ip;
  }

  /** `http` or `https`, as far as proxies are trusted. */
  get scheme(): string {
    return this.client().scheme;
  }

  /** The host that was asked for, with its port, as far as proxies are trusted. */
  get host(): string {
    return this.client().host;
  }

  /** Whether a trusted proxy is at the other end of the connection. */
  get viaProxy(): boolean {
    return this.client().viaProxy;
  }

  /** `1.0`, `1.1` or `2.0`. */
  get httpVersion(): string {
    return this.exchange.httpVersion;
  }

  /** Headers that go onto whatever is answered, an error page included. */
  get replyHeaders(): ReplyHeaders {
    return (this.#replyHeaders ??= new ReplyHeaders());
  }

  /** The headers that go onto any answer, if somebody asked for them. @internal */
  get ownReplyHeaders(): ReplyHeaders | null {
    return this.#replyHeaders;
  }

  /**
   * The body: an async iterable of its pieces, or read as a whole. One that came compressed, by gzip, deflate or br, is
   * decoded; the route's `bodyLimit` holds for what it is then.
   * @throws {@link UnsupportedMediaType} for another coding, or where the route has `decompress: false`
   */
  get body(): RequestBody {
    return (this.#body ??= this.openBody());
  }

  /**
   * The whole body.
   * @throws {@link PayloadTooLarge} past the route's limit
   */
  bytes(): Promise<Uint8Array> {
    return this.body.bytes();
  }

  /**
   * The whole body as text, by the charset of its media type; UTF-8 without one.
   * @throws {@link PayloadTooLarge} past the route's limit
   */
  text(): Promise<string> {
    return this.body.text();
  }

  /**
   * The whole body as JSON. Any media type will do.
   * @throws {@link BadRequest} when it's no JSON
   * @throws {@link PayloadTooLarge} past the route's limit
   */
  json(): Promise<unknown> {
    return this.body.json();
  }

  /**
   * The form in the body: urlencoded, or multipart with files. May be called again, and gives the same.
   *
   * **Cancellation:** what came is lost; no temporary file is left.
   *
   * @param options how much is taken in; of the first call
   * @throws {@link UnsupportedMediaType} when the body is no form
   * @throws {@link BadRequest} when it is a broken one, or was cut off
   * @throws {@link PayloadTooLarge} past the limits of `options`, and past the route's
   */
  form(options: FormOptions = {}): Promise<Form> {
    return (this.#form ??= readForm(this, options));
  }

  /**
   * The parts of a multipart body, one after the other, while they come: for files that are larger than what may wait
   * anywhere. The route's `bodyLimit` and `bodyTimeout` want to be raised for it.
   *
   * **Cancellation:** what came is lost.
   *
   * @throws {@link UnsupportedMediaType} when the body is not multipart
   */
  parts(options: FormOptions = {}): AsyncGenerator<Part, void> {
    return readParts(this, options);
  }

  /**
   * The form in the body as the WHATWG's `FormData`, with its files in memory.
   * @throws as {@link ServerRequest.form}
   */
  async formData(options: FormOptions = {}): Promise<FormData> {
    return formDataOf(await this.form(options));
  }

  /**
   * Sends an informational answer, before the answer itself: 102, or 103 with `Link`. Dropped for a client that has the
   * head of the answer already, or speaks HTTP/1.0.
   * @throws RangeError for another status
   */
  inform(status: 102 | 103, headers: HeadersInput = []): void {
    sendInformation(this.exchange, status, headers);
  }

  /**
   * Tells the browser what the page will need, so that it fetches that while the page is made (103, RFC 8297).
   * @param links values of `Link`: `</style.css>; rel=preload; as=style`
   * @throws RangeError for what is no such value
   */
  earlyHints(...links: readonly string[]): void {
    sendEarlyHints(this.exchange, links);
  }

  /** The task that handles the request. */
  get task(): Task<unknown> {
    return this.ownTask as Task<unknown>;
  }

  /** Aborted when the request is cancelled; made when first asked for. */
  get signal(): AbortSignal {
    return this.task.signal;
  }

  private openBody(): RequestBody {
    const { incoming } = this.exchange;
    const { headers } = this;
    if (incoming === null) return new RequestBody(null, headers);
    const coding = headers.get("content-encoding");
    const allowed = this.route?.options.decompress ?? true;
    return new RequestBody(
      decodedIncoming(incoming, coding, this.bodyLimit, allowed, this.ownTask),
      headers,
    );
  }

  private client(): Origin {
    return (this.#origin ??= originOf(this.exchange, this.headers, this.#authority, this.app));
  }
}
