/*
 * A WebSocket goes the way that its session's requests go: TLS, unix sockets, proxies, a jar.
 *
 * Over real sockets, so in real time.
 */
import { CertificateError, ClientSession, CookieJar, ProxyError } from "ambit/http";
import { expect, test } from "vitest";
import { socketPath, trust } from "../streams/peers.ts";
import { Origin, until } from "./origin.ts";
import { HttpProxy, SocksProxy } from "./proxies.ts";
import { rawPeer, WsServer } from "./webSocketPeers.ts";

test("over TLS it trusts whom the session trusts", async () => {
  await using server = await WsServer.start(undefined, { tls: true });
  await using session = new ClientSession({ connector: { tls: trust } });
  await using socket = await session.wsConnect(server.url);
  await socket.sendStr("secret");
  expect(await socket.receive()).toBe("secret");
  await using wary = new ClientSession();
  await expect(wary.wsConnect(server.url)).rejects.toThrow(CertificateError);
  await until(() => server.connected === 1);
});

test("over TLS it asks for HTTP/1.1, also where requests speak HTTP/2", async () => {
  await using server = await WsServer.start(undefined, {
    tls: true,
    http2: true,
  });
  await using session = new ClientSession({ connector: { tls: trust, http2: true } });
  await using socket = await session.wsConnect(server.url);
  await socket.sendStr("x");
  expect(await socket.receive()).toBe("x");
  expect(server.requests[0]?.httpVersion).toBe("1.1");
});

test("it goes over the session's unix socket", async () => {
  const { path, remove } = socketPath();
  try {
    await using server = await WsServer.start(undefined, { at: path });
    await using session = new ClientSession({ connector: { socketPath: path } });
    await using socket = await session.wsConnect("ws://somewhere.invalid/");
    await socket.sendStr("x");
    expect(await socket.receive()).toBe("x");
    expect(server.requests[0]?.headers.host).toBe("somewhere.invalid");
  } finally {
    remove();
  }
});

test("it goes through a tunnel of the proxy's, with and without TLS", async () => {
  await using proxy = await HttpProxy.start();
  await using plain = await WsServer.start();
  await using secure = await WsServer.start(undefined, { tls: true });
  await using session = new ClientSession({ proxy: proxy.url, connector: { tls: trust } });
  for (const { url } of [plain, secure]) {
    await using socket = await session.wsConnect(url);
    await socket.sendStr("x");
    expect(await socket.receive()).toBe("x");
  }
  const ports = [plain, secure].map(({ url }) => new URL(url).host);
  expect(proxy.seen).toEqual(ports.map((host) => `CONNECT ${host}`));
  await using direct = await session.wsConnect(plain.url, { proxy: null });
  expect([direct.closed, proxy.seen.length]).toEqual([false, 2]);
});

test("it goes through a SOCKS proxy", async () => {
  await using proxy = await SocksProxy.start();
  await using server = await WsServer.start();
  await using session = new ClientSession({ proxy: proxy.url });
  await using socket = await session.wsConnect(server.url);
  await socket.sendStr("x");
  expect([await socket.receive(), proxy.connections]).toEqual(["x", 1]);
});

test("a proxy that refuses fails it with the proxy's status", async () => {
  await using proxy = await HttpProxy.start({ auth: "me:secret" });
  await using session = new ClientSession({ proxy: proxy.url });
  const failed = session.wsConnect("ws://127.0.0.1:9/");
  await expect(failed).rejects.toThrow(ProxyError);
  await expect(failed).rejects.toMatchObject({ status: 407 });
});

test("it sends the session's cookies and its own, and keeps those that it gets", async () => {
  await using origin = await Origin.start((_, answer) => {
    answer.setHeader("set-cookie", "id=7; Path=/").end();
  });
  await using server = await WsServer.start();
  await using peer = await rawPeer(() => undefined, "Set-Cookie: feed=8; Path=/");
  await using session = new ClientSession({ cookieJar: new CookieJar({ unsafe: true }) });
  (await session.get(origin.url)).release();
  await using setter = await session.wsConnect(peer.url, { closeTimeout: 20 });
  await using _ = await session.wsConnect(server.url, { cookies: { own: "9" } });
  const sent = server.requests[0]?.headers.cookie?.split("; ").toSorted();
  expect(sent).toEqual(["feed=8", "id=7", "own=9"]);
  expect(setter.closed).toBe(false);
});

test("it says who it is, by the session's authentication", async () => {
  await using server = await WsServer.start();
  await using session = new ClientSession({ auth: { login: "me", password: "secret" } });
  await using _ = await session.wsConnect(server.url);
  const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  expect(server.requests[0]?.headers.authorization).toBe(basic);
});
