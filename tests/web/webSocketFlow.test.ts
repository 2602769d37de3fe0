/**
 * Who is slow, and who is gone: back-pressure both ways, the heartbeat, and many at once.
 *
 * Over real sockets, so in real time.
 */
import {
  Broadcast,
  createTask,
  Event,
  gather,
  moveOnAfter,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from "ambit";
import { cancelEverywhere } from "ambit/testing";
import { ConnectionClosed, type ServerWebSocket, type ServerWebSocketStatistics } from "ambit/web";
import { deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { binary, close, noise, ping, PING, pong, RawClient, text } from "./webSocketFrames.ts";
import { until, WebSocketHost } from "./webSocketHost.ts";

describe("a client that sends faster than the handler receives", () => {
  test.each([
    ["by their number", { unreadMessages: 16 }, 400, 20_000],
    ["by their bytes", { unreadBytes: 64 * 1024 }, 400, 20_000],
  ])("is held back, %s, and nothing is lost", async (_title, options, count, size) => {
    const start = new Event();
    let open: ServerWebSocket | undefined;
    const came: number[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      await socket.receive();
      open = socket;
      await start.wait();
      for await (const message of socket) came.push((message as Uint8Array)[0] as number);
    }, options);
    await using client = await RawClient.open(host.port);
    const frames = Array.from({ length: count }, (_, at) => binary(Buffer.alloc(size, at % 251)));
    const sending = createTask(() => client.send(binary("first"), ...frames, close(1000)));
    await until(() => open?.statistics().paused === true);
    await sleep(50);
    expect(sending.done()).toBe(false);
    const { unread, unreadBytes } = (open as ServerWebSocket).statistics();
    start.set();
    expect(await client.rest()).toEqual(["close 1000"]);
    await sending;
    expect(came).toEqual(frames.map((_, at) => at % 251));
    // What came with the chunk of the network's that went over the limit is kept too.
    expect(unread).toBeLessThanOrEqual(16 + 65_536 / size);
    expect(unreadBytes).toBeLessThanOrEqual(16 * size + 65_536 + size);
  });

  test("is not blamed for its silence meanwhile", async () => {
    const start = new Event();
    await using host = await WebSocketHost.start(
      async (socket) => {
        await start.wait();
        let count = 0;
        for await (const message of socket) count += message.length > 0 ? 1 : 0;
        expect(count).toBe(64);
      },
      { unreadMessages: 4, heartbeat: 20, heartbeatTimeout: 20 },
    );
    await using client = await RawClient.open(host.port);
    await client.send(...Array.from({ length: 64 }, () => text("x")));
    await sleep(120);
    expect(host.app.webSocketCount).toBe(1);
    start.set();
    await client.send(close(1000));
    const frames = (await client.rest()).filter((frame) => !frame.startsWith("ping"));
    expect(frames).toEqual(["close 1000"]);
  });
});

describe("a client that reads slower than the handler sends", () => {
  test("makes send wait, with no more in memory than the mark and a message", async () => {
    const piece = "x".repeat(40_000);
    let sent = 0;
    let most = 0;
    let seen: ServerWebSocketStatistics | undefined;
    await using host = await WebSocketHost.start(
      async (socket) => {
        for (; sent < 600; sent++) {
          const sending = socket.send(piece);
          most = Math.max(most, socket.bufferedAmount);
          seen = socket.statistics();
          await sending;
        }
      },
      { highWaterMark: 100_000 },
    );
    await using client = await RawClient.open(host.port);
    await sleep(150);
    const stalled = sent;
    expect(stalled).toBeLessThan(600);
    await sleep(50);
    expect(sent).toBe(stalled);
    expect(seen?.sending).toBe(1);
    for (let at = 0; at < 600; at++) expect((await client.read())?.payload.length).toBe(40_000);
    expect(await client.next()).toBe("close 1000");
    expect(most).toBeLessThanOrEqual(100_000 + 40_010);
  });

  test("a send that is cancelled while it waits has sent its message", async () => {
    const outcomes: boolean[] = [];
    await using host = await WebSocketHost.start(
      async (socket) => {
        await socket.send(noise(8_000_000));
        outcomes.push((await moveOnAfter(20, () => socket.send("kept"))).cancelledCaught);
      },
      { highWaterMark: 1, closeTimeout: 5000 },
    );
    await using client = await RawClient.open(host.port);
    // The first send has waited too: it goes on when half of the mark is left, so all of it was read.
    expect((await client.read())?.payload.length).toBe(8_000_000);
    expect(await client.next()).toBe("text kept");
    expect(await client.leave(1000)).toEqual(["close 1000"]);
    expect(outcomes).toHaveLength(1);
  });

  test("one that never reads is dropped from a broadcast, and the others get everything", async () => {
    const news = new Broadcast<string>(8);
    const ends: string[] = [];
    await using host = await WebSocketHost.start(
      async (socket) => {
        const subscription = news.subscribe({ onLag: (missed) => ends.push(`missed ${missed}`) });
        try {
          for await (const item of subscription) await timeout(200, () => socket.send(item));
        } catch (error) {
          if (!(error instanceof TimeoutError)) throw error;
          ends.push("too slow");
          await socket.close(1013, "too slow");
        } finally {
          subscription.close();
        }
      },
      { closeTimeout: 50 },
    );
    await using fast = await RawClient.open(host.port);
    await using slow = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 2);
    const big = "n".repeat(100_000);
    for (let at = 0; at < 200; at++) {
      news.send(big);
      expect((await fast.read())?.payload.length).toBe(100_000);
    }
    await until(() => host.app.webSocketCount === 1);
    expect(ends).toEqual(["too slow"]);
    news.close();
    expect(await fast.next()).toBe("close 1000");
    expect(slow.status).toBe(101);
  });
});

