/*
 * How connections are made and kept: names, addresses, sockets, sharing, idleness.
 *
 * Over real sockets, so in real time.
 */
import { createServer } from "node:http";
import { inspect } from "node:util";
import { createTask, sleep, type Task } from "ambit";
import {
  ClientSession,
  ClientTimeoutError,
  Connector,
  type ConnectorOptions,
  DnsError,
  type Lookup,
  SessionClosedError,
  type TraceConfig,
  UnixSocketError,
} from "ambit/http";
import { describe, expect, test } from "vitest";
import { socketPath, trust } from "../streams/peers.ts";
import { hangs, Origin, RawOrigin, until } from "./origin.ts";
import { SecureOrigin } from "./secureOrigin.ts";

const IDLE = { open: 0, queued: 0, hosts: {} };

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

/** The same origin under another name. */
function named(origin: Origin, host: string): string {
  return `http://${host}:${new URL(origin.url).port}`;
}

/** A lookup that answers when it is told to, and remembers what it was asked for. */
function held(): { lookup: Lookup; asked: string[]; answer(error?: Error): void } {
  const asked: string[] = [];
  let answers: Parameters<Lookup>[2][] = [];
  return {
    asked,
    lookup: (host, _, callback) => {
      asked.push(host);
      answers.push(callback);
    },
    answer(error) {
      const now = answers;
      answers = [];
      for (const callback of now)
        callback(error ?? null, error === undefined ? [{ address: "127.0.0.1", family: 4 }] : []);
    },
  };
}

describe("names", () => {
  test("are looked up once for all who ask at the same time, and kept for a while", async () => {
    await using origin = await Origin.start();
    const { lookup, asked, answer } = held();
    await using session = new ClientSession({ connector: { lookup, dnsCache: { ttl: 30 } } });
    const url = named(origin, "x.test");
    const all = [1, 2, 3].map(async () => (await session.get(url)).text());
    await until(() => asked.length === 1);
    await sleep(2);
    answer();
    await Promise.all(all);
    expect(asked).toEqual(["x.test"]);
    expect(session.statistics().names).toBe(1);
    await sleep(40);
    const again = Promise.all([1, 2, 3, 4].map(async () => (await session.get(url)).text()));
    await until(() => asked.length === 2);
    answer();
    await again;
    expect(asked).toEqual(["x.test", "x.test"]);
  });

  test("that were not found are not kept", async () => {
    await using origin = await Origin.start();
    const { lookup, asked, answer } = held();
    await using session = new ClientSession({ connector: { lookup } });
    const work = failure(session.get(named(origin, "x.test")));
    await until(() => asked.length === 1);
    answer(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    const error = await work;
    expect(error).toBeInstanceOf(DnsError);
    expect(error).toMatchObject({ code: "ENOTFOUND" });
    expect(error.message).toContain("host not found: x.test");
    const second = session.get(named(origin, "x.test"));
    await until(() => asked.length === 2);
    answer();
    expect((await second).status).toBe(200);
  });

  test("beyond `max` push out the oldest, and none are kept with `dnsCache: false`", async () => {
    await using origin = await Origin.start();
    const asked: string[] = [];
    const lookup: Lookup = (host, _, callback) => {
      asked.push(host);
      callback(null, "127.0.0.1", 4);
    };
    const connector = { lookup, forceClose: true };
    await using small = new ClientSession({ connector: { ...connector, dnsCache: { max: 2 } } });
    for (const host of ["a", "b", "c", "b", "a"])
      await (await small.get(named(origin, `${host}.test`))).text();
    expect(asked).toEqual(["a.test", "b.test", "c.test", "a.test"]);
    expect(small.statistics().names).toBe(2);
    asked.length = 0;
    await using none = new ClientSession({ connector: { ...connector, dnsCache: false } });
    for (let i = 0; i < 2; i++) await (await none.get(named(origin, "a.test"))).text();
    expect(asked).toEqual(["a.test", "a.test"]);
  });

  test("that a lookup throws at, or has no address for, are not found", async () => {
    const empty: Lookup = (_, __, callback) => callback(null, []);
    const broken: Lookup = () => {
      throw new Error("broken");
    };
    for (const [lookup, words] of [
      [empty, "host not found"],
      [broken, "broken"],
    ] as const) {
      await using session = new ClientSession({ connector: { lookup } });
      const error = await failure(session.get("http://x.test/"));
      expect(error).toBeInstanceOf(DnsError);
      expect(error.message).toContain(words);
    }
  });

  test("are those of one family only, if so asked", async () => {
    await using origin = await Origin.start();
    const lookup: Lookup = (_, { all, family }, callback) => {
      expect([all, family]).toEqual([true, 4]);
      callback(null, [
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 },
      ]);
    };
    await using session = new ClientSession({ connector: { lookup, family: 4 } });
    expect((await session.get(named(origin, "x.test"))).status).toBe(200);
    const six: Lookup = (_, __, callback) => callback(null, [{ address: "::1", family: 6 }]);
    await using none = new ClientSession({ connector: { lookup: six, family: 4 } });
    expect((await failure(none.get(named(origin, "x.test")))).message).toContain("host not found");
  });

  test("with several addresses lead to the one that answers", async () => {
    await using origin = await Origin.start();
    const lookup: Lookup = (_, __, callback) =>
      callback(null, [
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 },
      ]);
    await using session = new ClientSession({ connector: { lookup } });
    expect((await session.get(named(origin, "x.test"))).status).toBe(200);
    const connector = { lookup, happyEyeballs: false as const };
    await using single = new ClientSession({ connector });
    expect((await failure(single.get(named(origin, "x.test")))).name).toBe("ConnectorError");
  });

  test("whose request is cancelled meanwhile are looked up for the others", async () => {
    await using origin = await Origin.start();
    const { lookup, asked, answer } = held();
    await using session = new ClientSession({ connector: { lookup } });
    const url = named(origin, "x.test");
    const tasks = [1, 2].map(() => createTask(() => session.get(url), { eager: true }));
    await until(() => asked.length === 1);
    tasks[0]?.cancel();
    expect(await ended(tasks[0] as Task<unknown>)).toBe("CancelledError");
    expect(session.statistics()).toMatchObject({ open: 1, opening: 1 });
    answer();
    expect(await ended(tasks[1] as Task<unknown>)).toBe("finished");
    expect(asked).toHaveLength(1);
  });
});

