/**
 * What the compiler must know about the HTTP client. Checked by tests/project/types.test.ts; never
 * run.
 */
import { type TimeoutError } from "ambit";
import {
  ClientConnectionError,
  ClientError,
  type ClientResponse,
  ClientResponseError,
  ClientSession,
  ClientTimeoutError,
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
});

test("instanceof tells the errors apart", () => {
  if (thrown instanceof ClientError) expectTypeOf(thrown.url).toBeString();
  if (thrown instanceof ClientConnectionError) {
    expectTypeOf(thrown.code).toEqualTypeOf<string | undefined>();
  }
  if (thrown instanceof ClientResponseError) expectTypeOf(thrown.status).toBeNumber();
  if (thrown instanceof ClientTimeoutError) expectTypeOf(thrown).toExtend<TimeoutError>();
});