describe("the heartbeat", () => {
  const often = { heartbeat: 30, heartbeatTimeout: 30 };

  test("a client that answers pings stays", async () => {
    await using host = await WebSocketHost.start((socket) => socket.receive(), {
      heartbeat: 30,
      heartbeatTimeout: 3000,
    });
    await using client = await RawClient.open(host.port);
    for (let at = 0; at < 4; at++) {
      const frame = await client.read();
      expect(frame?.opcode).toBe(PING);
      await client.send(pong(frame?.payload));
    }
    await client.send(text("still here"));
    expect(await client.next()).toBe("close 1000");
  });

  test("a client that answers nothing is lost, and its handler cancelled", async () => {
    let ended = 0;
    const begin = performance.now();
    await using host = await WebSocketHost.start(async (socket) => {
      try {
        await socket.receive();
      } finally {
        ended = performance.now() - begin;
      }
    }, often);
    await using client = await RawClient.open(host.port);
    await until(() => ended > 0);
    expect(ended).toBeGreaterThan(50);
    expect((await client.rest())[0]).toMatch(/^ping/);
    await until(() => host.records.length > 0);
    expect(host.records[0]?.outcome).toBe("disconnected");
  });

  test("with finish, who receives is told that the client is silent", async () => {
    let error: unknown;
    await using host = await WebSocketHost.start(
      async (socket) => {
        error = await socket.receive().catch((caught: unknown) => caught);
      },
      { ...often, onDisconnect: "finish" },
    );
    await using client = await RawClient.open(host.port);
    await until(() => error !== undefined);
    expect(error).toBeInstanceOf(ConnectionClosed);
    expect(String(error)).toContain("nothing came for 60 ms, not even an answer to a ping");
    expect(client.status).toBe(101);
  });

  test("a ping of the handler's gives the milliseconds to its answer", async () => {
    const times: number[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      const both = await gather([() => socket.ping(), () => socket.ping()]);
      times.push(...both);
    });
    await using client = await RawClient.open(host.port);
    const first = await client.read();
    const second = await client.read();
    await sleep(20);
    // Others' pongs are no answer; the answer to the last is one to those before it.
    await client.send(pong("x"), pong(Buffer.alloc(8, 0xff)), pong(second?.payload));
    expect(await client.next()).toBe("close 1000");
    expect(first?.payload).not.toEqual(second?.payload);
    for (const time of times) expect(time).toBeGreaterThanOrEqual(15);
    expect(times).toHaveLength(2);
  });

  test("a ping whose client leaves throws, or ends with the handler", async () => {
    let error: unknown;
    await using host = await WebSocketHost.start(
      async (socket) => {
        error = await socket.ping().catch((caught: unknown) => caught);
        await expect(socket.ping()).rejects.toThrow(ConnectionClosed);
      },
      { onDisconnect: "finish" },
    );
    await using client = await RawClient.open(host.port);
    await client.read();
    client.abort();
    await until(() => error !== undefined);
    expect(error).toMatchObject({ code: 1006 });
  });
});

