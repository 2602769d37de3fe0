/*
 * The cassette: what is recorded, what is replayed, what it says of what it does not have, and that no
 * secret is in its file. With real files and, where the network is what it is about, real sockets; all
 * else in virtual time.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createTask, gather, sleep } from "ambit";
import {
  Cassette,
  CassetteError,
  type CassetteOptions,
  ClientConnectionError,
  ClientError,
  ClientPayloadError,
  ClientSession,
  MockTransport,
  type RecordedExchange,
  type SessionOptions,
} from "ambit/http";
import { cancelEverywhere, currentTime, runVirtual } from "ambit/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closedPort, Origin } from "./origin.ts";

let folder: string;
let count = 0;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "ambit-cassette-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const fresh = () => join(folder, `sub${++count}`, "tape.json");
const fileOf = (path: string) =>
  (JSON.parse(readFileSync(path, "utf8")) as { exchanges: RecordedExchange[] }).exchanges;

type Program = (session: ClientSession) => PromiseLike<unknown>;

/** Runs a program over a cassette; gives what it returned. */
async function play(
  path: string,
  program: Program,
  options: CassetteOptions = {},
  session: SessionOptions = {},
): Promise<unknown> {
  const transport = new Cassette(path, options);
  await using client = new ClientSession({ baseUrl: "http://h.test/", transport, ...session });
  return await program(client);
}

const text = (url: string) => async (session: ClientSession) => (await session.get(url)).text();

describe("against real servers", () => {
  test("what was recorded is replayed without them, redirects, cookies and all", async () => {
    const path = fresh();
    const origin = await Origin.start((request, answer) => {
      if (request.url === "/old") {
        answer
          .writeHead(302, { location: "/new", "set-cookie": "id=hunter2hunter2; Path=/" })
          .end();
      } else {
        answer.setHeader("x-made", "1");
        answer.end(
          `${request.url} ${request.headers.cookie} ${request.headers["accept-encoding"]}`,
        );
      }
    });
    const program: Program = async (session) => {
      const response = await session.get(`${origin.url}/old`);
      return [response.url, response.status, response.headers.get("x-made"), await response.text()];
    };
    const jar = { cookieJar: new (await import("ambit/http")).CookieJar({ unsafe: true }) };
    const recorded = await play(path, program, {}, jar);
    expect(recorded).toEqual([`${origin.url}/new`, 200, "1", "/new id=hunter2hunter2 identity"]);
    await origin[Symbol.asyncDispose]();
    const replayed = await play(path, program, { mode: "replay" }, jar);
    expect(replayed).toEqual([`${origin.url}/new`, 200, "1", "/new id=*** identity"]);
    expect(readFileSync(path, "utf8")).not.toContain("hunter2");
  });

  test("a failure to connect is recorded, too", async () => {
    const path = fresh();
    const url = await closedPort();
    const program: Program = (session) => session.get(url).catch((error: unknown) => error);
    const recorded = await play(path, program);
    expect(fileOf(path)).toMatchObject([{ error: "ECONNREFUSED" }]);
    const replayed = await play(path, program);
    for (const error of [recorded, replayed]) {
      expect(error).toBeInstanceOf(ClientConnectionError);
      expect(String(error)).toContain("connection refused");
    }
  });

  test("a cancel while it is recorded ends the request", async () => {
    const path = fresh();
    await using origin = await Origin.start(() => undefined);
    await play(path, async (session) => {
      const task = createTask(() => session.get(origin.url));
      while (origin.seen.length === 0) await sleep(1);
      task.cancel();
      await expect(Promise.resolve(task)).rejects.toMatchObject({ name: "CancelledError" });
    });
    expect(fileOf(path)).toEqual([]);
  });
});

/** A mock for the network, and how often it was asked. */
function server(): MockTransport {
  let answers = 0;
  return new MockTransport(({ method, url, text: sent }) => ({
    body: `${++answers} ${method} ${url.pathname} ${sent}`,
  }));
}

test("in mode auto the network is asked until there is a file", async () => {
  await runVirtual(async () => {
    const [path, network] = [fresh(), server()];
    expect(await play(path, text("a"), { network })).toBe("1 GET /a ");
    expect(await play(path, text("a"), { network })).toBe("1 GET /a ");
    expect(await play(path, text("a"), { network, mode: "record" })).toBe("2 GET /a ");
    expect(network.requests).toHaveLength(2);
    expect(() => new Cassette(fresh(), { mode: "replay" })).toThrow("ENOENT");
  });
});

