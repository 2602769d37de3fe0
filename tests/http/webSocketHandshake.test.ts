/*
 * Opening a WebSocket: what is sent, what is agreed on, and what may go wrong before it is open.
 *
 * Over real sockets, so in real time: nothing else shows that a server sees a connection close.
 */
import { CancelledError, createTask, sleep } from "ambit";
import {
  ClientConnectionError,
  ClientSession,
  ClientTimeoutError,
  InvalidUrlError,
  WebSocketHandshakeError,
} from "ambit/http";
import type { ServerResponse } from "node:http";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { closedPort, Origin, RawOrigin, until } from "./origin.ts";
import { agreement, rawPeer, WsServer } from "./webSocketPeers.ts";

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error as Error,
  );
}

function answers(
  status: number,
  headers: Record<string, string> = {},
): (_: unknown, answer: ServerResponse) => void {
  return (_, answer) => answer.writeHead(status, headers).end("no");
}

describe("the request for a WebSocket", () => {
  test("has the session's headers and its own, the origin and the query", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession({ headers: { "x-one": "1", "x-two": "2" } });
    await using socket = await session.wsConnect(server.url, {
      headers: { "x-two": "zwei" },
      params: { code: "br" },
      origin: "https://example.org",
    });
    const { headers, url } = server.requests[0] as (typeof server.requests)[0];
    expect(headers).toMatchObject({
      "x-one": "1",
      "x-two": "zwei",
      "user-agent": "ambit",
      origin: "https://example.org",
      "sec-websocket-version": "13",
    });
    expect(url).toBe("/?code=br");
    expect(socket.url).toBe(`${server.url}?code=br`);
  });

  test("goes to URLs of http, and relative ones; user info becomes authorization", async () => {
    await using server = await WsServer.start();
    const http = server.url.replace("ws:", "http:");
    await using session = new ClientSession({ baseUrl: http });
    await using relative = await session.wsConnect("feed");
    await using whole = await session.wsConnect(new URL(http.replace("//", "//me:secret@")));
    expect([relative.url, whole.url]).toEqual([`${server.url}feed`, server.url]);
    const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, basic]);
  });

  test("goes through middlewares, which may change it", async () => {
    await using server = await WsServer.start();
    const seen: number[] = [];
    await using session = new ClientSession({
      middlewares: [
        async (request, next) => {
          request.headers.set("x-token", "t");
          const response = await next(request);
          seen.push(response.status);
          return response;
        },
      ],
    });
    await using _ = await session.wsConnect(server.url);
    expect(server.requests[0]?.headers["x-token"]).toBe("t");
    expect(seen).toEqual([101]);
  });

  test("sent twice by a middleware leaves one WebSocket", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession({
      middlewares: [
        async (request, next) => {
          await next(request.clone());
          return next(request);
        },
      ],
    });
    await using socket = await session.wsConnect(server.url);
    await until(() => server.closed.length === 1);
    expect([server.peers.length, server.closed[0]?.[0]]).toEqual([2, 1006]);
    await socket.sendStr("x");
    expect(await socket.receive()).toBe("x");
  });

  test("follows redirects, and drops credentials on the way to another origin", async () => {
    await using server = await WsServer.start();
    await using origin = await Origin.start(
      answers(307, { location: server.url.replace("ws:", "http:") }),
    );
    await using session = new ClientSession();
    const url = origin.url.replace("http:", "ws:");
    await using socket = await session.wsConnect(url, {
      headers: { authorization: "secret", "x-a": "1" },
    });
    expect(socket.url).toBe(server.url);
    expect(server.requests[0]?.headers).toMatchObject({ "x-a": "1" });
    expect(server.requests[0]?.headers.authorization).toBe(undefined);
    const error = await failure(session.wsConnect(url, { redirects: false }));
    expect(error).toMatchObject({ name: "WebSocketHandshakeError", status: 307 });
  });

  test.each(["mailto:x", "ftp://127.0.0.1/", "feed"])("is not sent to %s", async (url) => {
    await using session = new ClientSession();
    await expect(session.wsConnect(url)).rejects.toThrow(InvalidUrlError);
  });

  test.each([
    [{ protocols: ["a", "a"] }, RangeError],
    [{ protocols: ["a b"] }, RangeError],
    [{ protocols: "a" }, TypeError],
    [{ heartbeat: 0 }, RangeError],
    [{ closeTimeout: -1 }, RangeError],
    [{ maxMessageSize: -1 }, RangeError],
    [{ autoping: 1 }, TypeError],
    [{ compress: "yes" }, TypeError],
    [{ onPing: 1 }, TypeError],
    [{ origin: 1 }, TypeError],
  ])("is not sent with %j", async (options, Refusal) => {
    await using session = new ClientSession();
    await expect(session.wsConnect("ws://127.0.0.1:9/", options as never)).rejects.toThrow(Refusal);
  });
});

