/*
 * Redirects: what is sent next, what is dropped on the way, and where it ends.
 *
 * Without a network, but for the last part: what becomes of connections is seen over real sockets
 * only, in real time.
 */
import { createTask } from "ambit";
import {
  ClientError,
  ClientResponseError,
  ClientSession,
  InvalidUrlError,
  RedirectUrlError,
  RequestBodyError,
  type RequestOptions,
  TooManyRedirectsError,
} from "ambit/http";
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { describe, expect, test } from "vitest";
import { Origin, RawOrigin, until } from "./origin.ts";
import { type Scripted, ScriptedTransport, type Seen } from "./scripted.ts";

/** Redirects from the first URL to `location`; answers 200 there. */
function redirecting(status: number, location: string): ScriptedTransport {
  return new ScriptedTransport((_, index) => {
    return index === 0 ? { status, headers: { location } } : { text: "there" };
  });
}

/** What is sent after a redirect. */
async function second(
  status: number,
  location: string,
  method = "GET",
  options: RequestOptions = {},
  url = "http://a.test/dir/page?q#top",
): Promise<Seen> {
  const transport = redirecting(status, location);
  await using session = new ClientSession({ transport });
  await session.request(method, url, options);
  expect(transport.seen).toHaveLength(2);
  return transport.seen[1] as Seen;
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("the next request", () => {
  test.each([
    [301, "POST", "GET", null],
    [302, "POST", "GET", null],
    [303, "POST", "GET", null],
    [303, "PUT", "GET", null],
    [303, "DELETE", "GET", null],
    [301, "PUT", "PUT", "body"],
    [302, "PATCH", "PATCH", "body"],
    [307, "POST", "POST", "body"],
    [308, "POST", "POST", "body"],
    [308, "PUT", "PUT", "body"],
  ])("after a %i to a %s is a %s", async (status, method, next, body) => {
    const seen = await second(status, "/there", method, { body: "body" });
    expect(seen.what).toBe(`${next} http://a.test/there#top`);
    expect(seen.body).toBe(body);
    expect(seen.headers["content-type"]).toBe(
      body === null ? undefined : "text/plain;charset=UTF-8",
    );
    expect(seen.hop).toBe(1);
  });

  test.each([301, 302, 303, 307, 308])("after a %i stays a HEAD", async (status) => {
    expect((await second(status, "/there", "HEAD")).what).toMatch(/^HEAD /);
  });

  test.each([
    ["/abs?x=1", "http://a.test/abs?x=1#top"],
    ["other", "http://a.test/dir/other#top"],
    ["?only=query", "http://a.test/dir/page?only=query#top"],
    ["//b.test/x", "http://b.test/x#top"],
    ["https://a.test/x", "https://a.test/x#top"],
    ["/x#end", "http://a.test/x#end"],
    ["", "http://a.test/dir/page?q#top"],
    ["/é", "http://a.test/%C3%A9#top"],
    ["/a/.b/../c?d=/../", "http://a.test/a/c?d=/../#top"],
    ["http://b.test/.b.c/./d/..", "http://b.test/.b.c/#top"],
  ])("goes to %o, resolved: %s", async (location, url) => {
    expect((await second(302, location)).url).toBe(url);
  });

  test("keeps what the caller set, but what described a body that is dropped", async () => {
    const headers = { "x-one": "1", "content-language": "de", authorization: "Basic eA==" };
    const seen = await second(303, "/there", "POST", { headers, body: "x" });
    expect(seen.headers).toMatchObject({ "x-one": "1", authorization: "Basic eA==" });
    expect(Object.keys(seen.headers).filter((name) => name.startsWith("content"))).toEqual([]);
  });

  test.each([
    ["to another host", "http://a.test/", "http://b.test/"],
    ["to another port", "http://a.test/", "http://a.test:81/"],
    ["from https to http", "https://a.test/", "http://a.test/"],
    ["from http to https", "http://a.test/", "https://a.test/"],
  ])("%s has no credentials", async (_, from, to) => {
    const headers = {
      authorization: "Bearer x",
      cookie: "a=b",
      "proxy-authorization": "Basic y",
      "x-one": "1",
    };
    const seen = await second(302, to, "GET", { headers }, from);
    expect(seen.headers).toMatchObject({ "x-one": "1" });
    for (const name of ["authorization", "cookie", "proxy-authorization"])
      expect(seen.headers).not.toHaveProperty(name);
  });

  test("to another host has no user info of the URL either", async () => {
    const to = await second(302, "http://b.test/", "GET", {}, "http://me:pw@a.test/");
    expect(to.headers).not.toHaveProperty("authorization");
    const same = await second(302, "/x", "GET", {}, "http://me:pw@a.test/");
    expect(same.headers["authorization"]).toBe(`Basic ${btoa("me:pw")}`);
  });

  test("once credentials were dropped, gets none back when it returns", async () => {
    const transport = new ScriptedTransport((_, index) => {
      const location = ["http://b.test/", "http://a.test/"][index];
      return location === undefined ? {} : { status: 302, headers: { location } };
    });
    await using session = new ClientSession({ transport });
    await session.get("http://a.test/", { headers: { authorization: "Bearer x" } });
    expect(transport.seen.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer x",
      undefined,
      undefined,
    ]);
  });
});

