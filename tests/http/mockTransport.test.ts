/*
 * The mock: what it takes for a request, what it answers, and what it says of what is wrong. In
 * virtual time: nothing here touches a socket.
 */
import { inspect } from "node:util";
import { createTask, sleep, timeout, TimeoutError } from "ambit";
import {
  ClientConnectionError,
  ClientError,
  ClientPayloadError,
  ClientSession,
  ClientTimeoutError,
  type MockBody,
  MockError,
  MockTransport,
} from "ambit/http";
import { cancelEverywhere, currentTime, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const BASE = "http://api.test/";

/** A session over the mock. */
function over(transport: MockTransport): ClientSession {
  return new ClientSession({ baseUrl: BASE, transport });
}

async function textOf(session: ClientSession, url: string, method = "GET"): Promise<string> {
  const response = await session.request(method, url);
  return `${response.status} ${await response.text()}`;
}

describe("a function as mock", () => {
  test("gets each request, and makes its answer", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport(({ method, url, headers, text, cookies }) => ({
        status: 201,
        statusText: "Made",
        headers: { "X-A": "1", "set-cookie": ["a=1", "b=2"] },
        body: [method, url.href, headers.get("x-b"), text, cookies],
      }));
      await using session = over(mock);
      const response = await session.request("POST", "p?q=r", {
        headers: { "x-b": "2" },
        body: "hello",
        cookies: { c: "3" },
      });
      expect([response.status, response.statusText, response.headers.get("x-a")]).toEqual([
        201,
        "Made",
        "1",
      ]);
      expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
      expect(await response.json()).toEqual(["POST", `${BASE}p?q=r`, "2", "hello", { c: "3" }]);
      const again = await (await session.get("p")).json<unknown[]>();
      expect(again[4]).toEqual({ a: "1", b: "2" });
      expect(mock.requests).toHaveLength(2);
    });
  });

  test("may make it later, or a WHATWG Response, or fail", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport(async ({ url }) => {
        await sleep(500);
        if (url.pathname === "/bad") throw new RangeError("bad");
        return new Response("made", { status: 202, headers: { "x-a": "1" } });
      });
      await using session = over(mock);
      const response = await session.get("good");
      expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([
        202,
        "1",
        "made",
      ]);
      await expect(session.get("bad")).rejects.toThrow(new RangeError("bad"));
      expect(currentTime()).toBe(1000);
    });
  });
});