describe("what a client may do to the server's memory", () => {
  test("a message that unpacks to more than the limit is refused", async () => {
    await using host = await WebSocketHost.start((socket) => socket.receive(), {
      compress: true,
      maxPayload: 10_000,
    });
    const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
    await using client = await RawClient.open(host.port, { headers });
    const bomb = deflateRawSync(Buffer.alloc(10_000_000), { finishFlush: 2 }).subarray(0, -4);
    await client.send(text(bomb.subarray(0, 9000), { rsv: 4 }));
    expect(await client.next()).toBe("close 1009");
  });

  test("what is packed wrongly is refused", async () => {
    await using host = await WebSocketHost.start((socket) => socket.receive(), { compress: true });
    const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
    await using client = await RawClient.open(host.port, { headers });
    await client.send(text(Buffer.from([0xff, 0xff, 0xff]), { rsv: 4 }));
    expect(await client.next()).toBe("close 1007");
  });

  test("a message in countless little fragments is refused", async () => {
    await using host = await WebSocketHost.start((socket) => socket.receive(), {
      maxPayload: 64_000,
    });
    await using client = await RawClient.open(host.port);
    const fragment = { fin: false };
    const little = Array.from({ length: 3000 }, (_, at) =>
      at === 0 ? text("x", fragment) : Buffer.from([0, 0x81, 0, 0, 0, 0, 0x78]),
    );
    await client.send(Buffer.concat(little));
    expect(await client.next()).toBe("close 1008");
  });

  test("a client that pings without end and reads no answer is cut off", async () => {
    await using host = await WebSocketHost.start((socket) => socket.receive());
    await using client = await RawClient.open(host.port);
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => ping("x".repeat(125))));
    const sending = createTask(async () => {
      for (let at = 0; at < 500; at++) await client.send(flood);
    });
    await until(() => host.records.length > 0, 5000);
    expect(host.records[0]?.outcome).toBe("disconnected");
    sending.cancel();
    await Promise.resolve(sending).catch(() => {});
  });
});

test("a cancel at each wait of a handler closes with 1001, and its finally runs", async () => {
  const points = await cancelEverywhere(
    async () => {
      let opened = 0;
      let closed = 0;
      const host = await WebSocketHost.start(async (socket: ServerWebSocket) => {
        opened++;
        try {
          await socket.send("hello");
          for await (const message of socket) await socket.send(message);
        } finally {
          closed++;
        }
      });
      try {
        await using client = await RawClient.open(host.port);
        expect(client.status).toBe(101);
        await client.send(text("a"), text("b"));
        const frames: string[] = [];
        while (!frames.at(-1)?.startsWith("close") && frames.length < 3)
          frames.push(await client.next());
        frames.push(...(await client.leave(1000)));
        const last = frames.at(-1) === "close 1001" ? "close 1001" : "close 1000";
        expect(frames).toEqual([
          ...["text hello", "text a", "text b"].slice(0, frames.length - 1),
          last,
        ]);
      } finally {
        await host.stop();
      }
      expect([opened, closed]).toEqual([1, 1]);
    },
    { only: (task) => task.name === "GET /" },
  );
  expect(points).toBeGreaterThan(2);
});

test("a thousand at once: each is answered, and all are told when the server stops", async () => {
  const host = await WebSocketHost.start(async (socket) => {
    for await (const message of socket) await socket.send(message);
  });
  const clients: RawClient[] = [];
  for (let at = 0; at < 1000; at += 50)
    clients.push(
      ...(await gather(Array.from({ length: 50 }, () => () => RawClient.open(host.port)))),
    );
  await until(() => host.app.webSocketCount === 1000);
  await gather(clients.map((client, at) => () => client.send(text(String(at)))));
  const echoes = await gather(clients.map((client) => () => client.next()));
  expect(echoes).toEqual(clients.map((_, at) => `text ${at}`));
  await taskGroup(async (group) => {
    const told = clients.map((client) =>
      group.spawn(async () => {
        const answer = await client.next();
        await client.leave(1001);
        return answer;
      }),
    );
    await host.server.drain({ timeout: 5000, lameDuck: 0 });
    for (const task of told) expect(await task).toBe("close 1001");
  });
  expect(host.app.webSocketCount).toBe(0);
  expect(host.records.map(({ outcome }) => outcome)).toEqual(clients.map(() => "finished"));
}, 30_000);
