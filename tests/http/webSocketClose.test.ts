/*
 * How a WebSocket ends: in order, by the peer's fault, by the network's, by ours.
 *
 * Over real sockets, so in real time: the closing handshake is between two implementations, and only
 * a socket can be cut.
 */
import { CancelledError, createTask, sleep } from "ambit";
import {
  ClientSession,
  type ClientWebSocket,
  SessionClosedError,
  WebSocketClosedError,
} from "ambit/http";
import { describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { frame, rawPeer, WsServer } from "./webSocketPeers.ts";

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error as Error,
  );
}

async function read(socket: ClientWebSocket): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const message of socket) seen.push(message);
  return seen;
}

describe("close", () => {
  test("tells the peer code and reason, and waits for its answer", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    await socket.close(4001, "enough ✓");
    expect(server.closed).toEqual([[4001, "enough ✓"]]);
    expect([socket.closed, socket.closeCode]).toEqual([true, 4001]);
    await until(() => server.connected === 0);
    await socket.close();
  });

  test("by disposal is with 1000", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    {
      await using socket = await session.wsConnect(server.url);
      expect(socket.closed).toBe(false);
    }
    expect(server.closed).toEqual([[1000, ""]]);
  });

  test("ends the loop of who is receiving, and makes a receive throw", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    const [looping, receiving] = await Promise.all([
      session.wsConnect(server.url),
      session.wsConnect(server.url),
    ]);
    const loop = createTask(() => read(looping));
    const receive = createTask(() => failure(receiving.receive()));
    await sleep(0);
    await Promise.all([looping.close(), receiving.close(1000, "bye")]);
    expect(await loop).toEqual([]);
    expect(String(await receive)).toContain("it was closed here with 1000 (normal closure): bye");
  });

  test("refuses what would be sent after it", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    await socket.close();
    await expect(socket.sendStr("late")).rejects.toThrow(WebSocketClosedError);
    await expect(socket.sendBytes(new Uint8Array(1))).rejects.toMatchObject({ closeCode: 1000 });
  });

  test("drops what was not received: it waits for the peer's answer behind that", async () => {
    await using server = await WsServer.start((peer) => {
      for (let i = 0; i < 100; i++) peer.send(Buffer.alloc(50_000));
    });
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    await until(() => socket.statistics().paused);
    await socket.close();
    expect(socket.statistics()).toMatchObject({ unread: 0, unreadBytes: 0 });
    expect(server.closed).toEqual([[1000, ""]]);
  });

  test("cuts the connection when the peer does not answer", async () => {
    await using peer = await rawPeer(() => undefined);
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url, { closeTimeout: 20 });
    const begin = performance.now();
    await socket.close();
    expect(performance.now() - begin).toBeGreaterThan(15);
    expect(socket.closeCode).toBe(1006);
  });

  test("by several tasks is one close", async () => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    await Promise.all([socket.close(4000), socket.close(4001), socket.close(4002)]);
    expect(server.closed).toEqual([[4000, ""]]);
  });

  test("that is cancelled cuts the connection at once", async () => {
    let cut = false;
    await using peer = await rawPeer((socket) => socket.on("close", () => (cut = true)));
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url);
    const task = createTask(() => socket.close());
    await sleep(0);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(await until(() => cut)).toBeLessThan(500);
    expect(socket.closed).toBe(true);
  });

  test("with a cancel due already cuts the connection, too", async () => {
    let cut = false;
    await using peer = await rawPeer((socket) => socket.on("close", () => (cut = true)));
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url);
    const task = createTask((): Promise<void> => {
      task.cancel();
      return socket.close();
    });
    await expect(task).rejects.toThrow(CancelledError);
    await until(() => cut);
  });

  test.each([
    [999, ""],
    [1004, ""],
    [1005, ""],
    [1006, ""],
    [1015, ""],
    [2000, ""],
    [5000, ""],
    [1000.5, ""],
    [1000, "x".repeat(124)],
    [1000, "✓".repeat(42)],
  ])("refuses %s and a reason of %j", async (code, reason) => {
    await using server = await WsServer.start();
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await expect(socket.close(code, reason)).rejects.toThrow(RangeError);
    expect(socket.closed).toBe(false);
  });
});

