/*
 * A WebSocket sends and receives messages.
 *
 * Against real servers over real sockets, so in real time: framing, masking and compression are
 * between two implementations.
 */
import {
  CancelledError,
  createTask,
  InvalidStateError,
  moveOnAfter,
  sleep,
  taskGroup,
  timeout,
} from "ambit";
import { ClientSession, WebSocketClosedError, type WebSocketMessage } from "ambit/http";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { WsServer } from "./webSocketPeers.ts";

describe("messages", () => {
  test("text comes as a string and bytes as a Uint8Array, in order", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await socket.sendStr("héllo ✓");
    await socket.sendBytes(new Uint8Array([0, 255]));
    await socket.sendBytes(new Uint8Array([1, 2]).buffer);
    await socket.sendStr("");
    await socket.sendBytes(new Uint8Array());
    const came: WebSocketMessage[] = [];
    for (let i = 0; i < 5; i++) came.push(await socket.receive());
    const bytes = [new Uint8Array([0, 255]), new Uint8Array([1, 2])];
    expect(came).toEqual(["héllo ✓", ...bytes, "", new Uint8Array()]);
    expect(came[1]?.constructor).toBe(Uint8Array);
  });

  test("JSON goes and comes as a value", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await socket.sendJson({ a: [1, null] });
    expect(await socket.receiveJson()).toEqual({ a: [1, null] });
    await socket.sendStr("{");
    await expect(socket.receiveJson()).rejects.toThrow(SyntaxError);
    await expect(socket.sendJson(undefined)).rejects.toThrow("something that JSON has");
  });

  test("are given once each, though two receives begin in one turn", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    for (const text of ["first", "second", "third"]) await socket.sendStr(text);
    await until(() => socket.statistics().unread === 3);
    const two = [socket.receive(), socket.receiveStr()];
    expect(await Promise.all(two)).toEqual(["first", "second"]);
    expect(await socket.receive()).toBe("third");
  });

  test("of the wrong kind are left for the next receive", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await socket.sendBytes(new Uint8Array([7]));
    await socket.sendStr("text");
    await expect(socket.receiveStr()).rejects.toThrow(
      "expected text, got a binary message of 1 bytes",
    );
    await expect(socket.receiveJson()).rejects.toThrow(TypeError);
    expect(await socket.receiveBytes()).toEqual(new Uint8Array([7]));
    await expect(socket.receiveBytes()).rejects.toThrow(
      "expected a binary message, got text of 4 characters",
    );
    expect(await socket.receiveStr()).toBe("text");
  });

  test("come as a loop, which ends when the peer closes in order", async () => {
    await using server = await WsServer.start((peer) => {
      for (const text of ["a", "b", "c"]) peer.send(text);
      peer.close(1000, "done");
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const seen: WebSocketMessage[] = [];
    for await (const message of socket) seen.push(message);
    expect(seen).toEqual(["a", "b", "c"]);
    expect([socket.closed, socket.closeCode, socket.closeReason]).toEqual([true, 1000, "done"]);
  });

  test("that a loop has left are there for the next", async () => {
    await using server = await WsServer.start((peer) => {
      for (const text of ["a", "b", "c"]) peer.send(text);
      peer.close();
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    for await (const message of socket) if (message === "a") break;
    const rest: WebSocketMessage[] = [];
    for await (const message of socket) rest.push(message);
    expect(rest).toEqual(["b", "c"]);
  });

  test("of a megabyte go both ways, and those in pieces are put together", async () => {
    await using server = await WsServer.start((peer) => {
      peer.on("message", (data: Buffer) => {
        peer.send(data.subarray(0, 10), { fin: false });
        peer.send(data.subarray(10), { fin: true });
      });
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const big = new Uint8Array(1_000_000).map((_, index) => index % 251);
    await socket.sendBytes(big);
    expect(Buffer.compare(await socket.receiveBytes(), big)).toBe(0);
  });

  test("sent by many tasks at a time stay whole", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const texts = Array.from({ length: 200 }, (_, index) => String(index).repeat(1 + index * 5));
    await taskGroup((group) => {
      for (const text of texts) group.spawn(() => socket.sendStr(text));
    });
    const came = new Set<WebSocketMessage>();
    for (const _ of texts) came.add(await socket.receive());
    expect(came).toEqual(new Set(texts));
  });

  test("to be sent must be of a kind that there is", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await expect(socket.sendStr(1 as never)).rejects.toThrow("Expected `text` to be a string");
    await expect(socket.sendBytes("x" as never)).rejects.toThrow("a Uint8Array or an ArrayBuffer");
  });
});

describe("receiving", () => {
  test("by two tasks at a time is refused", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const first = createTask(() => socket.receive());
    await sleep(0);
    await expect(socket.receive()).rejects.toThrow(InvalidStateError);
    await expect(socket.receiveStr()).rejects.toThrow("somebody else is receiving");
    await socket.sendStr("for the first");
    expect(await first).toBe("for the first");
  });

  test("that is cancelled loses no message", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const task = createTask(() => socket.receive());
    await sleep(0);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    await socket.sendStr("kept");
    expect(await socket.receive()).toBe("kept");
  });

  test("under a time limit over and over loses no message", async () => {
    await using server = await WsServer.start((peer) => {
      let count = 0;
      const timer = setInterval(() => peer.send(String(count++)), 3);
      peer.on("close", () => clearInterval(timer));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const seen: string[] = [];
    while (seen.length < 20) {
      const { cancelledCaught, value } = await moveOnAfter(2, () => socket.receiveStr());
      if (!cancelledCaught) seen.push(value);
    }
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
  });
});

describe("compression", () => {
  test("is agreed on when both want it, and can be left out of a message", async () => {
    await using server = await WsServer.start(undefined, {
      perMessageDeflate: { threshold: 0 },
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url, { compress: true });
    expect(socket.compressed).toBe(true);
    const text = "again and again ".repeat(5000);
    await socket.sendStr(text);
    expect(await socket.receiveStr()).toBe(text);
    await socket.sendStr(text, { compress: false });
    expect(await socket.receiveStr()).toBe(text);
    const bytes = new TextEncoder().encode(text);
    const sending = socket.sendBytes(bytes);
    bytes.fill(0);
    await sending;
    expect(Buffer.from(await socket.receiveBytes()).toString()).toBe(text);
  });

  test("is not there unless it was offered, or when the server does not want it", async () => {
    await using willing = await WsServer.start(undefined, { perMessageDeflate: true });
    await using unwilling = await WsServer.start(undefined, { perMessageDeflate: false });
    await using session = new ClientSession();
    await using plain = await session.wsConnect(willing.url);
    await using refused = await session.wsConnect(unwilling.url, { compress: true });
    expect([plain.compressed, refused.compressed]).toEqual([false, false]);
    expect(willing.requests[0]?.headers["sec-websocket-extensions"]).toBe(undefined);
    await refused.sendStr("x");
    expect(await refused.receive()).toBe("x");
  });
});

describe("the size of a message", () => {
  test("above the limit closes the WebSocket with 1009", async () => {
    await using server = await WsServer.start((peer) => {
      peer.send("x".repeat(100));
      peer.send("x".repeat(101));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url, { maxMessageSize: 100 });
    expect(await socket.receive()).toHaveLength(100);
    const error = await socket.receive().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WebSocketClosedError);
    expect(error).toMatchObject({ closeCode: 1009 });
    expect(String(error)).toContain(
      "Max payload size exceeded; closed with 1009 (message too big)",
    );
    await until(() => server.closed.length === 1);
    expect(server.closed[0]?.[0]).toBe(1009);
    expect(socket.closeCode).toBe(1009);
  });

  test("is that of the uncompressed message: a bomb is not unpacked", async () => {
    await using server = await WsServer.start((peer) => peer.send("0".repeat(5_000_000)), {
      perMessageDeflate: true,
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url, { compress: true });
    await expect(socket.receive()).rejects.toMatchObject({ closeCode: 1009 });
  });

  test("of 4 MiB is the most by default, and with 0 there is no limit", async () => {
    const size = 4 * 1024 * 1024;
    await using server = await WsServer.start((peer, { url }) => {
      peer.send(Buffer.alloc(url === "/more" ? size + 1 : size));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    expect(await socket.receiveBytes()).toHaveLength(size);
    await using other = await session.wsConnect(`${server.url}more`);
    await expect(other.receive()).rejects.toMatchObject({ closeCode: 1009 });
    await using unlimited = await session.wsConnect(`${server.url}more`, { maxMessageSize: 0 });
    expect(await unlimited.receiveBytes()).toHaveLength(size + 1);
  });
});

describe("a ping", () => {
  test("gives the time to its answer", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const times = await Promise.all([socket.ping(), socket.ping("same"), socket.ping("same")]);
    for (const time of times) expect(time).toBeGreaterThanOrEqual(0);
    await expect(socket.ping("x".repeat(126))).rejects.toThrow("at most 125 bytes, got `126`");
    await expect(socket.ping(1 as never)).rejects.toThrow(TypeError);
  });

  test("is answered by a pong to a later one", async () => {
    await using server = await WsServer.start(
      (peer) => {
        let count = 0;
        peer.on("ping", (data) => ++count === 3 && peer.pong(data));
      },
      { autoPong: false },
    );
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    const times = await Promise.all([socket.ping("a"), socket.ping("b"), socket.ping("c")]);
    expect(times).toHaveLength(3);
  });

  test("of the peer's is answered, unless the program does it", async () => {
    const pongs: string[] = [];
    await using server = await WsServer.start((peer) => {
      peer.on("pong", (data) => pongs.push(data.toString()));
      peer.ping("one");
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await until(() => pongs.length === 1);
    const pings: string[] = [];
    await using quiet = await session.wsConnect(server.url, {
      autoping: false,
      onPing: (data) => pings.push(Buffer.from(data).toString()),
    });
    await until(() => pings.length === 1);
    await quiet.ping();
    expect([pings, pongs]).toEqual([["one"], ["one"]]);
    quiet.pong("by hand");
    await until(() => pongs.length === 2);
    expect(pongs[1]).toBe("by hand");
    expect(socket.closed).toBe(false);
  });

  test("that is cancelled is forgotten, and one on a closed WebSocket refused", async () => {
    await using server = await WsServer.start(undefined, { autoPong: false });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await expect(timeout(5, () => socket.ping())).rejects.toThrow("timed out");
    const ends = await Promise.allSettled([socket.ping(), socket.close()]);
    expect(ends[0]).toMatchObject({ reason: { name: "WebSocketClosedError" } });
    await expect(socket.ping()).rejects.toThrow("closed here with 1000");
    expect(() => socket.pong()).toThrow(WebSocketClosedError);
  });
});

test("it prints where it leads, without secrets, and how it is", async () => {
  await using server = await WsServer.start();
  await using session = new ClientSession();
  await using socket = await session.wsConnect(`${server.url}feed?token=secret`);
  expect(inspect(socket)).toBe(`<ClientWebSocket ${server.url}feed?token=*** open>`);
  await socket.sendStr("x");
  await until(() => socket.statistics().unread === 1);
  expect(inspect(socket)).toMatch(/open unread=1>$/);
  expect(socket.statistics()).toEqual({
    unread: 1,
    unreadBytes: 1,
    paused: false,
    unsentBytes: 0,
    sending: 0,
  });
  await socket.close(4000, "bye");
  expect(inspect(socket)).toMatch(/closed 4000>$/);
});
