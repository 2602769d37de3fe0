/*
 * ClientSession: what is sent, what is refused, what it tells about itself, and how it ends.
 *
 * Over real sockets, so in real time.
 */
import { inspect } from "node:util";
import { createTask, sleep } from "ambit";
import {
  ClientConnectionError,
  ClientResponseError,
  ClientSession,
  type RequestOptions,
  SessionClosedError,
  type SessionOptions,
} from "ambit/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hangs, Origin, RawOrigin, until } from "./origin.ts";

/** Answers with what the request was. */
let mirror: Origin;

beforeAll(async () => {
  mirror = await Origin.start(({ method, url, rawHeaders }, answer) => {
    if (url === "/teapot") answer.writeHead(418, "I'm a teapot").end("short and stout");
    else if (url === "/moved") answer.writeHead(302, { location: "/there" }).end();
    else answer.end(JSON.stringify({ method, url, rawHeaders }));
  });
});
afterAll(() => mirror[Symbol.asyncDispose]());

interface Reflection {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** What the server saw of one request. */
async function reflection(
  session: SessionOptions,
  options: RequestOptions = {},
  url: string | URL = mirror.url,
  method = "GET",
): Promise<Reflection> {
  await using client = new ClientSession(session);
  const response = await client.request(method, url, options);
  const seen = await response.json<{ method: string; url: string; rawHeaders: string[] }>();
  const headers: Record<string, string> = {};
  for (let i = 0; i < seen.rawHeaders.length; i += 2) {
    headers[seen.rawHeaders[i] as string] = seen.rawHeaders[i + 1] as string;
  }
  return { method: seen.method, url: seen.url, headers };
}

describe("a request", () => {
  test("goes out with the method, the path and the query it was given", async () => {
    expect(await reflection({}, {}, `${mirror.url}/a/b?c=d#e`, "PUT")).toMatchObject({
      method: "PUT",
      url: "/a/b?c=d",
    });
    expect(await reflection({}, {}, new URL(mirror.url), "PROPFIND")).toMatchObject({
      method: "PROPFIND",
      url: "/",
    });
    expect(await reflection({}, {}, mirror.url, "delete")).toMatchObject({ method: "DELETE" });
  });

  test("gets its params added to the query", async () => {
    const url = `${mirror.url}/?z=0`;
    expect(
      (await reflection({}, { params: { a: 1, b: true, c: "x y", d: undefined } }, url)).url,
    ).toBe("/?z=0&a=1&b=true&c=x+y");
    expect(
      (
        await reflection(
          {},
          {
            params: [
              ["a", "1"],
              ["a", "2"],
            ],
          },
          url,
        )
      ).url,
    ).toBe("/?z=0&a=1&a=2");
    expect((await reflection({}, { params: new URLSearchParams("q=é") }, url)).url).toBe(
      "/?z=0&q=%C3%A9",
    );
  });

  test("is resolved against the base URL", async () => {
    const baseUrl = `${mirror.url}/api/`;
    expect((await reflection({ baseUrl }, {}, "flags?code=br")).url).toBe("/api/flags?code=br");
    expect((await reflection({ baseUrl }, {}, "/top")).url).toBe("/top");
    expect((await reflection({ baseUrl: "http://127.0.0.1:1/" }, {}, mirror.url)).url).toBe("/");
  });

  test("carries the defaults, the session's headers and its own, which win in that order", async () => {
    expect((await reflection({})).headers).toEqual({
      host: new URL(mirror.url).host,
      connection: "keep-alive",
      accept: "*/*",
      "accept-encoding": expect.stringMatching(/^gzip, deflate, br(, zstd)?$/),
      "user-agent": "ambit",
    });
    const session = { headers: { Accept: "image/png", "X-One": "1", "x-two": "2" } };
    const { headers } = await reflection(session, { headers: new Headers({ "X-Two": "two" }) });
    expect(headers).toMatchObject({ accept: "image/png", "x-one": "1", "x-two": "two" });
    expect((await reflection({}, { headers: [["X-Tab", "a\tb"]] })).headers["x-tab"]).toBe("a\tb");
  });

  test("sends user info of its URL as Basic credentials, unless it has others", async () => {
    const url = mirror.url.replace("//", "//us%C3%A9r:p%40ss@");
    const { headers } = await reflection({}, {}, url);
    expect(headers["authorization"]).toBe(`Basic ${Buffer.from("usér:p@ss").toString("base64")}`);
    const own = await reflection({}, { headers: { Authorization: "Bearer x" } }, url);
    expect(own.headers["authorization"]).toBe("Bearer x");
    await using session = new ClientSession();
    expect((await session.get(url)).url).toBe(`${mirror.url}/`);
    const odd = await reflection({}, {}, mirror.url.replace("//", "//%zz@"));
    expect(odd.headers["authorization"]).toBe(`Basic ${Buffer.from("%zz:").toString("base64")}`);
  });

  test("sends no dot segments, though Node.js 20 and 22 leave some behind a name with a dot", async () => {
    for (const [path, sent] of [
      ["/a/.b/../c/.", "/a/c/"],
      ["//.b/..", "//"],
      ["/a/.b/./c?d=/../e", "/a/.b/c?d=/../e"],
      ["/a/.b", "/a/.b"],
      ["/...", "/..."],
    ] as const)
      expect((await reflection({}, {}, mirror.url + path)).url).toBe(sent);
    await using session = new ClientSession();
    expect((await session.get(`${mirror.url}/a/.b/../c`)).url).toBe(`${mirror.url}/a/c`);
  });

  test("gives redirects as they are, if they are not to be followed", async () => {
    await using session = new ClientSession({ redirects: false });
    const response = await session.get(`${mirror.url}/moved`);
    expect([response.status, response.headers.get("location")]).toEqual([302, "/there"]);
  });

  test("reuses the connection of the one before", async () => {
    await using origin = await Origin.start();
    await using session = new ClientSession();
    for (let i = 0; i < 5; i++) await (await session.get(`${origin.url}/${i}`)).bytes();
    expect([origin.seen.length, origin.connections]).toEqual([5, 1]);
  });

  test("opens a new connection when the server has closed the one it had", async () => {
    await using origin = await Origin.start((request, answer) => {
      answer.setHeader("connection", "close");
      answer.end(request.url);
    });
    await using session = new ClientSession({ limit: 2 });
    const texts = Array.from({ length: 6 }, async (_, index) => {
      return (await session.get(`${origin.url}/${index}`)).text();
    });
    expect(await Promise.all(texts)).toEqual(["/0", "/1", "/2", "/3", "/4", "/5"]);
    await until(() => session.statistics().connections === 0);
    expect(origin.most).toBeLessThanOrEqual(2);
  });
});

describe("a connection that the server closes as it is used again", () => {
  /**
   * Answers the first request of a connection; at the second it closes it. Says what came over
   * each.
   */
  async function forgetful(): Promise<{ origin: RawOrigin; connections: string[][] }> {
    const connections: string[][] = [];
    const origin = await RawOrigin.accept((socket) => {
      const seen: string[] = [];
      connections.push(seen);
      socket.on("data", (data) => {
        if (seen.push(String(data).split(" ")[0] as string) > 1) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    return { origin, connections };
  }

  test("is replaced by another without anybody noticing", async () => {
    const { origin, connections } = await forgetful();
    await using session = new ClientSession({ limit: 1 });
    for (let i = 0; i < 3; i++) expect(await (await session.get(origin.url)).text()).toBe("ok");
    expect(connections).toEqual([["GET", "GET"], ["GET", "GET"], ["GET"]]);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    await origin[Symbol.asyncDispose]();
  });

  test("is an error when it is not known that the request may be sent again", async () => {
    const { origin, connections } = await forgetful();
    await using session = new ClientSession();
    expect(await (await session.request("POST", origin.url)).text()).toBe("ok");
    await expect(session.request("POST", origin.url)).rejects.toThrow(
      "the server closed the connection",
    );
    expect(connections).toEqual([["POST", "POST"]]);
    await origin[Symbol.asyncDispose]();
  });

  test("is an error when the new connection is closed too", async () => {
    let connections = 0;
    await using origin = await RawOrigin.accept((socket) => {
      if (++connections > 1) return socket.destroy();
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        socket.once("data", () => socket.destroy());
      });
      return socket;
    });
    await using session = new ClientSession();
    expect(await (await session.get(origin.url)).text()).toBe("ok");
    await expect(session.get(origin.url)).rejects.toThrow(ClientConnectionError);
    expect(connections).toBe(2);
  });

  test("is replaced within the timeout, and by nothing once the request was cancelled", async () => {
    const { origin, connections } = await forgetful();
    await using session = new ClientSession();
    await (await session.get(origin.url)).text();
    const task = createTask(() => session.get(origin.url), { eager: true });
    await until(() => connections[0]?.length === 2);
    task.cancel();
    await task.then(null, () => undefined);
    await sleep(5);
    expect(connections).toHaveLength(1);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    await origin[Symbol.asyncDispose]();
  });
});

describe("raiseForStatus", () => {
  test("as an option throws for a status of 400 or more", async () => {
    await using session = new ClientSession({ raiseForStatus: true, redirects: false });
    const error = await session.get(`${mirror.url}/teapot`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientResponseError);
    expect(error).toMatchObject({
      name: "ClientResponseError",
      message: `GET ${mirror.url}/teapot: the server answered 418 I'm a teapot`,
      status: 418,
      statusText: "I'm a teapot",
    });
    expect(session.statistics().open).toBe(0);
    expect((await session.get(`${mirror.url}/moved`)).status).toBe(302);
  });

  test("of a request goes before that of the session", async () => {
    await using strict = new ClientSession({ raiseForStatus: true });
    expect((await strict.get(`${mirror.url}/teapot`, { raiseForStatus: false })).status).toBe(418);
    await using lax = new ClientSession();
    await expect(lax.get(`${mirror.url}/teapot`, { raiseForStatus: true })).rejects.toThrow("418");
  });
});

describe("raiseForStatus as a function", () => {
  test("is asked about each response, and what it throws is thrown", async () => {
    await using origin = await Origin.start(hangs);
    await using session = new ClientSession({
      raiseForStatus: async ({ url, status }) => {
        await sleep(1);
        if (url.endsWith("/half")) throw new RangeError(`not with ${status}`);
      },
    });
    expect(await (await session.get(`${origin.url}/fine`)).text()).toBe("hello /fine");
    await expect(session.get(`${origin.url}/half`)).rejects.toThrow(new RangeError("not with 200"));
    // Nobody has the response: its connection is closed.
    await until(() => origin.aborted.length === 1);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    const lax = await session.get(`${origin.url}/half`, { raiseForStatus: false });
    lax.release();
  });

  test("must be one", async () => {
    await using session = new ClientSession();
    await expect(session.get(mirror.url, { raiseForStatus: "yes" as never })).rejects.toThrow(
      "Expected `options.raiseForStatus` to be a function",
    );
  });
});

describe("each method", () => {
  test.each(["get", "head", "options", "post", "put", "patch", "delete"] as const)(
    "%s sends itself",
    async (method) => {
      await using origin = await Origin.start((request, answer) => answer.end(request.method));
      await using session = new ClientSession();
      const response = await session[method](origin.url, { headers: { "x-one": "1" } });
      expect(origin.seen).toEqual([`${method.toUpperCase()} /`]);
      expect(await response.text()).toBe(method === "head" ? "" : method.toUpperCase());
    },
  );

  test.each([
    [204, "GET"],
    [304, "GET"],
    [200, "HEAD"],
  ])("a %i to a %s has no body, and its connection is free at once", async (status, method) => {
    await using origin = await Origin.start((_, answer) => answer.writeHead(status).end());
    await using session = new ClientSession({ limit: 1 });
    for (let i = 0; i < 2; i++) {
      const response = await session.request(method, origin.url);
      expect([response.status, (await response.bytes()).length]).toEqual([status, 0]);
    }
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("passes over answers that are only informational", async () => {
    await using origin = await RawOrigin.start((socket) => {
      socket.write("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    await using session = new ClientSession();
    const response = await session.get(origin.url);
    expect([response.status, response.headers.get("link")]).toEqual([200, null]);
    expect(await response.text()).toBe("ok");
  });
});

describe("an argument that is not as it should be is refused by name:", () => {
  const refused: [string, SessionOptions, string][] = [
    [
      "limit",
      { limit: -1 },
      "Expected `options.limit` to be an integer of at least 0, got `-1` (number)",
    ],
    [
      "limit",
      { limit: 1.5 },
      "Expected `options.limit` to be an integer of at least 0, got `1.5` (number)",
    ],
    [
      "limitPerHost",
      { limitPerHost: "2" as never },
      "Expected `options.limitPerHost` to be an integer of at least 0, got `'2'` (string)",
    ],
    [
      "timeout",
      { timeout: 0 },
      "Expected `options.timeout` to be more than 0 milliseconds (Infinity for no limit), got `0` (number)",
    ],
    [
      "timeout.total",
      { timeout: { total: -5 } },
      "Expected `options.timeout.total` to be more than 0 milliseconds (Infinity for no limit), got `-5` (number)",
    ],
    [
      "timeout",
      { timeout: "5" as never },
      "Expected `options.timeout` to be a number of milliseconds, or an object with `total`, got `'5'` (string)",
    ],
    [
      "baseUrl",
      { baseUrl: "http://me:secret@host/api" },
      "Expected `options.baseUrl` to be an http or https URL whose path ends in `/`, without query, got `'http://***@host/api'` (string)",
    ],
    [
      "baseUrl",
      { baseUrl: "ftp://host/" },
      "Expected `options.baseUrl` to be an http or https URL whose path ends in `/`, without query, got `'ftp://host/'` (string)",
    ],
    [
      "headers",
      { headers: "accept: */*" as never },
      "Expected `options.headers` to be an object of headers, pairs, or Headers, got `'accept: */*'` (string)",
    ],
    [
      "headers",
      { headers: { "not a token": "x" } },
      "Expected `options.headers` to be headers whose names are tokens, got `'not a token'` (string)",
    ],
    [
      "headers",
      { headers: { Authorization: "line\nbreak" } },
      "Expected `options.headers` to have a string of visible Latin-1 characters as `authorization`",
    ],
    [
      "headers",
      { headers: { "Transfer-Encoding": "chunked" } },
      "Expected `options.headers` to leave `transfer-encoding` to the connection",
    ],
  ];
  test.each(refused)("%s %o", (_, options, message) => {
    expect(() => new ClientSession(options)).toThrow(message);
  });

  const asked: [string, unknown[], string][] = [
    ["url", ["GET", 5], "Expected `url` to be a string or a URL, got `5` (number)"],
    ["method", [5, ""], "Expected `method` to be a string, got `5` (number)"],
    [
      "method",
      ["GET /", ""],
      "Expected `method` to be a method of HTTP, other than CONNECT, got `'GET /'` (string)",
    ],
    [
      "method",
      ["connect", ""],
      "Expected `method` to be a method of HTTP, other than CONNECT, got `'connect'` (string)",
    ],
    [
      "params",
      ["GET", "http://h/", { params: "a=b" }],
      "Expected `params` to be an object, pairs, or URLSearchParams, got `'a=b'` (string)",
    ],
    [
      "signal",
      ["GET", "http://h/", { signal: {} }],
      "Expected `options.signal` to be an AbortSignal, got `{}` (object)",
    ],
  ];
  test.each(asked)("%s %o", async (_, parameters, message) => {
    await using session = new ClientSession();
    await expect(session.request(...(parameters as [string, string]))).rejects.toThrow(message);
    expect(session.statistics()).toMatchObject({ open: 0, connections: 0 });
  });
});

describe("a session", () => {
  test("tells what it is doing, in numbers and in print", async () => {
    await using origin = await Origin.start(hangs);
    const session = new ClientSession({ baseUrl: `${origin.url}/`, limit: 2 });
    const paths = ["hang", "hang", "never"];
    const tasks = paths.map((path) => createTask(() => session.get(path), { eager: true }));
    await until(() => origin.open === 2);
    const { host } = new URL(origin.url);
    expect(session.statistics()).toEqual({
      open: 2,
      queued: 1,
      connections: 2,
      opening: 0,
      idle: 0,
      http2: 0,
      names: 0,
      closed: false,
      hosts: { [`http://${host}`]: { open: 2, queued: 1 } },
    });
    expect(Object.isFrozen(session.statistics())).toBe(true);
    expect(inspect(session)).toBe(`<ClientSession http://${host}/ open=2 queued=1>`);
    expect(inspect(tasks[0])).toContain(`waitFor=http.get http://${host}>`);
    expect(inspect(tasks[2])).toContain(`waitFor=http.get http://${host} (queued)>`);
    await session.close();
    expect(inspect(session)).toBe(`<ClientSession http://${host}/ closed>`);
    expect(inspect(new ClientSession())).toBe("<ClientSession open=0 queued=0>");
    await Promise.allSettled(tasks);
  });

  test("that is closed ends what is open and what is queued, and leaves no socket", async () => {
    await using origin = await Origin.start(hangs);
    const session = new ClientSession({ limit: 3 });
    const half = await session.get(`${origin.url}/half`);
    const works = [
      half.text(),
      ...["/hang", "/hang", "/never"].map((path) => session.get(origin.url + path)),
    ];
    const ends = Promise.allSettled(works);
    await until(() => origin.open === 3);
    await session.close();
    for (const end of await ends) {
      expect(end).toMatchObject({
        status: "rejected",
        reason: expect.any(SessionClosedError) as unknown,
      });
    }
    expect(session.statistics()).toEqual({
      open: 0,
      queued: 0,
      connections: 0,
      opening: 0,
      idle: 0,
      http2: 0,
      names: 0,
      closed: true,
      hosts: {},
    });
    await until(() => origin.connected === 0);
    expect(origin.seen).not.toContain("GET /never");
  });

  test("that is closed refuses new requests, and may be closed again", async () => {
    const session = new ClientSession();
    await session.close();
    await session.close();
    expect(session.closed).toBe(true);
    await expect(session.get(mirror.url)).rejects.toThrow(
      `GET ${mirror.url}/: the session is closed: make a new ClientSession`,
    );
    await expect(session.get(mirror.url)).rejects.toBeInstanceOf(SessionClosedError);
  });

  test("that is closed while it connects gives the connection up", async () => {
    await using origin = await Origin.start();
    const session = new ClientSession();
    const work = session.get(origin.url);
    const end = work.catch(String);
    await session.close();
    expect(await end).toContain("the session was closed before it was done");
    await sleep(5);
    expect(origin.seen).toEqual([]);
  });

  test("is closed when it is disposed of, also when a cancel leaves its block", async () => {
    await using origin = await Origin.start(hangs);
    let session: ClientSession | undefined;
    const task = createTask(async () => {
      await using client = new ClientSession();
      session = client;
      await client.get(`${origin.url}/hang`);
    });
    await until(() => origin.open === 1);
    task.cancel();
    await task.then(null, () => undefined);
    expect(session?.closed).toBe(true);
    expect(session?.statistics().connections).toBe(0);
  });

  test("closes its connections even if the wait for that is cancelled", async () => {
    await using origin = await Origin.start();
    const session = new ClientSession();
    await (await session.get(origin.url)).text();
    expect(origin.connected).toBe(1);
    const task = createTask(() => session.close(), { eager: true });
    task.cancel();
    await expect(task.then((value) => value)).rejects.toThrow("cancelled");
    await until(() => origin.connected === 0);
  });
});