test("the file is for people: in order, with text as text, and complete or not there", async () => {
  await runVirtual(async () => {
    const path = fresh();
    const network = new MockTransport();
    network.post("/a").reply(200, "one\ntwo\n").delay(10);
    network.get("/b").reply(201, new Uint8Array([0, 255]));
    await play(
      path,
      (session) =>
        gather([
          async () => (await session.request("POST", "a?x=1", { json: { q: 1 } })).text(),
          async () => (await session.get("b")).bytes(),
        ]),
      { network },
    );
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      cassette: 1,
      exchanges: [
        {
          request: {
            method: "POST",
            url: "http://h.test/a?x=1",
            headers: expect.objectContaining({ "content-type": "application/json" }) as unknown,
            body: { text: '{"q":1}' },
          },
          response: {
            status: 200,
            statusText: "",
            headers: { "content-length": "8", "content-type": "text/plain;charset=utf-8" },
            body: { text: ["one\n", "two\n"] },
          },
        },
        {
          request: expect.objectContaining({ method: "GET", body: null }) as unknown,
          response: expect.objectContaining({ status: 201, body: { base64: "AP8=" } }) as unknown,
        },
      ],
    });
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });
});

describe("secrets", () => {
  const secret = "hunter2-hunter2";
  const network = () =>
    new MockTransport(({ url, headers }) => ({
      headers: {
        "set-cookie": `sid=${secret}; HttpOnly`,
        location: `/?token=${secret}`,
        "x-api-key": secret,
      },
      body: {
        access_token: secret,
        echo: `${url.pathname} ${headers.get("authorization")}`,
        user: "ada",
      },
    }));
  const program: Program = async (session) => {
    const { status } = await session.request("POST", `${secret}?api_key=${secret}&q=1`, {
      json: { password: secret, name: "ada" },
      auth: `Bearer ${secret}`,
      cookies: { sid: secret },
      redirects: false,
    });
    const login = { login: "ada", password: secret };
    const form = { password: secret, name: "ada" };
    const response = await session.request("POST", "", { form, auth: login, redirects: false });
    return [status, await response.json()];
  };

  test("are not in the file, whatever carries them, and matching works all the same", async () => {
    await runVirtual(async () => {
      const path = fresh();
      await play(path, program, { network: network() });
      const file = readFileSync(path, "utf8");
      expect(file).not.toContain(secret);
      expect(file).not.toContain(Buffer.from(`ada:${secret}`).toString("base64"));
      expect(fileOf(path)).toMatchObject([
        {
          request: {
            url: "http://h.test/***?api_key=***&q=1",
            headers: { authorization: "Bearer ***", cookie: "sid=***" },
            body: { text: '{"password":"***","name":"ada"}' },
          },
          response: { headers: { "set-cookie": "sid=***; HttpOnly", location: "/?token=***" } },
        },
        {
          request: {
            headers: { authorization: "Basic ***" },
            body: { text: "password=***&name=ada" },
          },
          response: { body: { text: expect.stringContaining('"access_token":"***"') as string } },
        },
      ]);
      const kept = fileOf(path)[1]?.response as {
        headers: Record<string, string>;
        body: { text: string };
      };
      const { text: masked } = kept.body;
      expect(kept.headers["content-length"]).toBe(String(masked.length));
      const [status, body] = (await play(path, program)) as [number, object];
      expect([status, body]).toEqual([
        200,
        { access_token: "***", echo: expect.stringContaining("Basic ***") as string, user: "ada" },
      ]);
    });
  });

  test("have more names and values where one says so, and none where one says that", async () => {
    await runVirtual(async () => {
      const ask: Program = async (session) => (await session.get(`a?pin=1234&x=plain-text`)).text();
      const paths = [fresh(), fresh(), fresh()] as const;
      const options = { network: server() };
      await play(paths[0], ask, { ...options, redact: [/^PIN$/i] });
      await play(paths[1], ask, { ...options, redact: ["Pin"], secrets: ["plain-text"] });
      await play(paths[2], async (session) => session.get("a?token=abc"), {
        ...options,
        redact: false,
      });
      const urls = paths.map((path) => fileOf(path)[0]?.request.url);
      expect(urls).toEqual([
        "http://h.test/a?pin=***&x=plain-text",
        "http://h.test/a?pin=***&x=***",
        "http://h.test/a?token=abc",
      ]);
    });
  });
});

