/*
 * Requests through proxies: HTTP ones that pass on and that tunnel, over TCP and TLS, and SOCKS5.
 *
 * Over real sockets, so in real time.
 */
import { inspect } from "node:util";
import { createTask } from "ambit";
import {
  type ClientError,
  ClientSession,
  ProxyConnectionError,
  ProxyError,
  type ProxyInput,
} from "ambit/http";
import { describe, expect, test } from "vitest";
import { trust } from "../streams/peers.ts";
import { closedPort, hangs, Origin, RawOrigin, until } from "./origin.ts";
import { HttpProxy, SocksProxy } from "./proxies.ts";
import { SecureOrigin } from "./secureOrigin.ts";

function through(proxy: ProxyInput): ClientSession {
  return new ClientSession({ proxy, connector: { tls: trust } });
}

async function failure(work: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await work.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  return error as ClientError;
}

describe("an HTTP proxy", () => {
  test("is told the whole URL of a plain request, and passes it on", async () => {
    await using origin = await Origin.start();
    await using proxy = await HttpProxy.start();
    await using session = through(proxy.url);
    expect(await (await session.get(`${origin.url}/a?b=c`)).text()).toBe("hello /a?b=c");
    expect(proxy.seen).toEqual([`GET ${origin.url}/a?b=c`]);
    expect(proxy.headers["host"]).toBe(new URL(origin.url).host);
  });

  test("keeps its connection for the next plain request", async () => {
    await using origin = await Origin.start();
    await using proxy = await HttpProxy.start();
    await using session = through(proxy.url);
    for (let i = 0; i < 3; i++) await (await session.get(`${origin.url}/${i}`)).text();
    expect(proxy.connections).toBe(1);
  });

  test("opens a tunnel for a secure request, in which the server's certificate is checked", async () => {
    await using origin = await SecureOrigin.start();
    await using proxy = await HttpProxy.start();
    await using session = through(proxy.url);
    expect(await (await session.get(`${origin.url}/a`)).text()).toBe("hello /a");
    await (await session.get(`${origin.url}/b`)).text();
    expect(proxy.seen).toEqual([`CONNECT localhost:${origin.port}`]);
    expect(proxy.headers["host"]).toBe(`localhost:${origin.port}`);
    await using distrustful = new ClientSession({ proxy: proxy.url });
    expect((await failure(distrustful.get(origin.url))).name).toBe("CertificateError");
  });

  test("may itself be behind TLS", async () => {
    await using plain = await Origin.start();
    await using origin = await SecureOrigin.start();
    await using proxy = await HttpProxy.start({ secure: true });
    await using session = through(proxy.url);
    expect(await (await session.get(`${plain.url}/a`)).text()).toBe("hello /a");
    expect(await (await session.get(`${origin.url}/b`)).text()).toBe("hello /b");
    expect(proxy.seen).toEqual([`GET ${plain.url}/a`, `CONNECT localhost:${origin.port}`]);
  });

  test("behind TLS has to show a certificate that is trusted", async () => {
    await using proxy = await HttpProxy.start({ secure: true });
    await using session = new ClientSession({ proxy: proxy.url });
    const error = await failure(session.get("http://any.test/"));
    expect(error).toBeInstanceOf(ProxyConnectionError);
    expect(error.message).toContain("the authority that signed its certificate is not known");
  });

  test("is not vouched for by the pin of the servers", async () => {
    await using proxy = await HttpProxy.start({ secure: true });
    const tls = { fingerprint: "00".repeat(32) };
    await using session = new ClientSession({ proxy: proxy.url, connector: { tls } });
    expect(await failure(session.get("https://any.test/"))).toBeInstanceOf(ProxyConnectionError);
  });

  test.each(["url", "auth"] as const)(
    "gets user and password from `%s`, and nobody else does",
    async (from) => {
      await using plain = await Origin.start((request, answer) => {
        answer.end(String(request.headers["proxy-authorization"]));
      });
      await using origin = await SecureOrigin.start();
      await using proxy = await HttpProxy.start({ auth: "me:p@ss" });
      const url = from === "url" ? proxy.url.replace("//", "//me:p%40ss@") : proxy.url;
      const auth = { username: "me", password: "p@ss" };
      await using session = through(from === "url" ? url : { url, auth });
      expect(await (await session.get(plain.url)).text()).toBe("undefined");
      expect((await session.get(origin.url)).status).toBe(200);
    },
  );

  test("that wants to know who asks fails a secure request with its status", async () => {
    await using proxy = await HttpProxy.start({ auth: "me:pass" });
    await using session = through(proxy.url.replace("//", "//me:wrong-secret@"));
    const error = await failure(session.get("https://any.test/"));
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ status: 407, statusText: "Proxy Authentication Required" });
    expect(error.message).toBe(
      "GET https://any.test/: the proxy answered 407 Proxy Authentication Required",
    );
    expect(inspect(error, { depth: 9 })).not.toContain("wrong-secret");
  });

  test("that wants to know who asks fails a plain request, too", async () => {
    await using proxy = await HttpProxy.start({ auth: "me:pass" });
    await using session = through(proxy.url);
    const error = await failure(session.get("http://any.test/"));
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ status: 407 });
  });

  test.each([
    ["HTTP/1.1 502 Bad Gateway\r\n\r\nwhy", ProxyError, "the proxy answered 502 Bad Gateway"],
    ["HTTP/1.0 503\r\n\r\n", ProxyError, "the proxy answered 503"],
    ["HTTP/1.1 302 Go\r\nlocation: x\r\n\r\n", ProxyError, "the proxy answered 302 Go"],
    ["SSH-2.0-x\r\n\r\n", ProxyConnectionError, "its answer is not HTTP"],
    ["HTTP/1.1 200", ProxyConnectionError, "it closed the connection in the middle"],
    ["", ProxyConnectionError, "it closed the connection in the middle"],
    [`HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`, ProxyConnectionError, "too big"],
  ])("that answers %j fails a secure request", async (refusal, type, words) => {
    await using proxy = await HttpProxy.start({ refusal });
    await using session = through(proxy.url);
    const error = await failure(session.get("https://any.test/"));
    expect(error).toBeInstanceOf(type);
    expect(error.message).toContain(words);
    await until(() => proxy.sockets.size === 0 && session.statistics().connections === 0);
  });

  test("may send interim answers before the tunnel", async () => {
    await using origin = await SecureOrigin.start();
    const { port } = origin;
    await using relay = await RawOrigin.start((socket) => {
      socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Fine\r\n\r\n");
      socket.once("data", (hello) => {
        void import("node:net").then(({ connect }) => {
          const onward = connect(port, "127.0.0.1");
          onward.write(hello);
          onward.on("error", () => undefined).on("close", () => socket.destroy());
          socket.pipe(onward).pipe(socket);
        });
      });
    });
    await using session = through(relay.url);
    expect(await (await session.get(`${origin.url}/x`)).text()).toBe("hello /x");
  });

  test("that is down, or unknown, is told from a server that is", async () => {
    const url = await closedPort();
    await using session = through(url);
    const error = await failure(session.get("http://any.test/"));
    expect(error).toBeInstanceOf(ProxyConnectionError);
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    const { host } = new URL(url);
    expect(error.message).toBe(
      `GET http://any.test/: the proxy http://${host}: connection refused`,
    );
    await using other = through("http://me:secret@no-such-host.invalid:1");
    const unknown = await failure(other.get("http://any.test/"));
    expect(unknown).toBeInstanceOf(ProxyConnectionError);
    expect(inspect(unknown, { depth: 9 })).not.toContain("secret");
  });

  test("gets headers of its own, which the server of a tunnel does not", async () => {
    let seen: unknown;
    await using origin = await SecureOrigin.start((request, answer) => {
      seen = request.headers["x-proxy"];
      answer.end();
    });
    await using proxy = await HttpProxy.start();
    await using session = through({ url: proxy.url, headers: { "X-Proxy": "hi" } });
    expect((await session.get(origin.url)).status).toBe(200);
    expect([proxy.headers["x-proxy"], seen]).toEqual(["hi", undefined]);
  });

  test("tunnels HTTP/2", async () => {
    await using origin = await SecureOrigin.start();
    await using proxy = await HttpProxy.start();
    const connector = { tls: trust, http2: true };
    await using session = new ClientSession({ proxy: proxy.url, connector });
    const texts = ["a", "b", "c"].map(async (path) =>
      (await session.get(`${origin.url}/${path}`)).text(),
    );
    expect(await Promise.all(texts)).toEqual(["hello /a", "hello /b", "hello /c"]);
    expect(origin.seen.every((line) => line.startsWith("2.0"))).toBe(true);
    expect(proxy.connections).toBe(1);
  });
});