describe("a connection", () => {
  test("goes to a Unix socket, whatever the URL's host is", async () => {
    const { path, remove } = socketPath();
    const server = createServer((request, answer) => answer.end(request.headers.host));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await using session = new ClientSession({ connector: { socketPath: path }, proxy: "http://p" });
    expect(await (await session.get("http://docker/info")).text()).toBe("docker");
    await session.close();
    await new Promise((resolve) => server.close(resolve));
    await using other = new ClientSession({ connector: { socketPath: path } });
    const error = await failure(other.get("http://docker/info"));
    expect(error).toBeInstanceOf(UnixSocketError);
    expect(error.message).toBe(`GET http://docker/info: ${path}: there is no such socket`);
    remove();
  });

  test("comes from the local address that was set", async () => {
    await using origin = await Origin.start((request, answer) => {
      answer.end(request.socket.remoteAddress);
    });
    await using session = new ClientSession({ connector: { localAddress: "127.0.0.2" } });
    expect(await (await session.get(origin.url)).text()).toBe("127.0.0.2");
  });

  test("is closed after each request with `forceClose`", async () => {
    await using origin = await Origin.start();
    await using session = new ClientSession({ connector: { forceClose: true } });
    for (let i = 0; i < 3; i++) await (await session.get(origin.url)).text();
    expect(origin.connections).toBe(3);
    await until(() => origin.connected === 0 && session.statistics().connections === 0);
  });

  test("that is idle is closed after keepAliveTimeout", async () => {
    await using origin = await Origin.start();
    await using session = new ClientSession({ connector: { keepAliveTimeout: 30 } });
    await (await session.get(origin.url)).text();
    expect(session.statistics()).toMatchObject({ connections: 1, idle: 1 });
    const took = await until(() => session.statistics().connections === 0);
    expect(took).toBeGreaterThan(15);
    await until(() => origin.connected === 0);
  });

  test("that the server keeps for a second is not used again", async () => {
    await using origin = await Origin.start((_, answer) => {
      answer.setHeader("keep-alive", "timeout=1").end("x");
    });
    await using session = new ClientSession();
    for (let i = 0; i < 2; i++) await (await session.get(origin.url)).text();
    await until(() => origin.connected === 0);
    expect(origin.connections).toBe(2);
  });

  test("that takes longer to open than socketConnect allows fails by that kind, and is closed", async () => {
    let sockets = 0;
    await using origin = await RawOrigin.accept((socket) => {
      sockets++;
      socket.resume().on("close", () => sockets--);
    });
    const url = origin.url.replace("http:", "https:");
    await using session = new ClientSession({ timeout: { socketConnect: 20 } });
    const error = await failure(session.get(url));
    expect(error).toBeInstanceOf(ClientTimeoutError);
    expect(error).toMatchObject({ kind: "socketConnect", deadlineMs: 20 });
    await until(() => sockets === 0 && session.statistics().connections === 0);
  });

  test("that takes too long in the name's lookup is given up, too", async () => {
    const { lookup } = held();
    await using session = new ClientSession({
      connector: { lookup },
      timeout: { connect: 15 },
    });
    const error = await failure(session.get("http://x.test/"));
    expect(error).toMatchObject({ name: "ClientTimeoutError", kind: "connect" });
    await until(() => session.statistics().connections === 0);
  });

  test("has a head of at most maxHeaderSize bytes to read", async () => {
    await using origin = await Origin.start((_, answer) => {
      answer.setHeader("x-long", "x".repeat(3000)).end();
    });
    await using session = new ClientSession({ connector: { maxHeaderSize: 1000 } });
    const error = await failure(session.get(origin.url));
    expect(error.message).toContain("the head of the answer is too big");
  });

  test("is given up at any moment of its opening", async () => {
    await using secure = await SecureOrigin.start();
    await using session = new ClientSession({ connector: { tls: trust } });
    // From before the lookup to after the answer: a turn of the event loop more each time.
    for (let turns = 0; turns < 30; turns++) {
      const task = createTask(() => session.get(secure.url), { eager: true });
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      task.cancel();
      await ended(task);
      if (!task.cancelled()) task.result().release();
      expect(session.statistics()).toMatchObject(IDLE);
    }
    await until(() => session.statistics().opening === 0);
    expect((await session.get(secure.url)).status).toBe(200);
  });
});