describe("each exchange is replayed", () => {
  const thrice: Program = async (session) => {
    const answers: string[] = [];
    for (let i = 0; i < 3; i++)
      answers.push(await text("a")(session).catch((error: Error) => error.message));
    return answers;
  };

  test("once, in the order of the recording", async () => {
    await runVirtual(async () => {
      const path = fresh();
      await play(path, async (session) => [await text("a")(session), await text("a")(session)], {
        network: server(),
      });
      expect(await play(path, thrice)).toEqual([
        "1 GET /a ",
        "2 GET /a ",
        "GET http://h.test/a was recorded 2 times and was replayed as often: record it anew, or replay with `repeat: true`",
      ]);
      expect(await play(path, thrice, { repeat: true })).toEqual([
        "1 GET /a ",
        "2 GET /a ",
        "2 GET /a ",
      ]);
    });
  });

  test("or told to be missing", async () => {
    await runVirtual(async () => {
      const path = fresh();
      await play(path, thrice, { network: server() });
      const cassette = new Cassette(path);
      await using session = new ClientSession({ baseUrl: "http://h.test/", transport: cassette });
      await session.get("a");
      expect(() => cassette.assertDone()).toThrow(
        new CassetteError(`${path} has more:\n  GET http://h.test/a\n  GET http://h.test/a`),
      );
      expect(inspect(cassette)).toBe(`<Cassette ${path} replay exchanges=3>`);
      await session.get("a");
      await session.get("a");
      cassette.assertDone();
    });
  });
});

describe("a request that was not recorded", () => {
  test("is told from the closest one, without secrets, and is no ClientError", async () => {
    await runVirtual(async () => {
      const path = fresh();
      await play(
        path,
        async (session) => {
          await session.get("other");
          await session.request("POST", "a?token=hunter2&b=1", { body: "one" });
        },
        { network: server() },
      );
      await play(path, async (session) => {
        const error = await session
          .request("POST", "a?token=secret&b=2", { body: "two" })
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(CassetteError);
        expect(error).not.toBeInstanceOf(ClientError);
        expect((error as Error).message).toBe(
          `no exchange was recorded for POST http://h.test/a?token=***&b=2; the closest is number 2, POST http://h.test/a?token=***&b=1, which has
  url http://h.test/a?b=1&token=***, not http://h.test/a?b=2&token=***
  body one, not two`,
        );
      });
      writeFileSync(path, '{"cassette":1,"exchanges":[]}');
      await expect(play(path, text("a"))).rejects.toThrow(
        "no exchange was recorded for GET http://h.test/a; the cassette is empty",
      );
    });
  });

  test.each<[CassetteOptions["match"], string, string, boolean]>([
    [undefined, "a?x=1&y=2", "a?y=2&x=1", true],
    [undefined, "a", "b", false],
    [["path"], "http://h.test/a?x", "https://other.test/a?y", true],
    [["origin"], "http://h.test/a", "https://h.test/a", false],
    [["query"], "a?x=1", "b?x=1", true],
    [["query"], "a?x=1", "a", false],
    [["header:User-Agent"], "a", "b", true],
    [(live, recorded) => live.url.length === recorded.url.length, "a", "b", true],
    [() => false, "a", "a", false],
  ])("depends on what has to match: %j of %s and %s", async (match, first, second, found) => {
    await runVirtual(async () => {
      const path = fresh();
      const options = match === undefined ? {} : { match };
      await play(path, text(first), { ...options, network: server() });
      const outcome = play(path, text(second), options).then(
        () => true,
        (error: unknown) => !(error instanceof CassetteError),
      );
      expect(await outcome).toBe(found);
    });
  });

  test("does not depend on the boundary of its parts, or how its JSON is written", async () => {
    await runVirtual(async () => {
      const path = fresh();
      const send = (type: string, body: string) => async (session: ClientSession) =>
        session.request("POST", "a", { body, headers: { "content-type": type } });
      const parts = (boundary: string) =>
        send(
          `multipart/form-data; boundary=${boundary}`,
          `--${boundary}\r\n\r\n1\r\n--${boundary}--`,
        );
      await play(
        path,
        async (session) => {
          await parts("one")(session);
          await send("application/json", '{"a":1,"b":[]}')(session);
        },
        { network: server() },
      );
      await play(path, parts("two"));
      await play(path, send("application/json", '{ "b": [], "a": 1 }'));
      await expect(play(path, send("application/json", '{"a":2,"b":[]}'))).rejects.toThrow(
        CassetteError,
      );
    });
  });
});

test("a body is streamed while it is recorded, and breaks off where the reader or the network did", async () => {
  await runVirtual(async () => {
    const path = fresh();
    const network = new MockTransport();
    const slowly = () => ({
      body: (async function* () {
        for (const part of ["one", "two"]) {
          await sleep(1000);
          yield part;
        }
      })(),
    });
    network.get("/left").reply(slowly).times(2);
    network.get("/broken").reply(200, "0123").cutAfter(2);
    const program: Program = async (session) => {
      const seen: unknown[] = [];
      for await (const chunk of (await session.get("left")).body) {
        seen.push(Buffer.from(chunk).toString());
        break;
      }
      seen.push(
        await session
          .get("broken")
          .then((response) => response.text())
          .catch((error: unknown) => error instanceof ClientPayloadError),
      );
      const chunks: string[] = [];
      for await (const chunk of (await session.get("left")).body)
        chunks.push(Buffer.from(chunk).toString());
      return [...seen, chunks.join("")];
    };
    expect(await play(path, program, { network })).toEqual(["one", true, "onetwo"]);
    expect(currentTime()).toBe(3000);
    expect(await play(path, program)).toEqual(["one", true, "onetwo"]);
    expect(fileOf(path).map(({ response }) => [response?.body, response?.cut])).toEqual([
      [{ text: "one" }, true],
      [null, true],
      [{ text: "onetwo" }, undefined],
    ]);
  });
});

