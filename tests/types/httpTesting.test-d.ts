/**
 * What the compiler must know about cookies, credentials, mocks and cassettes. Checked by
 * tests/project/types.test.ts; never run.
 */
import {
  type AbstractCookieJar,
  type Auth,
  basicAuth,
  bearerAuth,
  Cassette,
  ClientSession,
  Cookie,
  CookieJar,
  digestAuth,
  DummyCookieJar,
  type Middleware,
  MockTransport,
  Netrc,
  type Transport,
} from "ambit/http";
import { expectTypeOf, test } from "vitest";

declare const session: ClientSession;
declare const jar: CookieJar;
declare const mock: MockTransport;

test("cookies come as an object or as pairs, and a jar is iterated", () => {
  void new ClientSession({ cookies: { a: "1" }, cookieJar: new DummyCookieJar() });
  void new ClientSession({ cookies: false });
  void session.get("/", { cookies: new Map([["a", "1"]]) });
  // @ts-expect-error: a value is a string
  void session.get("/", { cookies: { a: 1 } });
  // @ts-expect-error: only a session can do without a jar
  void session.get("/", { cookies: false });
  expectTypeOf(jar).toExtend<AbstractCookieJar>();
  expectTypeOf([...jar]).toEqualTypeOf<Cookie[]>();
  jar.save("path", { format: "netscape" });
  // @ts-expect-error: there is no such format
  jar.save("path", { format: "xml" });
  // @ts-expect-error: cookies are made by jars
  void new Cookie({ name: "a" });
});

test("who a request is from has several shapes", () => {
  const own: Auth = { authorization: async () => "Own x" };
  for (const auth of [{ login: "a", password: "b" }, "Bearer x", basicAuth("a", "b"), own])
    void new ClientSession({ auth, netrc: true });
  void session.get("/", { auth: bearerAuth(async () => "token") });
  void session.get("/", { auth: null });
  // @ts-expect-error: a session has no other to be without
  void new ClientSession({ auth: null });
  // @ts-expect-error: a login is needed
  void session.get("/", { auth: { password: "b" } });
  expectTypeOf(Netrc.parse("").lookup("h")?.login).toEqualTypeOf<string | undefined>();
  expectTypeOf(digestAuth("a", "b", { preemptive: false })).toEqualTypeOf<Middleware>();
  // @ts-expect-error: there is no such option
  void digestAuth("a", "b", { algorithm: "MD5" });
});

test("a mock answers with what is made of requests", () => {
  expectTypeOf(mock).toExtend<Transport>();
  mock
    .get("/")
    .reply(200, { json: [1] }, { "set-cookie": ["a=1", "b=2"] })
    .times(2)
    .delay(1);
  mock.get(/x/, { headers: { a: /b/, c: null } }).reply(async ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<Readonly<Record<string, string>>>();
    return new Response("made");
  });
  void new MockTransport(({ json, cookies }) => ({ body: [json(), cookies["a"]] }));
  // @ts-expect-error: a status is a number
  mock.get("/").reply("200");
  // @ts-expect-error: a body is no number
  mock.get("/").reply(200, 7);
});

test("a cassette has modes and parts to match", () => {
  expectTypeOf(new Cassette("path").mode).toEqualTypeOf<"record" | "replay">();
  void new Cassette("path", { mode: "auto", match: ["method", "header:x"], network: mock });
  void new Cassette("path", {
    network: { timeout: 5 },
    match: (live, { url }) => live.url === url,
  });
  // @ts-expect-error: there is no such part
  void new Cassette("path", { match: ["host"] });
  // @ts-expect-error: there is no such mode
  void new Cassette("path", { mode: "update" });
});
