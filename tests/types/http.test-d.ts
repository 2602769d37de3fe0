/**
 * What the compiler must know about the HTTP client. Checked by tests/project/types.test.ts; never
 * run.
 */
import { type TimeoutError } from "ambit";
import type { ContentDisposition, ContentType, Cookie, Link, ResponseReader } from "ambit/http";
import type { StreamReader } from "ambit/streams";
import type { ReadableStream } from "node:stream/web";
import {
  ClientConnectionError,
  ClientError,
  type ClientRequest,
  type ClientResponse,
  ClientResponseError,
  ClientSession,
  ClientTimeoutError,
  type CommonOptions,
  type Middleware,
  RetryPolicy,
  TooManyRedirectsError,
  type TraceConfig,
} from "ambit/http";
import { expectTypeOf, test } from "vitest";

declare const session: ClientSession;
declare const response: ClientResponse;
declare const thrown: unknown;

test("a request gives a response, and takes headers and params in their usual shapes", () => {
  expectTypeOf(session.get("/")).toEqualTypeOf<Promise<ClientResponse>>();
  void session.get(new URL("http://h/"), { headers: new Headers(), params: new URLSearchParams() });
  void session.request("PUT", "/", { headers: [["a", "b"]], params: { page: 1, all: true } });
  // @ts-expect-error: a header is a string
  void session.get("/", { headers: { a: 1 } });
  // @ts-expect-error: there is no such option
  void session.get("/", { followRedirects: true });
});

test("a timeout is a number or an object", () => {
  expectTypeOf(ClientSession).toBeConstructibleWith({ timeout: 5000, limit: 10 });
  expectTypeOf(ClientSession).toBeConstructibleWith({ timeout: { total: Infinity } });
  // @ts-expect-error: milliseconds are no text
  void new ClientSession({ timeout: "5s" });
});

test("the body has a type in each form", () => {
  expectTypeOf(response.bytes()).toEqualTypeOf<Promise<Uint8Array>>();
  expectTypeOf(response.text()).toEqualTypeOf<Promise<string>>();
  expectTypeOf(response.json()).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(response.json<{ a: number }>()).toEqualTypeOf<Promise<{ a: number }>>();
  expectTypeOf(response.body).toExtend<AsyncIterable<Uint8Array>>();
  expectTypeOf(response.headers).toEqualTypeOf<Headers>();
  expectTypeOf(response.arrayBuffer()).toEqualTypeOf<Promise<ArrayBuffer>>();
  expectTypeOf(response.blob()).toEqualTypeOf<Promise<Blob>>();
  void response.text({ encoding: "latin1" });
  void response.json({ contentType: "application/json" });
  // @ts-expect-error: an encoding is a label
  void response.text({ encoding: 1 });
});

test("a reader is one of ambit/streams, and gives lines as text", () => {
  expectTypeOf(response.reader).toExtend<StreamReader>();
  expectTypeOf(response.openReader({ limit: 5, resumable: true })).toEqualTypeOf<ResponseReader>();
  expectTypeOf(response.reader.iterLines()).toExtend<AsyncIterable<string>>();
  expectTypeOf(response.reader.iterChunked(3)).toExtend<AsyncIterable<Buffer>>();
  expectTypeOf(response.body.stream()).toExtend<ReadableStream<Uint8Array>>();
  // @ts-expect-error: pieces have a size
  response.reader.iterChunked();
});

test("what the head says has a type", () => {
  expectTypeOf(response.links.get("next")).toEqualTypeOf<Link | undefined>();
  expectTypeOf(response.contentType).toEqualTypeOf<ContentType | null>();
  expectTypeOf(response.contentDisposition).toEqualTypeOf<ContentDisposition | null>();
  expectTypeOf(response.history).toEqualTypeOf<readonly ClientResponse[]>();
  expectTypeOf(response.cookies).toEqualTypeOf<readonly Cookie[]>();
});

test("instanceof tells the errors apart", () => {
  if (thrown instanceof ClientError) expectTypeOf(thrown.url).toBeString();
  if (thrown instanceof ClientConnectionError) {
    expectTypeOf(thrown.code).toEqualTypeOf<string | undefined>();
  }
  if (thrown instanceof ClientResponseError) expectTypeOf(thrown.status).toBeNumber();
  if (thrown instanceof ClientTimeoutError) expectTypeOf(thrown).toExtend<TimeoutError>();
});

test("what a session and a request may both say is typed alike", () => {
  const common = {
    timeout: { total: 1, connect: 2, socketConnect: 3, socketRead: 4 },
    raiseForStatus: async (each: ClientResponse) => void (await each.bytes()),
    redirects: 3,
    retry: { attempts: 5, budget: null, statuses: [503], methods: new Set(["POST"]) },
  } satisfies CommonOptions;
  expectTypeOf(ClientSession).toBeConstructibleWith(common);
  void session.post("/", { ...common, body: "x", expectContinue: true });
  expectTypeOf(ClientSession).toBeConstructibleWith({ retry: new RetryPolicy(), redirects: false });
  // @ts-expect-error: there is no such clock
  void session.get("/", { timeout: { headers: 5 } });
  // @ts-expect-error: a hook is a function
  void session.get("/", { retry: { onRetry: true } });
});

test("a middleware gets a request that it may change, and gives a response", () => {
  const middleware: Middleware = async (request, next) => {
    expectTypeOf(request).toEqualTypeOf<ClientRequest>();
    expectTypeOf(next).toEqualTypeOf<(request: ClientRequest) => Promise<ClientResponse>>();
    request.method = "PUT";
    request.url = new URL("/other", request.url);
    // @ts-expect-error: which attempt it is, is not for it to say
    request.attempt = 2;
    return next(request.clone());
  };
  expectTypeOf(ClientSession).toBeConstructibleWith({ middlewares: [middleware] });
  // @ts-expect-error: it has to give a response
  void session.get("/", { middlewares: [async () => undefined] });
});

test("a trace has its own kind of context", () => {
  const trace: TraceConfig<{ begin: number }> = {
    createContext: () => ({ begin: 0 }),
    onRequestEnd: (context, { response: end }) => {
      expectTypeOf(context.begin).toBeNumber();
      expectTypeOf(end).toEqualTypeOf<ClientResponse>();
    },
    onDnsCacheHit: (_, { host }) => expectTypeOf(host).toBeString(),
  };
  expectTypeOf(ClientSession).toBeConstructibleWith({ traces: [trace, {}] });
  // @ts-expect-error: there is no such signal
  const wrong: TraceConfig = { onRequestDone: () => undefined };
  void wrong;
});

test("errors tell more by class", () => {
  if (thrown instanceof ClientError) expectTypeOf(thrown.attempt).toBeNumber();
  if (thrown instanceof ClientTimeoutError) {
    expectTypeOf(thrown.kind).toEqualTypeOf<"total" | "connect" | "socketConnect" | "socketRead">();
  }
  if (thrown instanceof TooManyRedirectsError) {
    expectTypeOf(thrown.history).toEqualTypeOf<readonly ClientResponse[]>();
    expectTypeOf(thrown.status).toBeNumber();
  }
});