test("a body that can be sent only once is recorded, and sent", async () => {
  await runVirtual(async () => {
    const path = fresh();
    const program: Program = async (session) => {
      const body = (async function* () {
        yield Buffer.from("on");
        yield Buffer.from("ce");
      })();
      return (await session.request("POST", "a", { body })).text();
    };
    for (let i = 0; i < 2; i++)
      expect(await play(path, program, { network: server() })).toBe("1 POST /a once");
  });
});

test("many requests at a time get the answers that were theirs", async () => {
  await runVirtual(async () => {
    const path = fresh();
    const network = new MockTransport(async ({ url }) => {
      await sleep(Number(url.searchParams.get("ms")));
      return { body: url.search };
    });
    const program: Program = (session) =>
      gather(
        Array.from({ length: 50 }, (_, index) => () => text(`a?ms=${(index * 37) % 50}`)(session)),
      );
    const recorded = await play(path, program, { network });
    expect(fileOf(path).map(({ request }) => new URL(request.url).search)).toEqual(recorded);
    expect(await play(path, program)).toEqual(recorded);
  });
});

test("what is discarded is not written, and what is closed answers no more", async () => {
  await runVirtual(async () => {
    const path = fresh();
    const cassette = new Cassette(path, { network: server() });
    const session = new ClientSession({ baseUrl: "http://h.test/", transport: cassette });
    await session.get("a");
    await cassette.discard();
    expect(existsSync(path)).toBe(false);
    await expect(session.get("a")).rejects.toThrow(
      `<Cassette ${path} record exchanges=1> is closed: make a new one`,
    );
    await session.close();
    expect(existsSync(path)).toBe(false);
  });
});

test.each([
  ["{", "cannot replay PATH: "],
  ["[]", "cannot replay PATH: it is not a cassette (version 1)"],
  ['{"cassette":1,"exchanges":[{}]}', "cannot replay PATH: exchange 1 is not whole"],
  [
    '{"cassette":1,"exchanges":[{"request":{"method":"GET","url":"http://h/","headers":{},"body":7},"error":"X"}]}',
    "exchange 1 is not whole",
  ],
])("a file that is no cassette is refused: %s", (content, message) => {
  const path = join(folder, "bad.json");
  writeFileSync(path, content);
  const make = () => new Cassette(path);
  expect(make).toThrow(SyntaxError);
  expect(make).toThrow(message.replace("PATH", path));
});

test.each<[unknown, string]>([
  [
    { mode: "play" },
    'Expected `options.mode` to be "auto", "record" or "replay", got `\'play\'` (string)',
  ],
  [
    { match: ["host"] },
    "Expected `options.match` to be some of method, url, origin, path, query, body, header:NAME, got `'host'`",
  ],
  [{ match: "url" }, "Expected `options.match` to be an array or a function"],
  [{ repeat: 1 }, "Expected `options.repeat` to be true or false, got `1` (number)"],
  [
    { redact: true },
    "Expected `options.redact` to be an array of names, or false, got `true` (boolean)",
  ],
  [{ secrets: [""] }, "Expected `options.secrets` to be an array of strings that are not empty"],
  [
    { network: 7 },
    "Expected `options.network` to be the options of a session, or a transport, got `7` (number)",
  ],
])("wrong options are refused: %j", (options, message) => {
  expect(() => new Cassette(fresh(), options as CassetteOptions)).toThrow(message);
});

test("a cancel at every await point loses no exchange that had come", async () => {
  const points = await cancelEverywhere(async () => {
    const path = fresh();
    const network = new MockTransport(async () => {
      await sleep(1);
      return {
        body: (async function* () {
          yield "a";
          await sleep(1);
          yield "b";
        })(),
      };
    });
    let done = false;
    try {
      expect(await play(path, text("a"), { network })).toBe("ab");
      done = true;
    } finally {
      const exchanges = existsSync(path) ? fileOf(path) : [];
      expect(exchanges.length).toBeLessThanOrEqual(1);
      expect(done && exchanges[0]?.response?.body).toEqual(done && { text: "ab" });
    }
  });
  expect(points).toBeGreaterThanOrEqual(3);
});