describe("a redirect", () => {
  test.each([300, 304, 305, 306, 399])("is none with status %i", async (status) => {
    const transport = redirecting(status, "/there");
    await using session = new ClientSession({ transport });
    expect((await session.get("http://a.test/")).status).toBe(status);
    expect(transport.seen).toHaveLength(1);
  });

  test("is none without a location", async () => {
    const transport = new ScriptedTransport(() => ({ status: 302 }));
    await using session = new ClientSession({ transport });
    expect((await session.get("http://a.test/")).status).toBe(302);
  });

  test.each([
    ["http://h:99999/?token=SECRET", "not a valid URL"],
    ["ftp://h/x", "`ftp:` is not http: or https:"],
    ["javascript:alert(1)", "`javascript:` is not http: or https:"],
    ["http://", "not a valid URL"],
  ])("to %s is an error", async (location, words) => {
    const transport = redirecting(302, location);
    await using session = new ClientSession({ transport });
    const error = (await failure(session.get("http://a.test/"))) as ClientError;
    expect(error).toBeInstanceOf(RedirectUrlError);
    expect(error).toBeInstanceOf(InvalidUrlError);
    expect(error.message).toContain(`the server redirects here: ${words}`);
    expect(error.message).not.toContain("SECRET");
    expect(transport.released).toBe(1);
  });

  test("that needs a body which cannot be sent again is an error, and tells what to do", async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
    }
    const transport = redirecting(307, "/there");
    await using session = new ClientSession({ transport });
    const error = await failure(session.post("http://a.test/", { body: chunks() }));
    expect(error).toBeInstanceOf(RequestBodyError);
    expect((error as Error).message).toContain("set `redirects: false`");
    expect(transport.released).toBe(1);
    const see = await second(303, "/there", "POST", { body: chunks() });
    expect(see.body).toBeNull();
  });
});

describe("the number of redirects", () => {
  const endless = (): ScriptedTransport =>
    new ScriptedTransport((_, index) => ({ status: 302, headers: { location: `/${index + 1}` } }));

  test("is ten at most, and the error has them all", async () => {
    const transport = endless();
    await using session = new ClientSession({ transport });
    const error = await failure(session.get("http://a.test/0"));
    expect(error).toBeInstanceOf(TooManyRedirectsError);
    expect(error).toBeInstanceOf(ClientResponseError);
    expect(error).toMatchObject({
      message: "GET http://a.test/10: too many redirects: 10 were followed",
      status: 302,
    });
    const { history } = error as TooManyRedirectsError;
    expect(history.map(({ url }) => url)).toEqual(
      Array.from({ length: 11 }, (_, index) => `http://a.test/${index}`),
    );
    expect([transport.seen.length, transport.released]).toEqual([11, 11]);
  });

  test.each([
    [{ redirects: 2 }, {}, 3],
    [{}, { redirects: 1 }, 2],
    [{ redirects: 2 }, { redirects: 0 }, 1],
    [{ redirects: false }, { redirects: true }, 11],
    [{ redirects: false }, {}, 1],
  ])("is as session %o and request %o say", async (common, own, sent) => {
    const transport = endless();
    await using session = new ClientSession({ transport, ...common });
    await failure(session.get("http://a.test/0", own));
    expect(transport.seen).toHaveLength(sent);
  });

  test.each([[-1], [1.5], ["3"]])("cannot be %o", (redirects) => {
    expect(() => new ClientSession({ redirects: redirects as number })).toThrow(
      "Expected `options.redirects` to be an integer of at least 0",
    );
  });

  test("and the origins on the way never let credentials out of their origin", async () => {
    const hosts = ["http://a.test", "https://a.test", "http://b.test", "http://a.test:81"];
    const path = array(constantFrom(...hosts), { minLength: 1, maxLength: 9 });
    await assert(
      asyncProperty(path, async (ways) => {
        const transport = new ScriptedTransport((_, index): Scripted => {
          const host = ways[index];
          return host === undefined ? {} : { status: 307, headers: { location: `${host}/` } };
        });
        await using session = new ClientSession({ transport });
        await session.get("http://a.test/", { headers: { authorization: "Bearer x" } });
        const left = transport.seen.findIndex(({ url }) => url !== "http://a.test/");
        for (const [index, { headers }] of transport.seen.entries())
          expect("authorization" in headers).toBe(left < 0 || index < left);
      }),
      { numRuns: 50 },
    );
  });
});