describe("a request", () => {
  test("may go through a proxy of its own, or through none", async () => {
    await using origin = await Origin.start();
    await using one = await HttpProxy.start();
    await using other = await HttpProxy.start();
    await using session = through(one.url);
    await (await session.get(`${origin.url}/1`)).text();
    await (await session.get(`${origin.url}/2`, { proxy: other.url })).text();
    await (await session.get(`${origin.url}/3`, { proxy: null })).text();
    await (await session.get(`${origin.url}/4`)).text();
    expect(one.seen).toEqual([`GET ${origin.url}/1`, `GET ${origin.url}/4`]);
    expect(other.seen).toEqual([`GET ${origin.url}/2`]);
    expect(origin.seen).toHaveLength(4);
  });

  test("does not get a connection that another user of the proxy has made", async () => {
    await using origin = await SecureOrigin.start();
    await using proxy = await HttpProxy.start();
    await using session = new ClientSession({ connector: { tls: trust } });
    for (const user of ["one", "other", "one"]) {
      const url = proxy.url.replace("//", `//${user}:x@`);
      await (await session.get(origin.url, { proxy: url })).text();
    }
    expect(proxy.connections).toBe(2);
  });

  test.each(["tcp", "tunnel", "socks"])(
    "that is cancelled in the handshake of a proxy (%s) closes the connection",
    async (kind) => {
      await using silent = await RawOrigin.start(() => undefined);
      await using http = await HttpProxy.start({ refusal: null });
      await using socks = await SocksProxy.start({ silent: true });
      const urls = {
        tcp: silent.url.replace("http:", "socks5:"),
        tunnel: http.url,
        socks: socks.url,
      };
      await using session = through(urls[kind as "tcp"]);
      const task = createTask(() => session.get("https://any.test/"), { eager: true });
      const reached = (): boolean =>
        kind === "tcp" || http.seen.length === 1 || socks.seen.length === 1;
      await until(reached);
      await until(() => session.statistics().opening === 1);
      task.cancel();
      expect((await failure(Promise.resolve(task))).name).toBe("CancelledError");
      expect(session.statistics()).toMatchObject({ open: 0, queued: 0, hosts: {} });
      await until(() => http.sockets.size + socks.sockets.size === 0);
      await until(() => session.statistics().connections === 0);
    },
  );

  test("that takes too long in the handshake of a proxy times out by its kind", async () => {
    await using proxy = await HttpProxy.start({ refusal: null });
    await using session = through(proxy.url);
    const timeout = { socketConnect: 20 };
    const error = await failure(session.get("https://any.test/", { timeout }));
    expect(error).toMatchObject({ name: "ClientTimeoutError", kind: "socketConnect" });
    await until(() => proxy.sockets.size === 0 && session.statistics().connections === 0);
  });

  test("that is cancelled in a tunnel leaves others in theirs", async () => {
    await using origin = await Origin.start(hangs);
    await using socks = await SocksProxy.start();
    await using session = through(socks.url);
    const task = createTask(() => session.get(`${origin.url}/hang`), { eager: true });
    const half = await session.get(`${origin.url}/half`);
    await until(() => origin.open === 2);
    task.cancel();
    await until(() => origin.aborted.length === 1);
    expect(origin.aborted).toEqual(["GET /hang"]);
    expect(await (await session.get(`${origin.url}/on`)).text()).toBe("hello /on");
    half.release();
    await task.then(null, () => undefined);
  });
});

