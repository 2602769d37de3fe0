/*
 * Cookies and credentials as a session sends them, hop by hop. In virtual time, over a mock; one test
 * over real sockets, for what a mock cannot show.
 */
import { sleep } from "ambit";
import {
  basicAuth,
  bearerAuth,
  ClientSession,
  CookieJar,
  DummyCookieJar,
  MockTransport,
  Netrc,
  type RequestOptions,
  type SessionOptions,
} from "ambit/http";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { Origin } from "./origin.ts";

/** Answers with the cookies and the authorization that came; redirects where `to` says. */
function mirror(): MockTransport {
  return new MockTransport(({ url, headers }) => {
    const [to, set] = [url.searchParams.get("to"), url.searchParams.getAll("set")];
    const head = {
      ...(to === null ? {} : { location: to }),
      ...(set.length === 0 ? {} : { "set-cookie": set }),
    };
    const sent = [headers.get("cookie") ?? "-", headers.get("authorization") ?? "-"];
    return { status: to === null ? 200 : 307, headers: head, body: sent.join(" | ") };
  });
}

/** What the last of the requests to the URLs sent. */
async function sent(
  session: SessionOptions,
  urls: readonly string[],
  options: RequestOptions = {},
): Promise<string> {
  return runVirtual(async () => {
    await using client = new ClientSession({ transport: mirror(), ...session });
    let last = "";
    for (const url of urls) last = await (await client.get(url, options)).text();
    return last;
  });
}

const A = "http://a.test/";
const B = "http://b.test/";
const via = (...urls: string[]): string =>
  urls.reduceRight((to, from) => `${from}?to=${encodeURIComponent(to)}`);

describe("cookies of a session", () => {
  test.each<[string, SessionOptions, string[], RequestOptions, string]>([
    ["that a server set come back to it", {}, [`${A}?set=x=1&set=y=2`, A], {}, "x=1; y=2"],
    ["do not go elsewhere", {}, [`${A}?set=x=1`, B], {}, "-"],
    ["set by a redirect are there at once", {}, [`${A}?set=x=1&to=/next`], {}, "x=1"],
    [
      "to begin with are for the host of the base URL",
      { baseUrl: A, cookies: { x: "1" } },
      ["p"],
      {},
      "x=1",
    ],
    ["for that host alone", { baseUrl: A, cookies: { x: "1" } }, [B], {}, "-"],
    ["to begin with are for every host without one", { cookies: { x: "1" } }, [A, B], {}, "x=1"],
    [
      "give way to the request's own",
      { cookies: { x: "1", y: "2" } },
      [A],
      { cookies: { x: "3" } },
      "y=2; x=3",
    ],
    [
      "give way to a header",
      { cookies: { x: "1", y: "2" } },
      [A],
      { headers: { cookie: "x=3" } },
      "y=2; x=3",
    ],
    ["are none, if there are to be none", { cookies: false }, [`${A}?set=x=1`, A], {}, "-"],
    ["are none in a dummy jar", { cookieJar: new DummyCookieJar() }, [`${A}?set=x=1`, A], {}, "-"],
    [
      "are not needed for the request's own",
      { cookies: false },
      [A],
      { cookies: { x: "1" } },
      "x=1",
    ],
    [
      "of the request go along a redirect within the origin",
      {},
      [via(A, `${A}b`)],
      { cookies: { x: "1" } },
      "x=1",
    ],
    ["of the request do not leave the origin", {}, [via(A, B)], { cookies: { x: "1" } }, "-"],
    ["of the request do not come back either", {}, [via(A, B, A)], { cookies: { x: "1" } }, "-"],
    ["of the jar go by the host, redirected or not", {}, [`${B}?set=x=1`, via(A, B)], {}, "x=1"],
  ])("%s", async (_, session, urls, options, expected) => {
    expect(await sent(session, urls, options)).toBe(`${expected} | -`);
  });

  test("that the request brings are not kept", async () => {
    await runVirtual(async () => {
      const jar = new CookieJar();
      await using session = new ClientSession({ transport: mirror(), cookieJar: jar });
      await session.get(A, { cookies: { x: "1" } });
      expect(jar.size).toBe(0);
    });
  });

  test("are shared by the sessions of a jar, and expire in virtual time", async () => {
    await runVirtual(async () => {
      const cookieJar = new CookieJar();
      await using one = new ClientSession({ transport: mirror(), cookieJar });
      await using two = new ClientSession({ transport: mirror(), cookieJar });
      await one.get(`${A}?set=x=1%3B%20Max-Age=60`);
      expect(await (await two.get(A)).text()).toBe("x=1 | -");
      await sleep(60_000);
      expect(await (await two.get(A)).text()).toBe("- | -");
    });
  });

  test("go over real connections as they came, byte by byte", async () => {
    const seen: (string | undefined)[] = [];
    await using origin = await Origin.start((request, answer) => {
      seen.push(request.headers.cookie);
      answer.setHeader("set-cookie", ["a=\u00fc\u00ff", 'b="x y"']).end();
    });
    await using session = new ClientSession({ cookieJar: new CookieJar({ unsafe: true }) });
    for (let i = 0; i < 2; i++) await (await session.get(origin.url)).bytes();
    expect(seen).toEqual([undefined, 'a=\u00fc\u00ff; b="x y"']);
  });

  test.each<[SessionOptions, string]>([
    [
      { cookieJar: {} as never },
      "Expected `options.cookieJar` to be a CookieJar, or what has its two functions, got `{}` (object)",
    ],
    [{ cookies: { a: ";" } }, "Expected `cookies` to have visible ASCII without `;` as cookie `a`"],
    [
      { cookies: {}, cookieJar: new DummyCookieJar() },
      "Expected `options.cookies` to come with no `cookieJar`, or a CookieJar",
    ],
  ])("are checked: %j", (options, message) => {
    expect(() => new ClientSession(options)).toThrow(message);
  });
});