describe("a route", () => {
  test.each<[string | RegExp | ((url: URL) => boolean), string, boolean]>([
    ["/a/b", "a/b?any=1", true],
    ["/a/b", "a/b/c", false],
    ["/a/b", "a", false],
    ["http://api.test/a", "a", true],
    ["https://api.test/a", "a", false],
    ["http://API.test", "", true],
    ["/a?x=1&y=2", "a?y=2&x=1", true],
    ["/a?x=1", "a?x=1&y=2", false],
    ["/a/*", "a/b/c", true],
    ["/a/*", "a", false],
    ["/:x/b", "a/b", true],
    ["/:x/b", "/b", false],
    ["/ü x", "%C3%BC%20x", true],
    [/\/v[12]\//, "v2/x", true],
    [/\/v[12]\//g, "v3/x", false],
    [(url) => url.searchParams.has("k"), "?k", true],
    [(url) => url.searchParams.has("k"), "", false],
  ])("for %s takes %j: %j", async (pattern, url, taken) => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get(pattern).reply(200);
      const outcome = over(mock)
        .get(url)
        .then(
          () => true,
          () => false,
        );
      expect(await outcome).toBe(taken);
    });
  });

  test("with a global pattern takes the same URL again", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock
        .get(/\/v2\//g)
        .reply(200)
        .times(3);
      const session = over(mock);
      for (let i = 0; i < 3; i++) expect(await textOf(session, "v2/x")).toBe("200 ");
    });
  });

  test("gives its function what its names stand for", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/users/:id/files/*").reply(({ params }) => ({ body: params }));
      expect(await textOf(over(mock), "users/a%20b/files/c/d")).toBe('200 {"id":"a b","*":"c/d"}');
      expect(mock.requests[0]?.params).toEqual({ id: "a b", "*": "c/d" });
    });
  });

  test("may ask for query, headers and body", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      const conditions = {
        params: { page: /^\d+$/ },
        headers: { authorization: (value: string) => value.startsWith("Bearer"), "x-no": null },
        json: { a: [1, { b: 2 }] },
      };
      mock.put("/x", conditions).reply(200).always();
      await using session = over(mock);
      const put = (url: string, json: unknown, headers: Record<string, string>) =>
        session.request("PUT", url, { json, headers }).then(
          ({ status }) => status,
          (error: Error) => error.message.split("; ").at(-1),
        );
      const auth = { authorization: "Bearer x" };
      expect(await put("x?page=1", { a: [1, { b: 2 }] }, auth)).toBe(200);
      expect(await put("x?page=a", { a: [1, { b: 2 }] }, auth)).toBe(
        "the query parameter `page` differs",
      );
      expect(await put("x?page=1", { a: [1, { b: 3 }] }, auth)).toBe("the JSON body differs");
      expect(await put("x?page=1", { a: [1, { b: 2 }] }, {})).toBe(
        "the header `authorization` differs",
      );
      expect(await put("x?page=1", {}, { ...auth, "x-no": "1" })).toBe("the header `x-no` differs");
      const text = await session
        .request("PUT", "x?page=1", { body: "{", headers: auth })
        .catch(String);
      expect(text).toContain("the JSON body differs");
    });
  });

  test("answers once, so often as it says, or always; then the next has its turn", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/x").reply(503).times(2).reply(200, "first");
      mock.get("/x").reply(200, "second").always();
      const session = over(mock);
      const seen = [];
      for (let i = 0; i < 5; i++) seen.push(await textOf(session, "x"));
      expect(seen).toEqual(["503 ", "503 ", "200 first", "200 second", "200 second"]);
      mock.assertDone();
    });
  });

  test("without a reply answers 200, once", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.on("*", "/x");
      expect(() => mock.assertDone()).toThrow("any method /x: answered 0 of 1");
      expect(await textOf(over(mock), "x", "PURGE")).toBe("200 ");
      mock.assertDone();
    });
  });

  test.each<[MockBody, string | null, string | null, string]>([
    ["ü", "text/plain;charset=utf-8", "2", "ü"],
    [new Uint8Array([65]), "application/octet-stream", "1", "A"],
    [{ a: 1 }, "application/json", "7", '{"a":1}'],
    [["a"], "application/json", "5", '["a"]'],
    [null, null, null, ""],
  ])("says what its body is: %j", async (body, type, length, text) => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/").reply(200, body);
      const { headers } = await over(mock).get("");
      expect([headers.get("content-type"), headers.get("content-length")]).toEqual([type, length]);
      mock.get("/").reply(200, body, { "content-type": "x/y" });
      const response = await over(mock).get("");
      expect([response.headers.get("content-type"), await response.text()]).toEqual(["x/y", text]);
    });
  });

  test("sends no body where HTTP has none", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport(() => ({ body: "hello" }));
      const response = await over(mock).request("HEAD", "");
      expect([response.headers.get("content-length"), await response.text()]).toEqual(["5", ""]);
      mock.get("/none").reply(204, "hello");
      expect(await textOf(over(mock), "none")).toBe("204 ");
    });
  });

  test.each([
    [() => new MockTransport(7 as never), "Expected `handler` to be a function, got `7` (number)"],
    [
      () => new MockTransport().get("x"),
      "Expected `url` to be a path that begins with `/`, or an http or https URL, got `'x'`",
    ],
    [
      () => new MockTransport().get("/").reply(101),
      "Expected `reply.status` to be an integer of at least 200",
    ],
    [
      () => new MockTransport().get("/").reply(600),
      "Expected `reply.status` to be a status from 200 to 599",
    ],
    [
      () => new MockTransport().get("/").times(0),
      "Expected `count` to be an integer of at least 1, got `0` (number)",
    ],
    [() => new MockTransport().get("/").delay(NaN), "Expected `ms` to be a number of milliseconds"],
    [
      () => new MockTransport().get("/").cutAfter(-1),
      "Expected `bytes` to be an integer of at least 0",
    ],
  ])("refuses wrong arguments: %s", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("what the network may do", () => {
  test("it is slow: in virtual time that costs nothing", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/x").reply(200, "late").delay(60_000);
      expect(await textOf(over(mock), "x")).toBe("200 late");
      expect(currentTime()).toBe(60_000);
    });
  });

  test("it never answers: the timeout ends that", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/x").reply(200).delay(Infinity).times(2);
      await expect(over(mock).get("x", { timeout: 5000 })).rejects.toThrow(ClientTimeoutError);
      expect(currentTime()).toBe(5000);
      await expect(timeout(10, () => over(mock).get("x"))).rejects.toThrow(TimeoutError);
    });
  });

  test("it refuses, or fails in any other way", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock
        .get("/x")
        .fails("ECONNREFUSED")
        .fails(new Error("own"))
        .reply(() => ({ error: "ENOTFOUND" }));
      const session = over(mock);
      const refused = await session.get("x?token=abc").catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(ClientConnectionError);
      expect(String(refused)).toContain(`GET ${BASE}x?token=***: connection refused`);
      await expect(session.get("x")).rejects.toThrow(new Error("own"));
      await expect(session.get("x")).rejects.toThrow("host not found");
    });
  });

  test("it breaks in the body, which came so far", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/x").reply(200, "0123456789").cutAfter(4).always();
      const session = over(mock);
      await expect(textOf(session, "x")).rejects.toThrow(ClientPayloadError);
      const response = await session.get("x");
      const chunks: string[] = [];
      const read = async () => {
        for await (const chunk of response.body) chunks.push(Buffer.from(chunk).toString());
      };
      await expect(read()).rejects.toThrow(
        `GET ${BASE}x: the body was cut after 4 bytes: connection reset by the server`,
      );
      expect(chunks).toEqual(["0123"]);
    });
  });

  test("its body comes bit by bit, and is closed when nobody wants more", async () => {
    await runVirtual(async () => {
      let closed = 0;
      const mock = new MockTransport(() => ({
        body: (async function* () {
          try {
            for (let i = 0; i < 3; i++) {
              await sleep(1000);
              yield `${i}`;
            }
          } finally {
            closed++;
          }
        })(),
      }));
      const session = over(mock);
      expect(await textOf(session, "x")).toBe("200 012");
      expect([currentTime(), closed]).toEqual([3000, 1]);
      const response = await session.get("x");
      for await (const chunk of response.body) {
        expect(Buffer.from(chunk).toString()).toBe("0");
        break;
      }
      await sleep(0);
      expect([currentTime(), closed]).toEqual([4000, 2]);
    });
  });
});

describe("what is wrong with a test", () => {
  test("an unexpected request is told from what was expected, without secrets, and is no ClientError", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/a").reply(200);
      mock.post("/b", { headers: { authorization: "hunter2" } });
      const session = over(mock);
      await session.get("a");
      const error = await session.get("a?token=hunter2").catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MockError);
      expect(error).not.toBeInstanceOf(ClientError);
      expect((error as Error).message).toBe(
        `unexpected request GET ${BASE}a?token=***; expected:
  GET /a: answered 1 of 1; it is used up
  POST /b (and headers): answered 0 of 1; the method differs`,
      );
      expect(() => mock.assertDone()).toThrow(
        new MockError(`the mock is not done:
  POST /b (and headers): answered 0 of 1
  unexpected: GET ${BASE}a?token=***`),
      );
      mock.reset();
      mock.assertDone();
      await expect(session.get("a")).rejects.toThrow(
        `unexpected request GET ${BASE}a; no route was made`,
      );
    });
  });

  test("what expects requests of a test tells how far it is", async () => {
    await runVirtual(async () => {
      const mock = new MockTransport();
      mock.get("/a").reply(503).times(2).reply(200).always();
      mock.get("/b").reply(200).times(2);
      await over(mock).request("GET", "b?key=hunter2", { headers: { cookie: "a=hunter2" } });
      expect(() => mock.assertDone()).toThrow(
        "GET /a: answered 0 of any number\n  GET /b: answered 1 of 2",
      );
      expect(inspect([mock, ...mock.requests])).toBe(
        `[\n  <MockTransport routes=2 requests=1>,\n  <MockRequest GET ${BASE}b?key=***>\n]`,
      );
    });
  });
});

test("redirects, cookies and a body that is sent again are the client's own", async () => {
  await runVirtual(async () => {
    const mock = new MockTransport();
    mock.post("/old").reply(307, null, { location: "/new", "set-cookie": "a=1" });
    mock.post("/new", { body: "hello", headers: { cookie: "a=1" } }).reply(200, "there");
    await using session = over(mock);
    const response = await session.request("POST", "old", { body: "hello" });
    expect(await response.text()).toBe("there");
    expect(mock.requests.map(({ hop }) => hop)).toEqual([0, 1]);
    mock.assertDone();
  });
});

test("a cancel at every await point ends the request, and leaves the mock usable", async () => {
  const points = await cancelEverywhere(async () => {
    const mock = new MockTransport();
    mock
      .post("/x")
      .reply(() =>
        sleep(1, {
          body: (async function* () {
            await sleep(1);
            yield "a";
          })(),
        }),
      )
      .delay(1)
      .always();
    const session = over(mock);
    const body = async function* () {
      await sleep(1);
      yield Buffer.from("b");
    };
    try {
      const task = createTask(async () =>
        (await session.request("POST", "x", { body: body() })).text(),
      );
      expect(await task).toBe("a");
    } finally {
      expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
      expect(mock.requests.every(({ text }) => text === "b")).toBe(true);
    }
  });
  expect(points).toBeGreaterThanOrEqual(4);
});