describe("a subprotocol", () => {
  test("is the one that the server picks of those offered", async () => {
    await using server = await WsServer.start(undefined, { handleProtocols: () => "chat.v1" });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url, { protocols: ["chat.v2", "chat.v1"] });
    expect(server.requests[0]?.headers["sec-websocket-protocol"]).toBe("chat.v2,chat.v1");
    expect(socket.protocol).toBe("chat.v1");
    await using none = await session.wsConnect(server.url.replace("/?", "/"));
    expect(none.protocol).toBe("");
  });

  test.each([
    ["that was not offered", ["a"], ["Sec-WebSocket-Protocol: b"]],
    ["where none was offered", [], ["Sec-WebSocket-Protocol: a"]],
    ["that is missing", ["a"], []],
  ])("%s is refused", async (_, protocols, headers) => {
    let cut = false;
    await using peer = await rawPeer(
      (socket) => socket.on("close", () => (cut = true)),
      ...headers,
    );
    await using session = new ClientSession();
    const error = await failure(session.wsConnect(peer.url, { protocols }));
    expect(error).toBeInstanceOf(WebSocketHandshakeError);
    expect(error.message).toMatch(/no WebSocket: Server sent .*subprotocol/);
    await until(() => cut);
  });
});

describe("an answer that is no WebSocket", () => {
  test("fails with its status and headers", async () => {
    await using origin = await Origin.start(answers(403, { "x-why": "because" }));
    await using session = new ClientSession();
    const error = await failure(session.wsConnect(`${origin.url}/?token=secret`));
    expect(error).toBeInstanceOf(WebSocketHandshakeError);
    const { status, statusText, headers } = error as WebSocketHandshakeError;
    expect([status, statusText, headers.get("x-why")]).toEqual([403, "Forbidden", "because"]);
    const url = origin.url.replace("http:", "ws:");
    expect(error.message).toBe(`GET ${url}/?token=***: the server answered 403 Forbidden`);
    await until(() => origin.connected === 0);
  });

  test.each([
    ["a wrong key", (request: string) => agreement(`${request}x`.replace(/-key: ./i, "-key: x"))],
    ["another protocol", (request: string) => agreement(request).replace("websocket", "h2c")],
    [
      "an extension that was not asked for",
      (request: string) => agreement(request, "Sec-WebSocket-Extensions: x"),
    ],
  ])("but a 101 with %s fails, and is cut", async (_, answer) => {
    let cut = false;
    await using peer = await RawOrigin.accept((socket) => {
      socket.on("close", () => (cut = true));
      socket.once("data", (request) => socket.write(answer(request.toString())));
    });
    await using session = new ClientSession();
    const error = await failure(session.wsConnect(peer.url));
    expect(error).toMatchObject({ name: "WebSocketHandshakeError", status: 101 });
    await until(() => cut);
  });

  test.each([
    ["is no HTTP", "SSH-2.0-hello\r\n"],
    ["ends in the middle of its head", "HTTP/1.1 101 Switching Proto"],
    ["does not come", ""],
  ])("but %s fails as a connection does", async (_, bytes) => {
    await using peer = await RawOrigin.start((socket) => socket.end(bytes));
    await using session = new ClientSession();
    expect(await failure(session.wsConnect(peer.url))).toBeInstanceOf(ClientConnectionError);
  });

  test("where nobody listens is a refused connection", async () => {
    await using session = new ClientSession();
    const error = await failure(session.wsConnect(await closedPort()));
    expect(error).toMatchObject({ name: "ConnectorError", code: "ECONNREFUSED" });
    expect(session.statistics()).toMatchObject({ open: 0, connections: 0 });
  });
});

