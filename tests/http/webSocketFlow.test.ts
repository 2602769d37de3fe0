/*
 * Slow readers and slow peers: memory stays bounded on both sides.
 *
 * Over real sockets, so in real time: back-pressure is the kernel's in the end.
 */
import { CancelledError, createTask, sleep, timeout } from "ambit";
import { ClientSession, WebSocketClosedError } from "ambit/http";
import { describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { rawPeer, WsServer } from "./webSocketPeers.ts";

const MEGABYTE = 1024 * 1024;

describe("a slow reader", () => {
  test("holds the peer back, and gets every message in the end", async () => {
    const count = 1000;
    await using server = await WsServer.start((peer) => {
      for (let i = 0; i < count; i++) peer.send(Buffer.alloc(16 * 1024, i % 251));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await until(() => socket.statistics().paused);
    await sleep(30);
    const { unread, unreadBytes } = socket.statistics();
    // 256 KiB, and what one read of the socket brought.
    expect(unreadBytes).toBeLessThan(512 * 1024);
    expect(unread).toBe(unreadBytes / (16 * 1024));
    expect(server.peers[0]?.bufferedAmount).toBeGreaterThan(MEGABYTE);
    let most = 0;
    for (let i = 0; i < count; i++) {
      expect((await socket.receiveBytes())[0]).toBe(i % 251);
      most = Math.max(most, socket.statistics().unreadBytes);
    }
    expect(most).toBeLessThan(512 * 1024);
  });

  test("of many small messages holds the peer back, too", async () => {
    await using server = await WsServer.start((peer) => {
      for (let i = 0; i < 50_000; i++) peer.send("xy");
      peer.close();
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await until(() => socket.statistics().paused);
    await sleep(20);
    // 1024, and what one read of the socket brought: 64 KiB of frames of four bytes.
    expect(socket.statistics().unread).toBeLessThan(1024 + 16 * 1024 + 2);
    let seen = 0;
    for await (const message of socket) seen += message.length / 2;
    expect(seen).toBe(50_000);
  });
});

describe("a slow peer", () => {
  test("holds senders back, in the order in which they came", async () => {
    await using server = await WsServer.start((peer) => peer.pause());
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await until(() => server.peers.length === 1);
    const sent: number[] = [];
    const tasks = Array.from({ length: 40 }, (_, index) =>
      createTask(async () => {
        await socket.sendBytes(new Uint8Array(MEGABYTE).fill(index));
        sent.push(index);
      }),
    );
    await until(() => socket.statistics().sending > 0);
    await sleep(20);
    const before = sent.length;
    expect(before).toBeLessThan(40);
    const came: number[] = [];
    server.peers[0]?.on("message", (data: Buffer) => came.push(data[0] as number));
    server.peers[0]?.resume();
    await Promise.all(tasks);
    const order = Array.from({ length: 40 }, (_, index) => index);
    expect(sent).toEqual(order);
    await until(() => came.length === 40);
    expect(came).toEqual(order);
    expect(socket.statistics()).toMatchObject({ sending: 0 });
  });

  test("gets the message of a sender that was cancelled, or none of it", async () => {
    await using server = await WsServer.start((peer) => peer.pause());
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url);
    await until(() => server.peers.length === 1);
    const flood = new Uint8Array(16 * MEGABYTE);
    await expect(timeout(20, () => socket.sendBytes(flood))).rejects.toThrow("timed out");
    const task = createTask((): Promise<void> => {
      task.cancel();
      return socket.sendStr("never sent");
    });
    await expect(task).rejects.toThrow(CancelledError);
    const came: number[] = [];
    server.peers[0]?.on("message", (data: Buffer) => came.push(data.length));
    server.peers[0]?.resume();
    await socket.sendStr("after");
    await until(() => came.length === 2);
    expect(came).toEqual([16 * MEGABYTE, 5]);
  });

  test("that goes away fails who waits to send", async () => {
    await using peer = await rawPeer((socket) => {
      socket.pause();
      setTimeout(() => socket.resetAndDestroy(), 30);
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(peer.url);
    const sending = socket.sendBytes(new Uint8Array(32 * MEGABYTE));
    await expect(sending).rejects.toThrow(WebSocketClosedError);
    await expect(sending).rejects.toMatchObject({ closeCode: 1006 });
  });
});