test("a thousand requests that are cancelled at random leave all as it was", async () => {
  await using origin = await Origin.start((request, answer) => {
    setTimeout(() => answer.end("late"), Number(request.url?.slice(1)) % 4);
  });
  await using session = new ClientSession({ limit: 20 });
  let seed = 3;
  const random = (): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  const tasks: Task<string>[] = [];
  for (let i = 0; i < 1000; i++) {
    tasks.push(createTask(async () => (await session.get(`${origin.url}/${i}`)).text()));
    if (random() < 0.6) tasks[Math.floor(random() * tasks.length)]?.cancel();
    if (i % 20 === 0) await sleep(random() < 0.5 ? 0 : 2);
  }
  const ends = await Promise.all(tasks.map(ended));
  expect(new Set(ends)).toEqual(new Set(["finished", "CancelledError"]));
  expect(session.statistics()).toMatchObject(IDLE);
  await until(() => session.statistics().connections === origin.connected);
  expect(origin.connected).toBeLessThanOrEqual(20);
  expect(await (await session.get(`${origin.url}/0`)).text()).toBe("late");
});

describe("a connector", () => {
  test("is shared by sessions, with its limits and connections", async () => {
    await using origin = await Origin.start(hangs);
    await using connector = new Connector({ limit: 2 });
    await using one = new ClientSession({ connector });
    await using other = new ClientSession({ connector });
    await (await one.get(`${origin.url}/1`)).text();
    await (await other.get(`${origin.url}/2`)).text();
    expect(origin.connections).toBe(1);
    const tasks = [one, other, other].map((session) =>
      createTask(() => session.get(`${origin.url}/hang`), { eager: true }),
    );
    expect(connector.statistics()).toMatchObject({ open: 2, queued: 1 });
    expect(one.statistics()).toEqual(other.statistics());
    await until(() => origin.open === 2);
    await one.close();
    expect(await ended(tasks[0] as Task<unknown>)).toBe("SessionClosedError");
    await until(() => origin.open === 2);
    expect([one.closed, other.closed, connector.closed]).toEqual([true, false, false]);
    expect(await failure(one.get(origin.url))).toBeInstanceOf(SessionClosedError);
    expect(inspect(connector)).toMatch(/^<Connector open=2 queued=0 connections=\d>$/);
    await connector.close();
    expect(await Promise.all(tasks.map(ended))).toEqual(Array(3).fill("SessionClosedError"));
    expect(other.closed).toBe(true);
    expect(await failure(other.get(origin.url))).toBeInstanceOf(SessionClosedError);
    expect(inspect(connector)).toBe("<Connector closed>");
    await until(() => origin.connected === 0);
  });

  test("stays open, with its idle connections, when the sessions that had it are closed", async () => {
    await using origin = await Origin.start();
    await using connector = new Connector();
    for (let i = 0; i < 3; i++) {
      await using session = new ClientSession({ connector });
      await (await session.get(origin.url)).text();
    }
    expect(origin.connections).toBe(1);
    expect(connector.statistics()).toMatchObject({ ...IDLE, connections: 1, idle: 1 });
  });

  test("that is closed is of no use to a new session", async () => {
    const connector = new Connector();
    await connector.close();
    await connector.close();
    await using session = new ClientSession({ connector });
    expect(session.closed).toBe(true);
  });

  test("takes the limits itself, not its sessions", async () => {
    await using connector = new Connector();
    expect(() => new ClientSession({ connector, limit: 3 })).toThrow(TypeError);
    await using session = new ClientSession({ connector: { limit: 1 }, limitPerHost: 2 });
    expect(session.closed).toBe(false);
  });

  test.each<[unknown, typeof TypeError, string]>([
    [7, TypeError, "options.connector"],
    [null, TypeError, "options.connector"],
    [{ limit: -1 }, RangeError, "options.connector.limit"],
    [{ limitPerHost: 1.5 }, RangeError, "options.connector.limitPerHost"],
    [{ keepAliveTimeout: 0 }, RangeError, "options.connector.keepAliveTimeout"],
    [{ keepAliveTimeout: "1" }, TypeError, "options.connector.keepAliveTimeout"],
    [{ forceClose: 1 }, TypeError, "options.connector.forceClose"],
    [{ socketPath: "" }, RangeError, "options.connector.socketPath"],
    [{ localAddress: "here" }, RangeError, "options.connector.localAddress"],
    [{ family: 5 }, RangeError, "options.connector.family"],
    [{ happyEyeballs: 5 }, RangeError, "options.connector.happyEyeballs"],
    [{ dnsCache: true }, TypeError, "options.connector.dnsCache"],
    [{ dnsCache: { ttl: -1 } }, RangeError, "options.connector.dnsCache.ttl"],
    [{ dnsCache: { max: 0 } }, RangeError, "options.connector.dnsCache.max"],
    [{ lookup: "x" }, TypeError, "options.connector.lookup"],
    [{ http2: "yes" }, TypeError, "options.connector.http2"],
    [{ maxHeaderSize: 0 }, RangeError, "options.connector.maxHeaderSize"],
  ])("refuses %j", (connector, type, words) => {
    const make = (): unknown => new ClientSession({ connector: connector as ConnectorOptions });
    expect(make).toThrow(type);
    expect(make).toThrow(words);
  });
});