describe("a SOCKS5 proxy", () => {
  test("looks names up itself, and connects plain and secure requests", async () => {
    await using plain = await Origin.start();
    await using origin = await SecureOrigin.start();
    const { port } = new URL(plain.url);
    await using one = await SocksProxy.start({ port: Number(port) });
    await using other = await SocksProxy.start({ port: origin.port, slowly: true });
    await using session = new ClientSession({ connector: { tls: trust } });
    const answer = await session.get("http://only.the.proxy.knows/x", { proxy: one.url });
    expect(await answer.text()).toBe("hello /x");
    expect(one.seen).toEqual(["name only.the.proxy.knows:80"]);
    const url = `https://localhost:${origin.port}/y`;
    const secure = await session.get(url, { proxy: other.url.replace("socks5", "socks5h") });
    expect(await secure.text()).toBe("hello /y");
    expect(other.seen).toEqual([`name localhost:${origin.port}`]);
    expect([...one.wrong, ...other.wrong]).toEqual([]);
  });

  test.each([
    ["127.0.0.1", "ipv4 127.0.0.1"],
    ["[::1]", "ipv6 00000000000000000000000000000001"],
    ["[2001:db8::8:800:200c:417a]", "ipv6 20010db80000000000080800200c417a"],
    ["[::ffff:1.2.3.4]", "ipv6 00000000000000000000ffff01020304"],
    ["[1:2:3:4:5:6:7:8]", "ipv6 00010002000300040005000600070008"],
  ])("is told the address %s as one", async (host, seen) => {
    await using plain = await Origin.start();
    await using proxy = await SocksProxy.start({ port: Number(new URL(plain.url).port) });
    await using session = through(proxy.url);
    expect((await session.get(`http://${host}:8080/`)).status).toBe(200);
    expect([proxy.seen, proxy.wrong]).toEqual([[`${seen}:8080`], []]);
  });

  test("gets user and password", async () => {
    await using origin = await Origin.start();
    const login = { user: "mé", password: "p:ss" };
    await using proxy = await SocksProxy.start({ ...login, slowly: true });
    const url = proxy.url.replace("//", "//m%C3%A9:p%3Ass@");
    await using session = through(url);
    expect(await (await session.get(`${origin.url}/in`)).text()).toBe("hello /in");
    expect(proxy.wrong).toEqual([]);
  });

  test.each([
    ["wrong", "it does not accept user and password"],
    ["none", "it wants a user and a password"],
  ])("that gets %s credentials refuses, and they are not shown", async (which, words) => {
    await using proxy = await SocksProxy.start({ user: "me", password: "right" });
    const url = which === "none" ? proxy.url : proxy.url.replace("//", "//me:guess@");
    await using session = through(url);
    const error = await failure(session.get("http://any.test/"));
    expect(error).toBeInstanceOf(ProxyConnectionError);
    expect(error.message).toContain(`the proxy ${proxy.url}: ${words}`);
    expect(inspect(error, { depth: 9 })).not.toContain("guess");
  });

  test.each([
    [1, "it failed"],
    [2, "its rules do not allow the connection"],
    [4, "the host cannot be reached"],
    [5, "connection refused"],
    [8, "it does not know that kind of address"],
    [99, "it answered 99"],
  ])("that replies %d says why", async (reply, words) => {
    await using proxy = await SocksProxy.start({ reply });
    await using session = through(proxy.url);
    const error = await failure(session.get("http://any.test/"));
    expect(error).toBeInstanceOf(ProxyConnectionError);
    expect(error.message).toContain(words);
    await until(() => session.statistics().connections === 0);
  });

  test("that is none is found out", async () => {
    await using origin = await RawOrigin.start((socket) => socket.end("HTTP/1.1 400 Bad\r\n\r\n"));
    await using session = through(origin.url.replace("http:", "socks5:"));
    const error = await failure(session.get("http://any.test/"));
    expect(error.message).toContain("its answer is not SOCKS5");
  });

  test("has no place for a name that is too long", async () => {
    await using proxy = await SocksProxy.start();
    await using session = through(proxy.url);
    const error = await failure(session.get(`http://${"a.".repeat(130)}test/`));
    expect(error).toBeInstanceOf(ProxyConnectionError);
  });
});

describe("the option", () => {
  test.each([
    ["ftp://x", RangeError],
    ["http://", RangeError],
    [7, TypeError],
    [{ url: 7 }, TypeError],
    [{ url: "http://x", auth: { username: 7, password: "" } }, TypeError],
    [{ url: "http://x", headers: 7 }, TypeError],
    [`socks5://${"u".repeat(256)}@x`, RangeError],
  ])("refuses %j", (proxy, type) => {
    expect(() => new ClientSession({ proxy: proxy as never })).toThrow(type);
  });

  test("shows no password in what it refuses", () => {
    expect(() => new ClientSession({ proxy: "ftp://me:secret@x" })).toThrow("ftp://***@x");
  });
});
