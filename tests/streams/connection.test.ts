/**
 * Connections over real sockets, TCP and unix, to peers that know nothing of Ambit: real time.
 */
import { lookup as realLookup } from "node:dns";
import { once } from "node:events";
import { type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import {
  CancelledError,
  createTask,
  Future,
  currentTask,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  timeout,
  TimeoutError,
  waitFor,
} from "ambit";
import {
  type Connection,
  connectionOver,
  ConnectionResetError,
  NodeTransport,
  openConnection,
  openUnixConnection,
  StreamProtocol,
  StreamReader,
} from "ambit/streams";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { answerHttp, collectingErrors, peer, type Peer, socketPath, trust } from "./peers.ts";

/** A peer, and how to reach it: over TCP, over a unix socket. */
const roads = [
  {
    road: "TCP",
    async play(
      serve: (socket: Socket) => void,
      body: (open: () => Promise<Connection>, there: Peer) => Promise<void>,
    ) {
      const there = await peer(serve);
      try {
        await body(() => openConnection({ host: "127.0.0.1", port: there.port }), there);
      } finally {
        await there.close();
      }
    },
  },
  {
    road: "a unix socket",
    async play(
      serve: (socket: Socket) => void,
      body: (open: () => Promise<Connection>, there: Peer) => Promise<void>,
    ) {
      const place = socketPath();
      const there = await peer(serve, { path: place.path });
      try {
        await body(() => openUnixConnection(place.path), there);
      } finally {
        await there.close();
        place.remove();
      }
    },
  },
] as const;

async function request({ reader, writer }: Connection): Promise<void> {
  writer.write("GET / HTTP/1.0\r\n\r\n");
  expect(String(await reader.readline())).toBe("HTTP/1.0 200 OK\r\n");
}

async function request10(connection: Connection): Promise<void> {
  await request(connection);
  expect(String(await connection.reader.read())).toMatch(/\r\n\r\nTest message$/);
}

describe.each(roads)("a connection over $road", ({ road, play }) => {
  const test1 =
    road === "TCP" ? "StreamTests.test_open_connection" : "StreamTests.test_open_unix_connection";

  test(`writes, and reads a line and the rest (CPython: test_streams ${test1})`, () =>
    run(() =>
      collectingErrors(async (told) => {
        await play(answerHttp, async (open) => {
          const connection = await open();
          await request10(connection);
          connection.writer.close();
          await connection.writer.waitClosed();
        });
        expect(told).toEqual([]);
      }),
    ));

  test(`passes on what ended it (CPython: test_streams ${test1}_error)`, () =>
    run(() =>
      collectingErrors(async (told) => {
        await play(answerHttp, async (open) => {
          const { reader, writer } = await open();
          writer.transport.protocol.connectionLost(new RangeError("cable cut"));
          await expect(reader.read()).rejects.toThrow("cable cut");
          writer.close();
          await sleep(0);
        });
        expect(told).toEqual([]);
      }),
    ));

  test("closes (CPython: test_streams StreamTests.test_wait_closed_on_close)", () =>
    run(() =>
      play(answerHttp, async (open) => {
        const connection = await open();
        await request10(connection);
        const { writer } = connection;
        expect(writer.isClosing()).toBe(false);
        writer.close();
        expect(writer.isClosing()).toBe(true);
        await writer.waitClosed();
      }),
    ));

  test("closes with data that nobody read (CPython: test_streams StreamTests.test_wait_closed_on_close_with_unread_data)", () =>
    run(() =>
      play(answerHttp, async (open) => {
        const connection = await open();
        await request(connection);
        connection.writer.close();
        await connection.writer.waitClosed();
        expect(inspect(connection.writer.transport)).toBe("<SocketTransport closed>");
      }),
    ));

  test("is used with await from beginning to end (CPython: test_streams StreamTests.test_async_writer_api)", () =>
    run(() =>
      collectingErrors(async (told) => {
        await play(answerHttp, async (open) => {
          const connection = await open();
          await request10(connection);
          await connection[Symbol.asyncDispose]();
          expect(connection.writer.isClosing()).toBe(true);
        });
        expect(told).toEqual([]);
      }),
    ));

  test("drain after close throws (CPython: test_streams StreamTests.test_async_writer_api_exception_after_close)", () =>
    run(() =>
      collectingErrors(async (told) => {
        await play(answerHttp, async (open) => {
          const connection = await open();
          await request10(connection);
          connection.writer.close();
          connection.writer.write("data");
          await expect(connection.writer.drain()).rejects.toThrow(ConnectionResetError);
        });
        expect(told).toEqual([]);
      }),
    ));

  test("closing it ends the reader (CPython: test_streams StreamTests.test_eof_feed_when_closing_writer)", () =>
    run(() =>
      collectingErrors(async (told) => {
        await play(answerHttp, async (open) => {
          const { reader, writer } = await open();
          writer.close();
          await writer.waitClosed();
          expect(reader.atEof()).toBe(true);
          expect(await reader.read()).toHaveLength(0);
        });
        expect(told).toEqual([]);
      }),
    ));

  test("a loop of write and drain hears that the peer has gone (CPython: test_streams StreamTests.test_drain_raises)", () =>
    run(() =>
      collectingErrors(async (told) => {
        await play(
          (socket) => void socket.destroy(),
          async (open) => {
            const { writer } = await open();
            const looping = timeout(5000, async () => {
              for (;;) {
                writer.write("foo\n");
                await writer.drain();
              }
            });
            await expect(looping).rejects.toMatchObject({
              code: expect.stringMatching(/ECONNRESET|EPIPE/),
            });
          },
        );
        expect(told).toEqual([]);
      }),
    ));

  test("ends one direction and reads on in the other", () =>
    run(() =>
      play(
        (socket) => {
          let got = "";
          socket.on("data", (data) => (got += String(data)));
          socket.on("end", () => socket.end(`you sent ${got.length}`));
        },
        async (open) => {
          const { reader, writer } = await open();
          writer.write("x".repeat(1000));
          expect(writer.canWriteEof()).toBe(true);
          writer.writeEof();
          writer.writeEof();
          expect(() => writer.write("more")).toThrow(
            /^write after writeEof on <SocketTransport open>$/,
          );
          expect(String(await reader.read())).toBe("you sent 1000");
          writer.close();
          await writer.waitClosed();
        },
      ),
    ));

  test("a peer that never reads holds back who drains, and close aborts on a second thought", () =>
    run(() =>
      play(
        (socket) => socket.pause(),
        async (open) => {
          const { writer } = await open();
          const chunk = Buffer.alloc(1 << 20);
          const { cancelledCaught } = await moveOnAfter(100, async () => {
            for (;;) {
              writer.write(chunk);
              await writer.drain();
            }
          });
          expect(cancelledCaught).toBe(true);
          const buffered = writer.transport.bufferedBytes;
          expect(buffered).toBeGreaterThan(0);
          expect(buffered).toBeLessThan(4 << 20);
          writer.close();
          expect((await moveOnAfter(20, () => writer.waitClosed())).cancelledCaught).toBe(true);
          writer.transport.abort();
          await writer.waitClosed();
        },
      ),
    ));

  test("a reader that does not read holds back the peer, and loses nothing", () =>
    run(() =>
      play(
        (socket) => socket.end(Buffer.alloc(8 << 20, "x")),
        async (open) => {
          const { reader, writer } = await open();
          while (writer.transport.isReading()) await sleep(1);
          await sleep(20);
          expect(reader.bufferedBytes).toBeLessThan(4 * 65_536);
          let got = 0;
          for (;;) {
            const part = await reader.read(100_000);
            if (part.length === 0) break;
            got += part.length;
          }
          expect(got).toBe(8 << 20);
          writer.close();
          await writer.waitClosed();
        },
      ),
    ));

  test("every message arrives in spite of readers that are cancelled again and again", () =>
    run(() =>
      play(
        (socket) => {
          let at = 0;
          const timer = setInterval(() => {
            if (at === 200) return (clearInterval(timer), void socket.end());
            socket.write(`${at++} `);
            if (at % 3 === 0) socket.write("\n");
          }, 1);
          socket.on("close", () => clearInterval(timer));
        },
        async (open) => {
          const { reader, writer } = await open();
          let text = "";
          let cut = 0;
          while (!reader.atEof()) {
            const { cancelledCaught, value } = await moveOnAfter(2, () => reader.readline());
            if (cancelledCaught) cut++;
            else text += String(value);
          }
          expect(cut).toBeGreaterThan(0);
          expect(text.replaceAll("\n", "")).toBe(
            Array.from({ length: 200 }, (_, at) => `${at} `).join(""),
          );
          writer.close();
          await writer.waitClosed();
        },
      ),
    ));
});

describe("opening", () => {
  test("a port where nobody listens is refused, with the address", () =>
    run(async () => {
      const there = await peer(() => {});
      await there.close();
      await expect(openConnection({ host: "127.0.0.1", port: there.port })).rejects.toMatchObject({
        code: "ECONNREFUSED",
        message: expect.stringContaining(String(there.port)),
      });
      // Both families of localhost.
      await expect(openConnection({ port: there.port })).rejects.toThrow(/ECONNREFUSED .*:\d+/);
      await expect(openUnixConnection("/nowhere/at/all")).rejects.toMatchObject({ code: "ENOENT" });
    }));

  test("wrong options are refused before anything is begun", async () => {
    await expect(openConnection({ port: 70_000 })).rejects.toThrow(
      "Expected `options.port` to be a port, 0 to 65535, got `70000` (number)",
    );
    await expect(openConnection({ port: "80" as never })).rejects.toThrow(TypeError);
    await expect(openConnection(undefined as never)).rejects.toThrow(TypeError);
    await expect(openConnection({ port: 1, limit: 0 })).rejects.toThrow(/options\.limit/);
    await expect(openConnection({ port: 1, tls: 1 as never })).rejects.toThrow(/options\.tls/);
    await expect(openConnection({ port: 1, happyEyeballsDelay: NaN })).rejects.toThrow(RangeError);
    await expect(openConnection({ port: 1, signal: 1 as never })).rejects.toThrow(/AbortSignal/);
    await expect(openUnixConnection(7 as never)).rejects.toThrow(/Expected `path`/);
  });

  test("a limit of the handshake without TLS is refused (CPython: test_base_events BaseEventLoopWithSelectorTests.test_create_connection_ssl_timeout_for_plain_socket)", async () => {
    await expect(
      openConnection({ host: "127.0.0.1", port: 80, handshakeTimeout: 1 }),
    ).rejects.toThrow(
      "Expected `options.handshakeTimeout` to be left out without `tls`, got `1` (number)",
    );
    await expect(openUnixConnection("/nowhere", { handshakeTimeout: 1 })).rejects.toThrow(
      TypeError,
    );
  });

  test("the first of several addresses that answers is taken", () =>
    run(async () => {
      const there = await peer((socket) => socket.end("here"));
      const { reader, writer } = await openConnection({
        host: "two.example",
        port: there.port,
        happyEyeballsDelay: 20,
        lookup: (_host, _options, done) =>
          done(null, [
            { address: "::1", family: 6 },
            { address: "127.0.0.1", family: 4 },
          ]),
      });
      expect(writer.getExtraInfo("peername")).toMatchObject({
        address: "127.0.0.1",
        family: "IPv4",
      });
      expect(String(await reader.read())).toBe("here");
      writer.close();
      await there.close();
    }));

  // Elsewhere only 127.0.0.1 is the machine's own.
  test.runIf(process.platform === "linux")("it connects from the address it is told to", () =>
    run(async () => {
      const there = await peer(() => {});
      const { writer } = await openConnection({
        host: "127.0.0.1",
        port: there.port,
        localAddress: "127.0.0.2",
        family: 4,
        lookup: realLookup,
        keepAlive: true,
      });
      expect(writer.info.sockname).toMatchObject({ address: "127.0.0.2" });
      expect(writer.info.peername).toEqual({
        address: "127.0.0.1",
        port: there.port,
        family: "IPv4",
      });
      writer.transport.abort();
      await writer.waitClosed();
      expect(writer.info.peername).toMatchObject({ port: there.port });
      await there.close();
    }),
  );
});

describe("cancelling", () => {
  test("a look-up of the name is let go", () =>
    run(async () => {
      const asked: string[] = [];
      let answer: (() => void) | undefined;
      const opening = createTask(() =>
        openConnection({
          host: "slow.example",
          port: 9,
          lookup: (host, _options, done) => {
            asked.push(host);
            answer = () => done(null, [{ address: "127.0.0.1", family: 4 }]);
          },
        }),
      );
      await sleep(5);
      opening.cancel();
      await expect(opening).rejects.toThrow(CancelledError);
      answer?.();
      await sleep(5);
      expect(asked).toEqual(["slow.example"]);
    }));

  test("connecting is given up: the socket is destroyed (CPython: test_base_events BaseEventLoopWithSelectorTests.test_create_connection_timeout)", () =>
    run(async () => {
      const full = await unanswering();
      const sockets = (): number =>
        process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
      const before = sockets();
      const opening = waitFor(() => openConnection({ host: "127.0.0.1", port: full.port }), 50);
      await expect(opening).rejects.toThrow(TimeoutError);
      while (sockets() > before) await sleep(1);
      await full.close();
    }));

  test("a handshake is given up: the peer sees the connection close", () =>
    run(async () => {
      const closed = new Future<void>();
      const silent = await peer((socket) => {
        socket.resume();
        socket.on("close", () => closed.setResult()).on("end", () => socket.end());
      });
      const opening = createTask(() =>
        openConnection({ host: "127.0.0.1", port: silent.port, tls: trust }),
      );
      while (silent.sockets.size === 0) await sleep(1);
      opening.cancel();
      await expect(opening).rejects.toThrow(CancelledError);
      await timeout(5000, () => closed);
      await silent.close();
    }));

  test("a handshake that takes too long is given up", () =>
    run(async () => {
      const silent = await peer((socket) => socket.resume().on("end", () => socket.end()));
      const opening = openConnection({
        host: "127.0.0.1",
        port: silent.port,
        tls: trust,
        handshakeTimeout: 20,
      });
      await expect(opening).rejects.toThrow(
        `openConnection to 127.0.0.1:${silent.port} timed out after 20 ms`,
      );
      await expect(
        openConnection({ host: "127.0.0.1", port: silent.port, tls: trust, handshakeTimeout: 20 }),
      ).rejects.toBeInstanceOf(TimeoutError);
      await silent.close();
    }));

  test("a signal gives it up, now or before, and keeps no listener", () =>
    run(async () => {
      const silent = await peer((socket) => socket.resume().on("end", () => socket.end()));
      const target = { host: "127.0.0.1", port: silent.port };
      const controller = new AbortController();
      const opening = openConnection({ ...target, tls: trust, signal: controller.signal });
      const outcome = opening.catch((error: unknown) => error);
      await sleep(5);
      controller.abort("enough");
      expect(await outcome).toBeInstanceOf(CancelledError);
      expect(await outcome).toMatchObject({ reason: "enough" });
      await expect(openConnection({ ...target, signal: controller.signal })).rejects.toThrow(
        CancelledError,
      );

      const unused = new AbortController();
      const { writer } = await openConnection({ ...target, signal: unused.signal });
      unused.abort();
      await sleep(5);
      expect(writer.isClosing()).toBe(false);
      writer.transport.abort();
      await silent.close();
    }));

  test("a cancel that was asked for before begins nothing", () =>
    run(async () => {
      let looked = 0;
      const opening = createTask(async () => {
        currentTask()?.cancel();
        return openConnection({ host: "x.example", port: 9, lookup: () => looked++ });
      });
      await expect(opening).rejects.toThrow(CancelledError);
      expect(looked).toBe(0);
    }));
});

/** A listening socket whose queue is full: connecting to it neither succeeds nor fails. */
async function unanswering(): Promise<{ port: number; close(): Promise<void> }> {
  const accepting = `
    const { parentPort } = require("node:worker_threads");
    const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      // Listens, and never comes to accept anything.
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const worker = new Worker(accepting, { eval: true });
  const [port] = (await once(worker, "message")) as [number];
  await sleep(50);
  const queue: Connection[] = [];
  for (;;) {
    const target = { host: "127.0.0.1", port };
    const { cancelledCaught, value } = await moveOnAfter(50, () => openConnection(target));
    if (cancelledCaught) break;
    queue.push(value);
  }
  return {
    port,
    async close() {
      for (const { writer } of queue) writer.transport.abort();
      await worker.terminate();
    },
  };
}

describe("the end of a run", () => {
  test.each([
    ["says nothing of it", false, []],
    [
      "tells of it in debug mode",
      true,
      [expect.stringMatching(/^never closed, until the run ended: <Connection /)],
    ],
  ])("closes a connection that was forgotten, and %s", async (_, debug, expected) => {
    const there = await peer((socket) => socket.resume().on("end", () => socket.end()));
    const loop = getRunningLoop();
    const told: string[] = [];
    loop.setExceptionHandler(({ message }) => told.push(message));
    const forgotten = await run(
      async () => {
        const closed = await openConnection({ host: "127.0.0.1", port: there.port });
        await closed[Symbol.asyncDispose]();
        return openConnection({ host: "127.0.0.1", port: there.port });
      },
      { debug },
    );
    loop.setExceptionHandler(null);
    loop.debug = false;
    expect(told).toEqual(expected);
    expect(forgotten.writer.isClosing()).toBe(true);
    while (there.sockets.size > 0) await sleep(1);
    await there.close();
  });
});

describe("virtual time", () => {
  test("stands still while a task waits for a socket", async () => {
    const there = await peer((socket) => void setTimeout(() => socket.end("late\n"), 60));
    await runVirtual(async () => {
      await timeout(1000, async () => {
        const { reader, writer } = await openConnection({ host: "127.0.0.1", port: there.port });
        expect(String(await reader.readline())).toBe("late\n");
        await writer[Symbol.asyncDispose]();
      });
    });
    await there.close();
  });
});

describe("a transport over a stream of Node's", () => {
  test("prints whether it is open (CPython: test_events EventLoopTestsMixin.test_unclosed_pipe_transport)", () =>
    run(async () => {
      const transport = new NodeTransport(
        new PassThrough(),
        new StreamProtocol(new StreamReader()),
      );
      expect(inspect(transport)).toBe("<NodeTransport open>");
      transport.close();
      expect(inspect(transport)).toBe("<NodeTransport closing>");
      await sleep(5);
      expect(inspect(transport)).toBe("<NodeTransport closed>");
    }));

  test("a writing one hears that the reading end has gone (CPython: test_events EventLoopTestsMixin.test_write_pipe_disconnect_on_close)", () =>
    run(async () => {
      const place = socketPath();
      const there = await peer(() => {}, { path: place.path });
      const { writer } = await openUnixConnection(place.path);
      writer.write("1");
      while (there.sockets.size === 0) await sleep(1);
      for (const socket of there.sockets) socket.destroy();
      await expect(
        timeout(5000, async () => {
          for (;;) {
            writer.write("2");
            await writer.drain();
            await sleep(1);
          }
        }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) });
      expect(inspect(writer.transport)).toBe("<SocketTransport closed>");
      await there.close();
      place.remove();
    }));

  test("write limits of one's own hold", () =>
    run(async () => {
      const slow = new PassThrough({ highWaterMark: 1 });
      const { writer } = connectionOver((protocol) => {
        const transport = new NodeTransport(slow, protocol);
        transport.setWriteBufferLimits({ high: 10 });
        return transport;
      });
      expect(writer.transport.getWriteBufferLimits()).toEqual({ high: 10, low: 2 });
      writer.transport.pauseReading();
      writer.write("x".repeat(50));
      writer.write("y");
      writer.writelines(["y", "z"]);
      const draining = createTask(() => writer.drain());
      await sleep(1);
      expect(draining.done()).toBe(false);
      writer.transport.resumeReading();
      await draining;
      writer.transport.abort();
      await writer.waitClosed();
    }));
});