describe("the authorization of a request", () => {
  const netrc = Netrc.parse("machine a.test login n password p\nmachine b.test login m password q");
  const auth = basicAuth("s", "p");
  const basic = (text: string): string => `Basic ${btoa(text)}`;

  test.each<[string, SessionOptions, string[], RequestOptions, string]>([
    ["is the session's", { auth }, [A], {}, basic("s:p")],
    ["is the request's own first", { auth }, [A], { auth: "Bearer r" }, "Bearer r"],
    ["is none where the request says so", { auth }, [A], { auth: null }, "-"],
    [
      "is the header before all",
      { auth },
      [A],
      { auth: "Bearer r", headers: { authorization: "X y" } },
      "X y",
    ],
    ["is that of the URL before the session's", { auth }, ["http://u:v@a.test/"], {}, basic("u:v")],
    ["is the netrc file's where nothing else is said", { netrc }, [A], {}, basic("n:p")],
    ["is the session's before the netrc file's", { netrc, auth }, [A], {}, basic("s:p")],
    ["goes along a redirect within the origin", { auth }, [via(A, `${A}b`)], {}, basic("s:p")],
    ["does not leave the origin", { auth }, [via(A, B)], {}, "-"],
    ["does not come back either", { auth }, [via(A, B, A)], {}, "-"],
    ["does not go to another port", { auth }, [via(A, "http://a.test:81/")], {}, "-"],
    ["of the request does not leave the origin", {}, [via(A, B)], { auth: "Bearer r" }, "-"],
    ["is that of the netrc file for each host", { netrc }, [via(A, B)], {}, basic("m:q")],
    ["of the session is for the base URL's origin", { auth, baseUrl: A }, [B], {}, "-"],
  ])("%s", async (_, session, urls, options, expected) => {
    expect(await sent(session, urls, options)).toBe(`- | ${expected}`);
  });

  test("is asked for before each request, and may take its time", async () => {
    let count = 0;
    const later = bearerAuth(async () => {
      await sleep(100);
      return `t${++count}`;
    });
    expect(await sent({ auth: later }, [A, A])).toBe("- | Bearer t2");
  });
});