describe("the time of a handshake", () => {
  test("is limited by the total timeout, redirects included, and the connection closed", async () => {
    await using peer = await RawOrigin.start(() => undefined);
    await using origin = await Origin.start(answers(302, { location: peer.url }));
    await using session = new ClientSession();
    const error = await failure(session.wsConnect(origin.url, { timeout: 30 }));
    expect(error).toBeInstanceOf(ClientTimeoutError);
    expect(error).toMatchObject({ kind: "total", deadlineMs: 30 });
  });

  test("until the answer is limited by socketRead", async () => {
    let closed = false;
    await using peer = await RawOrigin.accept((socket) => {
      socket.resume().on("close", () => (closed = true));
    });
    await using session = new ClientSession({ timeout: { socketRead: 20 } });
    const error = await failure(session.wsConnect(peer.url));
    expect(error).toMatchObject({ name: "ClientTimeoutError", kind: "socketRead" });
    await until(() => closed);
  });

  test("does not limit the WebSocket", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession({ timeout: 200 });
    await using socket = await session.wsConnect(server.url);
    await sleep(220);
    await socket.sendStr("still here");
    expect(await socket.receive()).toBe("still here");
  });

  test("ends with the signal's reason when that is aborted, and leaves no listener", async () => {
    await using peer = await RawOrigin.start(() => undefined);
    await using server = await WsServer.start();
    await using session = new ClientSession();
    const controller = new AbortController();
    const { signal } = controller;
    await using _ = await session.wsConnect(server.url, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    const opening = createTask(() => failure(session.wsConnect(peer.url, { signal })));
    await sleep(5);
    controller.abort(new Error("no more"));
    expect((await opening).message).toBe("no more");
    await expect(session.wsConnect(peer.url, { signal })).rejects.toThrow("no more");
  });
});

describe("a cancel while it is opened", () => {
  test.each([
    ["before the answer", ""],
    ["in the middle of its head", "HTTP/1.1 101 Switching Protocols\r\nUpgra"],
  ])("%s closes the connection within 5 ms", async (_, bytes) => {
    const peers: { asked: boolean; closed: boolean }[] = [];
    await using peer = await RawOrigin.accept((socket) => {
      const state = { asked: false, closed: false };
      peers.push(state);
      socket.on("close", () => (state.closed = true));
      socket.once("data", () => {
        state.asked = true;
        socket.write(bytes);
      });
    });
    await using session = new ClientSession();
    let best = Infinity;
    // The machine may be busy, so the best of some tries tells.
    for (let tries = 0; tries < 10 && best >= 5; tries++) {
      const task = createTask(() => session.wsConnect(peer.url));
      await until(() => peers[tries]?.asked === true);
      await sleep(2);
      task.cancel();
      best = Math.min(best, await until(() => peers[tries]?.closed === true));
      await expect(task).rejects.toThrow(CancelledError);
    }
    expect(best).toBeLessThan(5);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });

  test("just as its connection was made closes that", async () => {
    let peers = 0;
    let closed = 0;
    await using peer = await RawOrigin.accept((socket) => {
      peers++;
      socket.resume().on("close", () => closed++);
    });
    await using session = new ClientSession();
    const task = createTask(() => session.wsConnect(peer.url));
    // Runs when the wait for the connection is over, and before its code goes on.
    const onSocket = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      socket.once("connect", () => process.nextTick(() => task.cancel()));
    };
    subscribe("net.client.socket", onSocket);
    try {
      await expect(task).rejects.toThrow(CancelledError);
    } finally {
      unsubscribe("net.client.socket", onSocket);
    }
    await until(() => peers === 1 && closed === 1);
  });

  test("at any moment leaves no connection", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    for (let turns = 0; turns < 30; turns++) {
      const task = createTask(() => session.wsConnect(server.url));
      for (let turn = 0; turn < turns; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      task.cancel();
      const [end] = await Promise.allSettled([task]);
      if (end?.status === "fulfilled") await end.value.close();
    }
    await until(() => server.connected === 0);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });
});
