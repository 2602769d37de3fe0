/*
 * HTTP/2: many requests over one connection, each of which can be given up alone.
 *
 * Over real sockets, so in real time.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import { createTask, sleep, type Task } from "ambit";
import {
  ClientConnectionError,
  ClientPayloadError,
  ClientSession,
  type ConnectorOptions,
} from "ambit/http";
import { describe, expect, test } from "vitest";
import { trust } from "../streams/peers.ts";
import { until } from "./origin.ts";
import { frames, RawHttp2 } from "./rawHttp2.ts";
import { hangs, hello, SecureOrigin } from "./secureOrigin.ts";

const IDLE = { open: 0, queued: 0, hosts: {} };

function open(options: ConnectorOptions = {}): ClientSession {
  return new ClientSession({ connector: { tls: trust, http2: true, ...options } });
}

async function getAll(
  session: ClientSession,
  origin: SecureOrigin,
  count: number,
): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      return (await session.get(`${origin.url}/${index}`)).text();
    }),
  );
}

const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `hello /${i}`);

async function ended(task: Task<unknown>): Promise<string> {
  return task.then(
    () => "finished",
    (error: unknown) => (error as Error).name,
  );
}

async function failure(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe("with a server that speaks HTTP/2", () => {
  test("many requests share one connection", async () => {
    await using origin = await SecureOrigin.start();
    await using session = open();
    expect(await getAll(session, origin, 50)).toEqual(texts(50));
    expect(origin.connections).toBe(1);
    expect(origin.seen).toHaveLength(50);
    expect(origin.seen.every((line) => line.startsWith("2.0 GET /"))).toBe(true);
    expect(session.statistics()).toMatchObject({ ...IDLE, connections: 1, http2: 1, idle: 1 });
  });

  test("requests run at the same time, and a POST waits for nobody", async () => {
    await using origin = await SecureOrigin.start(hangs);
    await using session = open();
    const stuck = [1, 2, 3].map(() =>
      createTask(() => session.get(`${origin.url}/hang`), { eager: true }),
    );
    await until(() => origin.open === 3);
    const response = await session.post(`${origin.url}/post`, { body: "x" });
    expect(await response.text()).toBe("hello /post");
    expect(origin.connections).toBe(1);
    for (const task of stuck) task.cancel();
    await Promise.all(stuck.map(ended));
  });

  test("bodies and headers go both ways", async () => {
    await using origin = await SecureOrigin.start((request, answer) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        answer.setHeader("set-cookie", ["a=1", "b=2"]);
        answer.setHeader(
          "x-seen",
          [request.headers["content-length"], String(request.headers["x-own"])].join(" "),
        );
        answer.setHeader("x-authority", request.authority);
        answer.end(Buffer.concat(chunks));
      });
    });
    await using session = open();
    const own = { headers: { "X-Own": "yes", "keep-alive-ish": "1" } };
    const text = await session.post(origin.url, { ...own, body: "héllo" });
    expect(await text.text()).toBe("héllo");
    expect(text.headers.get("x-seen")).toBe("6 yes");
    expect(text.headers.get("x-authority")).toBe(`localhost:${origin.port}`);
    expect(text.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 100; i++) {
        yield new Uint8Array(10_000).fill(i);
        if (i % 10 === 0) await sleep(0);
      }
    }
    const streamed = await session.post(origin.url, { body: chunks() });
    const bytes = await streamed.bytes();
    expect([bytes.length, bytes[0], bytes[999_999]]).toEqual([1_000_000, 0, 99]);
    const empty = await session.post(origin.url);
    expect(empty.headers.get("x-seen")).toBe("0 undefined");
    expect(await empty.text()).toBe("");
  });

  test("a response knows what it came over", async () => {
    await using origin = await SecureOrigin.start();
    await using session = open();
    const response = await session.get(`${origin.url}/v`);
    expect([response.status, response.statusText]).toEqual([200, ""]);
  });

  test("a HEAD and a 204 have no body, whatever their length says", async () => {
    await using origin = await SecureOrigin.start((request, answer) => {
      if (request.method === "HEAD") answer.writeHead(200, { "content-length": "5" }).end();
      else answer.writeHead(204).end();
    });
    await using session = open();
    const head = await session.request("HEAD", origin.url);
    expect([head.headers.get("content-length"), await head.text()]).toEqual(["5", ""]);
    const none = await session.get(origin.url);
    expect([none.status, await none.text()]).toEqual([204, ""]);
  });

  test("a reader that stops reading holds up only its own stream", async () => {
    const large = Buffer.alloc(4_000_000, "x");
    const answerLarge = (
      request: Parameters<typeof hello>[0],
      answer: Parameters<typeof hello>[1],
    ): void => {
      if (request.url === "/large") answer.end(large);
      else hello(request, answer);
    };
    await using origin = await SecureOrigin.start(answerLarge, { maxSessionMemory: 100 });
    await using session = open();
    const slow = await Promise.all([1, 2, 3, 4, 5].map(() => session.get(`${origin.url}/large`)));
    await sleep(20);
    expect(await getAll(session, origin, 20)).toEqual(texts(20));
    for (const response of slow) expect((await response.bytes()).length).toBe(large.length);
    expect(origin.connections).toBe(1);
  });

  test("more requests at a time than it takes get a second connection", async () => {
    const settings = { maxConcurrentStreams: 10 };
    await using origin = await SecureOrigin.start(hangs, { settings });
    await using session = open();
    await getAll(session, origin, 1);
    const tasks = Array.from({ length: 25 }, () =>
      createTask(() => session.get(`${origin.url}/hang`), { eager: true }),
    );
    await until(() => origin.open === 25);
    expect(origin.connections).toBe(3);
    for (const task of tasks) task.cancel();
    await Promise.all(tasks.map(ended));
    expect(session.statistics()).toMatchObject(IDLE);
    expect(await getAll(session, origin, 5)).toHaveLength(5);
    expect(origin.connections).toBe(3);
  });

  test("more requests than it takes, before it has said how many, are all answered", async () => {
    const settings = { maxConcurrentStreams: 3 };
    await using origin = await SecureOrigin.start(undefined, { settings });
    await using session = open();
    expect(await getAll(session, origin, 40)).toEqual(texts(40));
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test("the limits count requests, as ever", async () => {
    await using origin = await SecureOrigin.start((request, answer) => {
      setTimeout(() => hello(request, answer), 3);
    });
    await using session = open({ limit: 4 });
    expect(await getAll(session, origin, 20)).toEqual(texts(20));
    expect([origin.most, origin.connections]).toEqual([4, 1]);
  });

  test("headers that are HTTP/1.1's own are left out, and one that is refused harms nobody", async () => {
    await using origin = await SecureOrigin.start();
    await using session = open();
    const headers = { te: "gzip", "proxy-connection": "x", "http2-settings": "x" };
    expect((await session.get(origin.url, { headers })).status).toBe(200);
    const twice: [string, string][] = [
      ["content-type", "a"],
      ["content-type", "b"],
    ];
    await session.get(origin.url, { headers: twice }).catch(() => undefined);
    const error = await failure(session.get(origin.url, { headers: { "bad:name": "x" } }));
    expect(error).toBeInstanceOf(Error);
    expect(await getAll(session, origin, 3)).toEqual(texts(3));
    expect(origin.connections).toBe(1);
  });
});

describe("with a server that speaks HTTP/1.1 only", () => {
  test("requests run over connections of their own", async () => {
    await using origin = await SecureOrigin.start(
      (request, answer) => setTimeout(() => hello(request, answer), 5),
      { plain: true },
    );
    await using session = open();
    expect(await getAll(session, origin, 10)).toEqual(texts(10));
    expect(origin.seen.every((line) => line.startsWith("1.1 "))).toBe(true);
    expect(origin.connections).toBeLessThanOrEqual(10);
    await getAll(session, origin, 5);
    expect(origin.connections).toBeLessThanOrEqual(10);
    expect(session.statistics()).toMatchObject({ ...IDLE, http2: 0 });
  });

  test("a body that was to be streamed is streamed once", async () => {
    await using origin = await SecureOrigin.start((request, answer) => void request.pipe(answer), {
      plain: true,
    });
    await using session = open();
    const send = async (word: string): Promise<string> => {
      async function* body(): AsyncGenerator<Uint8Array> {
        yield Buffer.from(word);
      }
      return (await session.post(origin.url, { body: body() })).text();
    };
    expect(await Promise.all(["a", "b", "c"].map(send))).toEqual(["a", "b", "c"]);
  });

  test("plain http is HTTP/1.1", async () => {
    await using origin = await SecureOrigin.start(undefined, { plain: true });
    await using session = open({ http2: true });
    expect((await session.get(origin.url)).status).toBe(200);
  });
});

describe("a cancel", () => {
  test.each(["/hang", "/half"])(
    "of one request (%s) resets its stream and nothing else",
    async (path) => {
      await using origin = await SecureOrigin.start(hangs);
      await using session = open();
      const other = await session.get(`${origin.url}/half`);
      const task = createTask(async () => (await session.get(origin.url + path)).text());
      await until(() => origin.open === 2);
      await sleep(5);
      task.cancel();
      expect(await ended(task)).toBe("CancelledError");
      await until(() => origin.aborted.length === 1);
      expect(origin.aborted).toEqual([`2.0 GET ${path}`]);
      expect(await getAll(session, origin, 5)).toEqual(texts(5));
      expect(origin.connections).toBe(1);
      other.release();
      await until(() => origin.open === 0);
      expect(session.statistics()).toMatchObject({ ...IDLE, connections: 1 });
    },
  );

  test("while connecting leaves those who wait for the same connection", async () => {
    await using origin = await SecureOrigin.start();
    await using session = open();
    const tasks = [1, 2, 3].map((index) =>
      createTask(async () => (await session.get(`${origin.url}/${index}`)).text(), { eager: true }),
    );
    expect(session.statistics()).toMatchObject({ open: 3, connections: 1, opening: 1 });
    tasks[0]?.cancel();
    expect(await Promise.all(tasks.map(ended))).toEqual(["CancelledError", "finished", "finished"]);
    expect(origin.connections).toBe(1);
  });

  test("of all who wait for a connection gives it up", async () => {
    await using origin = await SecureOrigin.start();
    await using session = open();
    const tasks = [1, 2].map(() => createTask(() => session.get(origin.url), { eager: true }));
    for (const task of tasks) task.cancel();
    await Promise.all(tasks.map(ended));
    await until(() => session.statistics().connections === 0 && origin.connected === 0);
    expect(origin.seen).toEqual([]);
    expect(await getAll(session, origin, 2)).toEqual(texts(2));
  });

  test("in the middle of a body that is sent stops its source", async () => {
    await using origin = await SecureOrigin.start(hangs);
    await using session = open();
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield new Uint8Array(1000);
          await sleep(0);
        }
      } finally {
        closed = true;
      }
    }
    const task = createTask(() => session.post(`${origin.url}/hang`, { body: endless() }));
    await until(() => origin.open === 1);
    task.cancel();
    expect(await ended(task)).toBe("CancelledError");
    await until(() => closed && origin.aborted.length === 1);
    expect(await getAll(session, origin, 2)).toEqual(texts(2));
    expect(origin.connections).toBe(1);
  });

  test("at any moment, a thousand times, leaves the connections as they were", async () => {
    // Streams that were cancelled count until they are closed: on a busy machine more than are at work.
    const settings = { maxConcurrentStreams: 1000 };
    await using origin = await SecureOrigin.start(
      (request, answer) => setTimeout(() => answer.end("late"), Number(request.url.slice(1)) % 5),
      { settings },
    );
    await using session = open({ limit: 40 });
    await getAll(session, origin, 1);
    let seed = 7;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
    const tasks: Task<string>[] = [];
    for (let i = 0; i < 1000; i++) {
      tasks.push(createTask(async () => (await session.get(`${origin.url}/${i}`)).text()));
      if (random() < 0.5) tasks[Math.floor(random() * tasks.length)]?.cancel();
      if (i % 20 === 0) await sleep(random() < 0.5 ? 0 : 2);
    }
    const ends = await Promise.all(tasks.map(ended));
    expect(new Set(ends)).toEqual(new Set(["finished", "CancelledError"]));
    expect(session.statistics()).toMatchObject({ ...IDLE, connections: 1 });
    expect(origin.connections).toBe(1);
    await until(() => origin.open === 0);
    expect(await getAll(session, origin, 1)).toEqual(["late"]);
  });
});

describe("a server", () => {
  /** Answers with what a stream's path asks to be done to it. */
  function acting(act: (stream: ServerHttp2Stream, path: string) => void) {
    return (request: Parameters<typeof hello>[0], answer: Parameters<typeof hello>[1]): void => {
      if (request.url.startsWith("/act")) act(answer.stream, request.url);
      else hello(request, answer);
    };
  }

  test("that goes away finishes what it has begun, and the next request gets a new connection", async () => {
    await using origin = await SecureOrigin.start(
      acting((stream) => {
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
        setTimeout(() => {
          stream.respond({ ":status": 200 });
          stream.end("finished");
        }, 10);
      }),
    );
    await using session = open();
    const going = session.get(`${origin.url}/act`);
    await until(() => origin.seen.length === 1);
    await sleep(3);
    expect(await getAll(session, origin, 3)).toEqual(texts(3));
    expect(await (await going).text()).toBe("finished");
    expect(origin.connections).toBe(2);
    await until(() => session.statistics().connections === 1);
    expect(origin.seen).toHaveLength(4);
  });

  test("that never saw a request, and says so as it goes away, gets it over a new connection", async () => {
    await using origin = await RawHttp2.start((socket, stream, before) => {
      if (before === 0) socket.end(frames.goAway(0, 0));
      else socket.write(Buffer.concat([frames.head(stream), frames.data(stream, "second", true)]));
    });
    await using session = open();
    // A POST: it may only be sent again because the server has not processed it.
    const response = await session.post(`${origin.url}/act`, { body: "x" });
    expect(await response.text()).toBe("second");
    expect(origin.connections).toBe(2);
  });

  test.each([0, 2])(
    "that saw a request and goes away (code %d) does not get it again",
    async (code) => {
      await using origin = await RawHttp2.start((socket, stream) => {
        socket.end(frames.goAway(stream, code));
      });
      await using session = open();
      const error = await failure(session.post(`${origin.url}/act`, { body: "x" }));
      expect(error).toBeInstanceOf(ClientConnectionError);
      expect(origin.requests).toBe(1);
      await until(() => session.statistics().connections === 0);
    },
  );

  test("that refuses a stream gets the request again, but not for ever", async () => {
    let refused = 0;
    await using origin = await SecureOrigin.start(
      acting((stream, path) => {
        if (path === "/act-once" && refused > 0) {
          stream.respond({ ":status": 200 });
          stream.end("at last");
          return;
        }
        refused++;
        stream.close(constants.NGHTTP2_REFUSED_STREAM);
      }),
    );
    await using session = open();
    const response = await session.post(`${origin.url}/act-once`, { body: "x" });
    expect(await response.text()).toBe("at last");
    refused = 0;
    const error = await failure(session.get(`${origin.url}/act-always`));
    expect(error).toBeInstanceOf(ClientConnectionError);
    expect(refused).toBe(6);
    expect(await getAll(session, origin, 3)).toEqual(texts(3));
    expect(session.statistics()).toMatchObject(IDLE);
  });

  test.each([
    ["CANCEL", constants.NGHTTP2_CANCEL],
    ["INTERNAL_ERROR", constants.NGHTTP2_INTERNAL_ERROR],
    ["NO_ERROR", constants.NGHTTP2_NO_ERROR],
  ])("that resets a stream with %s before its head fails the request", async (_, code) => {
    await using origin = await RawHttp2.start((socket, stream) =>
      socket.write(frames.reset(stream, code)),
    );
    await using session = open();
    const error = await failure(session.post(`${origin.url}/act`, { body: "x" }));
    expect(error).toBeInstanceOf(ClientConnectionError);
    await failure(session.post(`${origin.url}/act`, { body: "x" }));
    expect([origin.requests, origin.connections]).toEqual([2, 1]);
  });

  test.each([
    ["CANCEL", constants.NGHTTP2_CANCEL],
    ["INTERNAL_ERROR", constants.NGHTTP2_INTERNAL_ERROR],
  ])(
    "that resets a stream with %s in its body leaves no body that looks whole",
    async (_, code) => {
      await using origin = await RawHttp2.start((socket, stream) => {
        socket.write(Buffer.concat([frames.head(stream), frames.data(stream, "half")]));
        setTimeout(() => socket.write(frames.reset(stream, code)), 5);
      });
      await using session = open();
      const response = await session.get(`${origin.url}/act`);
      expect(await failure(response.bytes())).toBeInstanceOf(ClientPayloadError);
      expect(session.statistics()).toMatchObject({ ...IDLE, connections: 1 });
    },
  );

  test("that sends less than it said leaves no body that looks whole", async () => {
    await using origin = await SecureOrigin.start(
      acting((stream) => {
        stream.respond({ ":status": 200, "content-length": "10" });
        stream.end("half");
      }),
    );
    await using session = open();
    const error = await failure(session.get(`${origin.url}/act`).then((each) => each.bytes()));
    expect(error).toBeInstanceOf(Error);
    expect(await getAll(session, origin, 2)).toEqual(texts(2));
  });

  test("that cuts the connection fails all that is on it", async () => {
    await using origin = await SecureOrigin.start(hangs);
    await using session = open();
    const half = await session.get(`${origin.url}/half`);
    const works = [1, 2].map(() => failure(session.post(`${origin.url}/hang`, { body: "x" })));
    await until(() => origin.open === 3);
    origin.cut();
    for (const error of await Promise.all(works))
      expect(error).toBeInstanceOf(ClientConnectionError);
    expect(await failure(half.bytes())).toBeInstanceOf(ClientPayloadError);
    expect(session.statistics()).toMatchObject(IDLE);
    expect(await getAll(session, origin, 3)).toEqual(texts(3));
    await until(() => session.statistics().connections === 1);
  });

  test("that answers before it has read the body ends the sending", async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield new Uint8Array(1000);
          await sleep(0);
        }
      } finally {
        closed = true;
      }
    }
    await using origin = await SecureOrigin.start((_, answer) => answer.writeHead(413).end("no"));
    await using session = open();
    const response = await session.post(origin.url, { body: endless() });
    expect([response.status, await response.text()]).toEqual([413, "no"]);
    await until(() => closed);
    expect((await session.get(origin.url)).status).toBe(413);
    expect(origin.connections).toBe(1);
  });
});

test("a session that is closed ends what runs, over one connection too", async () => {
  await using origin = await SecureOrigin.start(hangs);
  const session = open();
  const works = [1, 2, 3].map(() => failure(session.get(`${origin.url}/hang`)));
  await until(() => origin.open === 3);
  await session.close();
  for (const error of await Promise.all(works)) expect(error.name).toBe("SessionClosedError");
  await until(() => origin.connected === 0);
  expect(session.statistics()).toMatchObject({ ...IDLE, connections: 0 });
});

test("an idle connection closes after keepAliveTimeout, and not while it is used", async () => {
  await using origin = await SecureOrigin.start(hangs);
  await using session = open({ keepAliveTimeout: 30 });
  const half = await session.get(`${origin.url}/half`);
  await sleep(60);
  expect(session.statistics().connections).toBe(1);
  half.release();
  await until(() => session.statistics().connections === 0 && origin.connected === 0);
});