describe("a peer that closes", () => {
  test.each([
    [1000, "done"],
    [1001, ""],
  ])("with %i ends a loop, and a receive throws", async (code, reason) => {
    await using server = await WsServer.start((peer) => {
      peer.send("last");
      peer.close(code, reason);
    });
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    expect(await read(socket)).toEqual(["last"]);
    const error = await failure(socket.receive());
    expect(error).toMatchObject({ name: "WebSocketClosedError", closeCode: code, reason });
    await expect(socket.sendStr("x")).rejects.toThrow(WebSocketClosedError);
  });

  test("without a code ends a loop with 1005", async () => {
    await using server = await WsServer.start((peer) => peer.close());
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    expect(await read(socket)).toEqual([]);
    expect(socket.closeCode).toBe(1005);
  });

  test.each([
    [1011, "oops", "the peer closed it with 1011 (internal error): oops"],
    [4321, "", "the peer closed it with 4321 (application)"],
  ])("with %i makes a loop throw, after what came before", async (code, reason, words) => {
    await using server = await WsServer.start((peer) => {
      peer.send("last");
      peer.close(code, reason);
    });
    await using session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    const seen: unknown[] = [];
    const error = await failure(
      (async () => {
        for await (const message of socket) seen.push(message);
      })(),
    );
    expect(seen).toEqual(["last"]);
    expect(error.message).toBe(`GET ${server.url}: ${words}`);
  });

  test("is answered with its own code", async () => {
    let sent = Buffer.alloc(0);
    await using peer = await rawPeer((socket) => {
      socket.on("data", (data) => (sent = Buffer.concat([sent, data])));
      socket.write(frame(8, Buffer.from([0x0f, 0xa1])));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(peer.url, { closeTimeout: 20 });
    await until(() => sent.length >= 8);
    // A masked close frame; the mask is in bytes 2 to 5.
    expect(sent[0]).toBe(0x88);
    const code = [0, 1].map((at) => (sent[6 + at] as number) ^ (sent[2 + at] as number));
    expect(code).toEqual([0x0f, 0xa1]);
    await expect(socket.receive()).rejects.toMatchObject({ closeCode: 4001 });
  });
});

describe("a lost connection", () => {
  test("without a close frame is 1006, after what came before", async () => {
    await using peer = await rawPeer((socket) => socket.end(frame(1, "last")));
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url);
    expect(await socket.receive()).toBe("last");
    const error = await failure(socket.receive());
    expect(error).toMatchObject({ closeCode: 1006, reason: "" });
    expect(error.message).toContain("the connection was lost without a closing handshake (1006)");
    await expect(read(socket)).rejects.toThrow(WebSocketClosedError);
  });

  test("by a reset has the reset as its cause", async () => {
    await using peer = await rawPeer((socket) => setTimeout(() => socket.resetAndDestroy(), 5));
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url);
    const error = await failure(socket.receive());
    expect(error).toMatchObject({ closeCode: 1006, cause: { code: "ECONNRESET" } });
  });

  test("in the middle of a frame gives none of it", async () => {
    await using peer = await rawPeer((socket) => socket.end(frame(1, "whole").subarray(0, 4)));
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url);
    await expect(socket.receive()).rejects.toMatchObject({ closeCode: 1006 });
  });
});

describe("a peer that breaks the protocol", () => {
  test.each<[string, Buffer, number]>([
    ["sends a masked frame", Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), 1002],
    ["sets a reserved bit", frame(1, "x", 0xc0), 1002],
    ["sends an opcode that there is not", frame(3, "x"), 1002],
    ["sends a continuation of nothing", frame(0, "x"), 1002],
    ["sends a ping in pieces", frame(9, "x", 0x00), 1002],
    [
      "sends a ping of 126 bytes",
      Buffer.concat([Buffer.from([0x89, 126, 0, 126]), Buffer.alloc(126)]),
      1002,
    ],
    ["closes with a code of one byte", frame(8, Buffer.from([3])), 1002],
    ["closes with 1006", frame(8, Buffer.from([0x03, 0xee])), 1002],
    ["sends text that is no UTF-8", frame(1, Buffer.from([0xff, 0xfe])), 1007],
    ["claims a message of 2^63 bytes", Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ])("that %s is told so, after what was in order", async (_, bytes, code) => {
    let answer = Buffer.alloc(0);
    await using peer = await rawPeer((socket) => {
      socket.on("data", (data) => (answer = Buffer.concat([answer, data])));
      socket.write(Buffer.concat([frame(1, "good"), bytes, frame(1, "never seen")]));
    });
    await using session = new ClientSession();
    const socket = await session.wsConnect(peer.url, { closeTimeout: 50 });
    expect(await socket.receive()).toBe("good");
    const error = await failure(socket.receive());
    expect(error).toMatchObject({ name: "WebSocketClosedError", closeCode: code });
    expect(error.message).toContain("the peer broke the protocol");
    await until(() => answer.length >= 8);
    const sent = ((answer[6] as number) ^ (answer[2] as number)) * 256;
    expect(sent + ((answer[7] as number) ^ (answer[3] as number))).toBe(code);
    await expect(socket.sendStr("x")).rejects.toThrow(WebSocketClosedError);
    await socket.close();
    expect(socket.closeCode).toBe(code);
  });
});

describe("the session's close", () => {
  test("closes its WebSockets with 1001, and who receives or sends is told", async () => {
    await using server = await WsServer.start();
    const session = new ClientSession();
    const socket = await session.wsConnect(server.url);
    const receive = createTask(() => failure(socket.receive()));
    await sleep(0);
    await session.close();
    expect(await receive).toBeInstanceOf(SessionClosedError);
    await expect(socket.sendStr("x")).rejects.toThrow(SessionClosedError);
    await until(() => server.closed.length === 1);
    expect(server.closed[0]?.[0]).toBe(1001);
    await until(() => server.connected === 0);
    await socket.close();
  });

  test("ends a WebSocket that is being opened, and no other can be", async () => {
    await using peer = await rawPeer(() => undefined);
    const session = new ClientSession();
    const opening = createTask(() => failure(session.wsConnect(peer.url.replace("ws:", "http:"))));
    await sleep(0);
    await session.close();
    expect(await opening).toBeInstanceOf(SessionClosedError);
    await expect(session.wsConnect(peer.url)).rejects.toThrow("the session is closed");
  });
});