test("a trace hears of names and connections in order", async () => {
  await using origin = await Origin.start();
  const log: string[] = [];
  const note = (name: string) => (_: unknown, params: { host?: string; origin?: string }) => {
    log.push(`${name} ${params.host ?? params.origin}`);
  };
  const trace: TraceConfig = {
    onConnectionCreateStart: note("create"),
    onConnectionCreateEnd: note("created"),
    onConnectionReuseConn: note("reuse"),
    onDnsResolveHostStart: note("resolve"),
    onDnsResolveHostEnd: note("resolved"),
    onDnsCacheHit: note("hit"),
    onDnsCacheMiss: note("miss"),
  };
  const lookup: Lookup = (_, __, callback) => callback(null, "127.0.0.1", 4);
  await using session = new ClientSession({ connector: { lookup }, traces: [trace] });
  const url = named(origin, "x.test");
  await (await session.get(url)).text();
  await (await session.get(url)).text();
  const first = [
    `create ${url}`,
    "miss x.test",
    "resolve x.test",
    "resolved x.test",
    `created ${url}`,
  ];
  expect(log).toEqual([...first, `reuse ${url}`]);
  log.length = 0;
  await Promise.all([session.get(url), session.get(url)]);
  expect(log).toEqual([`reuse ${url}`, `create ${url}`, "hit x.test", `created ${url}`]);
});

test("a lookup of the user's runs in no task, so no cancel ends what it waits for", async () => {
  await using origin = await Origin.start();
  let looks = 0;
  const lookup: Lookup = (_, __, callback) => {
    const look = async (): Promise<void> => {
      await sleep(10);
      looks++;
      callback(null, "127.0.0.1", 4);
    };
    void look();
  };
  await using session = new ClientSession({ connector: { lookup } });
  const task = createTask(() => session.get(named(origin, "x.test")), { eager: true });
  await sleep(0);
  task.cancel();
  expect(await ended(task)).toBe("CancelledError");
  await until(() => looks === 1);
  await sleep(0);
  expect(session.statistics().names).toBe(1);
});