describe("over the network", () => {
  /** Redirects `/N` to `/N-1`, with a body of `size` bytes, if that is few; `/0` says hello. */
  function countdown(size: number): Promise<Origin> {
    return Origin.start((request, answer) => {
      const number = Number(request.url?.slice(1));
      if (number === 0) return answer.end("hello");
      answer.writeHead(302, { location: `/${number - 1}`, "content-length": size });
      return size > 1000 ? answer.write("x") : answer.end("x".repeat(size));
    });
  }

  test("a plain request follows them over one connection", async () => {
    await using origin = await countdown(100);
    await using session = new ClientSession({ limit: 1 });
    const response = await session.get(`${origin.url}/5`);
    expect(await response.text()).toBe("hello");
    expect(response.url).toBe(`${origin.url}/0`);
    expect(response.history.map(({ status, url }) => `${status} ${url}`)).toEqual(
      [5, 4, 3, 2, 1].map((number) => `302 ${origin.url}/${number}`),
    );
    expect(response.history[1]?.history.map(({ url }) => url)).toEqual([`${origin.url}/5`]);
    expect([origin.seen.length, origin.connections]).toEqual([6, 1]);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("a big body of a redirect is not fetched", async () => {
    await using origin = await countdown(50_000_000);
    await using session = new ClientSession({ limit: 1 });
    expect(await (await session.get(`${origin.url}/2`)).text()).toBe("hello");
    expect(origin.connections).toBe(3);
    await until(() => origin.aborted.length === 2);
  });

  test("a small body that does not come holds nobody up for long", async () => {
    let asked = 0;
    await using origin = await RawOrigin.start((socket) => {
      const there = ++asked > 1;
      socket.write(
        there
          ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
          : "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 5\r\n\r\n",
      );
    });
    await using session = new ClientSession({ limit: 1 });
    expect(await (await session.get(origin.url)).text()).toBe("ok");
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("they share one total timeout", async () => {
    await using origin = await Origin.start((request, answer) => {
      if (request.url === "/hang") return;
      setTimeout(() => answer.writeHead(302, { location: "/hang" }).end(), 40);
    });
    await using session = new ClientSession({ timeout: 70 });
    const begin = performance.now();
    const error = await failure(session.get(`${origin.url}/`));
    expect(error).toMatchObject({ name: "ClientTimeoutError", kind: "total", deadlineMs: 70 });
    expect((error as Error).message).toContain("/hang: timed out after 70 ms");
    // Two clocks would end it after 40 + 70 at the earliest.
    expect(performance.now() - begin).toBeLessThan(108);
  });

  test.each([1, 2, 3])("a cancel at hop %i closes the request", async (hops) => {
    await using origin = await Origin.start((request, answer) => {
      const number = Number(request.url?.slice(1));
      if (number < hops) answer.writeHead(302, { location: `/${number + 1}` }).end();
    });
    await using session = new ClientSession({ limit: 1 });
    const task = createTask(() => session.get(`${origin.url}/0`));
    await until(() => origin.seen.length === hops + 1);
    task.cancel();
    expect(await failure((async () => task)())).toMatchObject({ name: "CancelledError" });
    await until(() => origin.aborted.length === 1);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("a signal ends it between two hops, with its reason", async () => {
    const why = new Error("enough");
    const controller = new AbortController();
    await using origin = await Origin.start((request, answer) => {
      if (request.url === "/next") controller.abort(why);
      else answer.writeHead(302, { location: "/next" }).end();
    });
    await using session = new ClientSession();
    const work = session.get(origin.url, { signal: controller.signal });
    expect(await failure(work)).toBe(why);
    await until(() => origin.open === 0);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });
});
