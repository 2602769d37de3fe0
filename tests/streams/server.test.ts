/**
 * Servers over real sockets, TCP and unix, with clients of Ambit's and others: real time.
 */
import { existsSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  formatTaskTree,
  Future,
  gather,
  InvalidStateError,
  moveOnAfter,
  run,
  sleep,
  type Task,
  timeout,
} from "ambit";
import {
  type Connection,
  type ConnectionHandler,
  connectionOver,
  type Listener,
  NodeTransport,
  openConnection,
  openUnixConnection,
  Server,
  startServer,
  startUnixServer,
  type StreamReader,
  type StreamWriter,
} from "ambit/streams";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { collectingErrors, connected, socketPath } from "./peers.ts";

const HERE = { host: "127.0.0.1", port: 0 };
/** Elsewhere only 127.0.0.1 is the machine's own. */
const MANY_LOOPBACKS = process.platform === "linux";

function open(server: Server): Promise<Connection> {
  return openConnection({ host: "127.0.0.1", port: server.port });
}

async function echoLine(reader: StreamReader, writer: StreamWriter): Promise<void> {
  writer.write(await reader.readline());
  await writer.drain();
  writer.close();
  await writer.waitClosed();
}

async function ask({ reader, writer }: Connection, line: string): Promise<string> {
  writer.write(line);
  const answer = String(await reader.readline());
  writer.close();
  await writer.waitClosed();
  return answer;
}

async function stop(server: Server): Promise<void> {
  server.close();
  await server.waitClosed();
}

describe("a server", () => {
  test("handles a client, in an async function or a task that a plain one returns (CPython, differs: test_streams StreamTests.test_start_server)", () =>
    run(() =>
      collectingErrors(async (told) => {
        const handlers: ConnectionHandler[] = [
          echoLine,
          (reader, writer) => createTask(() => echoLine(reader, writer)),
        ];
        for (const handler of handlers) {
          const server = await startServer(handler, HERE);
          expect(await ask(await open(server), "hello world!\n")).toBe("hello world!\n");
          await stop(server);
        }
        expect(told).toEqual([]);
      }),
    ));

  test("listens on a unix socket, whose file goes with it (CPython, differs: test_streams StreamTests.test_start_unix_server)", () =>
    run(() =>
      collectingErrors(async (told) => {
        const place = socketPath();
        const handlers: ConnectionHandler[] = [
          echoLine,
          (reader, writer) => createTask(() => echoLine(reader, writer)),
        ];
        for (const handler of handlers) {
          const server = await startUnixServer(handler, place.path);
          expect(server.addresses).toEqual([place.path]);
          expect(() => server.port).toThrow(InvalidStateError);
          expect(await ask(await openUnixConnection(place.path), "hello world!\n")).toBe(
            "hello world!\n",
          );
          await stop(server);
          expect(existsSync(place.path)).toBe(false);
        }
        place.remove();
        expect(told).toEqual([]);
      }),
    ));

  test("takes the place of one that was killed, but neither of one that lives nor of a file", () =>
    run(async () => {
      const place = socketPath();
      const server = await startUnixServer(echoLine, place.path);
      await expect(startUnixServer(echoLine, place.path)).rejects.toMatchObject({
        code: "EADDRINUSE",
      });
      expect(await ask(await openUnixConnection(place.path), "still here\n")).toBe("still here\n");
      await stop(server);

      writeFileSync(place.path, "precious");
      await expect(startUnixServer(echoLine, place.path)).rejects.toMatchObject({
        code: "EADDRINUSE",
      });
      expect(existsSync(place.path)).toBe(true);
      place.remove();
      await expect(startUnixServer(echoLine, "/nowhere/at/all")).rejects.toThrow(/EACCES|ENOENT/);
    }));

  test("refuses connections once it is closed (CPython: test_events EventLoopTestsMixin.test_server_close)", () =>
    run(async () => {
      const server = await startServer(() => {}, HERE);
      const { port } = server;
      const first = await open(server);
      server.close();
      await expect(openConnection({ host: "127.0.0.1", port })).rejects.toMatchObject({
        code: "ECONNREFUSED",
      });
      await first[Symbol.asyncDispose]();
      await server.waitClosed();
    }));

  test("close may be called again, stops listening, and leaves connections (CPython, differs: test_events TestAbstractServer.test_close)", () =>
    run(async () => {
      const server = await startServer(
        async (reader, writer) => writer.write(await reader.readline()),
        HERE,
      );
      const client = await open(server);
      while (server.connections === 0) await sleep(1);
      server.close();
      server.close();
      expect(server.isServing()).toBe(false);
      expect(server.addresses).toEqual([]);
      expect(await ask(client, "still here\n")).toBe("still here\n");
      await server.waitClosed();
    }));

  test("waitClosed waits for close, and for every connection (CPython, differs: test_events TestAbstractServer.test_wait_closed)", () =>
    run(async () => {
      const server = await startServer(async (reader) => void (await reader.read()), HERE);
      const closed = createTask(() => server.waitClosed());
      await sleep(5);
      expect(closed.done()).toBe(false);
      const client = await open(server);
      while (server.connections === 0) await sleep(1);
      server.close();
      await sleep(5);
      expect(closed.done()).toBe(false);
      client.writer.close();
      await closed;
      expect(server.connections).toBe(0);
      await server.waitClosed();
    }));

  test("a cancelled waitClosed leaves the server as it is", () =>
    run(async () => {
      const server = await startServer(echoLine, HERE);
      expect((await moveOnAfter(5, () => server.waitClosed())).cancelledCaught).toBe(true);
      expect(await ask(await open(server), "here\n")).toBe("here\n");
      await stop(server);
    }));

  test.runIf(MANY_LOOPBACKS)("a port that is in use is an error, and nothing is left", () =>
    run(async () => {
      const server = await startServer(echoLine, HERE);
      await expect(startServer(echoLine, { ...HERE, port: server.port })).rejects.toMatchObject({
        code: "EADDRINUSE",
      });
      await expect(
        startServer(echoLine, { host: ["127.0.0.2", "127.0.0.1"], port: server.port }),
      ).rejects.toMatchObject({ code: "EADDRINUSE" });
      const other = await startServer(echoLine, { host: "127.0.0.2", port: server.port });
      await stop(other);
      await stop(server);
    }),
  );

  test.runIf(MANY_LOOPBACKS)("listens on several addresses", () =>
    run(async () => {
      const server = await startServer(echoLine, {
        host: ["127.0.0.1", "127.0.0.2"],
        port: 0,
        backlog: 5,
      });
      expect(server.addresses).toHaveLength(2);
      for (const address of server.addresses) {
        const target = address as { address: string; port: number };
        const client = await openConnection({ host: target.address, port: target.port });
        expect(await ask(client, "hello\n")).toBe("hello\n");
      }
      expect(inspect(server)).toMatch(/^<Server serving 127\.0\.0\.1:\d+ 127\.0\.0\.2:\d+>$/);
      await stop(server);
      expect(inspect(server)).toBe("<Server closed>");
    }),
  );

  test("begins when it is told to", () =>
    run(async () => {
      const server = await startServer(echoLine, { ...HERE, startServing: false });
      expect(server.isServing()).toBe(false);
      expect(inspect(server)).toBe("<Server new>");
      await gather([() => server.startServing(), () => server.startServing()]);
      await server.startServing();
      expect(server.isServing()).toBe(true);
      expect(await ask(await open(server), "hello\n")).toBe("hello\n");
      await stop(server);
      await expect(server.startServing()).rejects.toThrow(
        "startServing on <Server closed>: start another server",
      );
    }));

  test("two tasks may start it at once, and one be cancelled", () =>
    run(async () => {
      const server = await startServer(echoLine, { ...HERE, startServing: false });
      const [first, second] = [
        createTask(() => server.startServing(), { eager: true }),
        createTask(() => server.startServing(), { eager: true }),
      ];
      first.cancel();
      await expect(first).rejects.toThrow(CancelledError);
      await second;
      expect(await ask(await open(server), "hello\n")).toBe("hello\n");
      await stop(server);
    }));

  test("a start that is cancelled leaves nothing listening", () =>
    run(async () => {
      const starting = createTask(async () => {
        currentTask()?.cancel();
        return startServer(echoLine, HERE);
      });
      await expect(starting).rejects.toThrow(CancelledError);
      const early = createTask(() => startServer(echoLine, HERE), { eager: true });
      early.cancel();
      await expect(early).rejects.toThrow(CancelledError);
    }));

  test("wrong options are refused", async () => {
    await expect(startServer(7 as never, HERE)).rejects.toThrow(
      /Expected `handler` to be a function/,
    );
    await expect(startServer(echoLine, undefined as never)).rejects.toThrow(TypeError);
    await expect(startServer(echoLine, { port: -1 })).rejects.toThrow(RangeError);
    await expect(startServer(echoLine, { ...HERE, limit: 0 })).rejects.toThrow(/options\.limit/);
    await expect(startServer(echoLine, { ...HERE, backlog: 0 })).rejects.toThrow(
      /options\.backlog/,
    );
    await expect(startServer(echoLine, { ...HERE, closingGrace: NaN })).rejects.toThrow(RangeError);
    await expect(startUnixServer(echoLine, 7 as never)).rejects.toThrow(/Expected `path`/);
  });

  test("a limit of the handshake without TLS is refused (CPython: test_base_events BaseEventLoopWithSelectorTests.test_create_server_ssl_timeout_for_plain_socket)", async () => {
    await expect(startServer(echoLine, { ...HERE, handshakeTimeout: 1 })).rejects.toThrow(
      "Expected `options.handshakeTimeout` to be left out without `tls`, got `1` (number)",
    );
  });
});

describe("a handler", () => {
  test("runs in a task of its own, under the server, with the variables of who started it", () =>
    run(async () => {
      const user = new ContextVar<string>("user");
      user.set("anna");
      const seen = new Future<[Task<unknown> | null, string | undefined]>();
      let tree = "";
      const server = await startServer(async function hello(reader) {
        tree = formatTaskTree();
        seen.setResult([currentTask(), user.get()]);
        user.set("other");
        await reader.read();
      }, HERE);
      const client = await open(server);
      const [task, name] = await seen;
      expect(task).not.toBe(currentTask());
      expect(inspect(task)).toContain("fn=hello");
      expect(tree).toMatch(/<Server serving .*connections=1>\n.*Task-\d+/);
      expect(name).toBe("anna");
      expect(user.get()).toBe("anna");
      client.writer.close();
      await stop(server);
    }));

  test("that ends closes its connection, once all is sent", () =>
    run(async () => {
      const size = 4 << 20;
      const server = await startServer((_, writer) => writer.write(Buffer.alloc(size, "x")), HERE);
      const { reader, writer } = await open(server);
      expect(await reader.read()).toHaveLength(size);
      writer.close();
      await stop(server);
    }));

  test.each([
    [
      "throws",
      async (): Promise<void> => {
        await sleep(1);
        throw new RangeError("no luck");
      },
    ],
    [
      "throws at once",
      (): void => {
        throw new RangeError("no luck");
      },
    ],
  ])(
    "that %s is reported once; others go on (CPython: test_streams StreamTests.test_unhandled_exception, StreamTests.test_unhandled_exceptions)",
    (_, fail) =>
      run(() =>
        collectingErrors(async (told) => {
          let first = true;
          const server = await startServer(async (reader, writer) => {
            if (first) {
              first = false;
              await reader.readline();
              return fail();
            }
            return echoLine(reader, writer);
          }, HERE);
          const unlucky = await open(server);
          while (server.connections === 0) await sleep(1);
          const lucky = await open(server);
          unlucky.writer.write("go\n");
          expect(await unlucky.reader.read()).toHaveLength(0);
          expect(await ask(lucky, "hello\n")).toBe("hello\n");
          await unlucky[Symbol.asyncDispose]();
          await stop(server);
          expect(told).toHaveLength(1);
          expect(told[0]?.exception).toBeInstanceOf(RangeError);
          expect(told[0]?.message).toMatch(
            /^the handler of a connection for 127\.0\.0\.1:\d+ failed; the connection is closed$/,
          );
          expect(inspect(told[0]?.task)).toContain("fn=");
        }),
      ),
  );

  test("that is cancelled closes its connection, and is not reported (CPython: test_streams StreamTests.test_unhandled_cancel)", () =>
    run(() =>
      collectingErrors(async (told) => {
        const server = await startServer(async () => {
          currentTask()?.cancel();
          await sleep(1);
        }, HERE);
        const client = await open(server);
        expect(await client.reader.read()).toHaveLength(0);
        await client[Symbol.asyncDispose]();
        await stop(server);
        expect(told).toEqual([]);
      }),
    ));

  test("that is reset in the middle of a read gets the error; others go on", () =>
    run(() =>
      collectingErrors(async (told) => {
        const errors: unknown[] = [];
        const server = await startServer(async (reader, writer) => {
          try {
            for await (const line of reader) writer.write(line);
          } catch (error) {
            errors.push((error as NodeJS.ErrnoException).code);
            throw error;
          }
        }, HERE);
        const raw = await connected(server.port);
        const client = await open(server);
        raw.write("half a li");
        while (server.connections < 2) await sleep(1);
        await sleep(5);
        raw.resetAndDestroy();
        while (errors.length === 0) await sleep(1);
        expect(errors).toEqual(["ECONNRESET"]);
        client.writer.write("hello\n");
        expect(String(await client.reader.readline())).toBe("hello\n");
        client.writer.close();
        await stop(server);
        expect(told.map(({ exception }) => (exception as NodeJS.ErrnoException).code)).toEqual([
          "ECONNRESET",
        ]);
      }),
    ));
});

describe("closing clients", () => {
  const waitForEnd = async (reader: StreamReader): Promise<void> => void (await reader.read());

  test("closeClients sends what waits, and ends the reads of the handlers", () =>
    run(async () => {
      const ended: string[] = [];
      const server = await startServer(async (reader, writer) => {
        writer.write("bye\n");
        ended.push(String(await reader.read()));
      }, HERE);
      const client = await open(server);
      while (server.connections === 0) await sleep(1);
      server.close();
      server.closeClients();
      expect(String(await client.reader.read())).toBe("bye\n");
      await server.waitClosed();
      expect(ended).toEqual([""]);
      client.writer.close();
    }));

  test("abortClients loses what waits", () =>
    run(async () => {
      const size = 64 << 20;
      const server = await startServer(async (reader, writer) => {
        writer.write(Buffer.alloc(size));
        await waitForEnd(reader);
      }, HERE);
      const client = await open(server);
      while (client.reader.bufferedBytes === 0) await sleep(1);
      server.close();
      server.abortClients();
      await server.waitClosed();
      const got = await client.reader.read().then(
        (data) => data.length,
        () => 0,
      );
      expect(got).toBeLessThan(size);
      client.writer.transport.abort();
    }));
});

describe("the end of a server", () => {
  /** A handler that logs how it ends. */
  function witness(log: string[]): ConnectionHandler {
    return async (reader, writer) => {
      try {
        await reader.read();
      } catch (error) {
        log.push((error as Error).name);
        throw error;
      } finally {
        await sleep(5);
        log.push(writer.isClosing() ? "closed before" : "clean-up");
        writer.write("bye\n");
      }
    };
  }

  test.each([
    [
      "cancelling serveForever",
      async (server: Server, body: () => Promise<void>) => {
        const serving = createTask(() => server.serveForever());
        await body();
        serving.cancel();
        await expect(serving).rejects.toThrow(CancelledError);
      },
    ],
    [
      "cancelling who holds it",
      async (server: Server, body: () => Promise<void>) => {
        const owner = createTask(async () => {
          await using held = server;
          await new Future<void>();
          held.close();
        });
        await body();
        owner.cancel();
        await expect(owner).rejects.toThrow(CancelledError);
      },
    ],
    [
      "disposing",
      async (server: Server, body: () => Promise<void>) => {
        await body();
        await server[Symbol.asyncDispose]();
      },
    ],
  ])("%s cancels the handlers, lets them clean up, then closes their connections", (_, end) =>
    run(() =>
      collectingErrors(async (told) => {
        const log: string[] = [];
        const server = await startServer(witness(log), HERE);
        const clients: Connection[] = [];
        await end(server, async () => {
          clients.push(await open(server), await open(server));
          while (server.connections < 2) await sleep(1);
        });
        expect(log).toEqual(["CancelledError", "CancelledError", "clean-up", "clean-up"]);
        expect(server.connections).toBe(0);
        for (const { reader, writer } of clients) {
          expect(String(await reader.read())).toBe("bye\n");
          writer.close();
          await writer.waitClosed();
        }
        expect(told).toEqual([]);
      }),
    ),
  );

  test("a task that is cancelled takes the server that it serves with it", () =>
    run(async () => {
      const log: string[] = [];
      const started = new Future<Server>();
      const owner = createTask(async () => {
        const server = await startServer(witness(log), HERE);
        started.setResult(server);
        await server.serveForever();
      });
      const client = await open(await started);
      while ((await started).connections === 0) await sleep(1);
      owner.cancel();
      await expect(owner).rejects.toThrow(CancelledError);
      expect(log).toEqual(["CancelledError", "clean-up"]);
      expect(String(await client.reader.read())).toBe("bye\n");
      await client[Symbol.asyncDispose]();
    }));

  test("the end of the run closes a server that was forgotten", async () => {
    const log: string[] = [];
    const { server, client } = await run(async () => {
      const forgotten = await startServer(witness(log), HERE);
      const raw = await connected(forgotten.port);
      while (forgotten.connections === 0) await sleep(1);
      return { server: forgotten, client: raw };
    });
    expect(log).toEqual(["CancelledError", "clean-up"]);
    expect(server.isServing()).toBe(false);
    client.destroy();
    while (server.connections > 0) await sleep(1);
  });

  test("serveForever ends when the server is closed and its connections are over", () =>
    run(async () => {
      const server = await startServer(echoLine, { ...HERE, startServing: false });
      const serving = createTask(() => server.serveForever());
      while (!server.isServing()) await sleep(1);
      await expect(server.serveForever()).rejects.toThrow(
        /serveForever on <Server .*, which another task awaits$/,
      );
      const client = await open(server);
      while (server.connections === 0) await sleep(1);
      server.close();
      await sleep(5);
      expect(serving.done()).toBe(false);
      expect(await ask(client, "last\n")).toBe("last\n");
      await serving;
      await expect(server.serveForever()).rejects.toThrow(InvalidStateError);
    }));

  test("a peer that never reads is aborted after the grace", () =>
    run(async () => {
      const server = await startServer(
        async (_, writer) => {
          try {
            await sleep(60_000);
          } finally {
            writer.write(Buffer.alloc(32 << 20));
            await writer.drain();
          }
        },
        { ...HERE, closingGrace: 30 },
      );
      const deaf = await connected(server.port);
      deaf.pause();
      while (server.connections === 0) await sleep(1);
      await timeout(5000, () => server[Symbol.asyncDispose]());
      expect(server.connections).toBe(0);
      deaf.destroy();
    }));

  test("a second cancel does not wait for the grace", () =>
    run(async () => {
      const server = await startServer((_, writer) => writer.write(Buffer.alloc(32 << 20)), HERE);
      const deaf = await connected(server.port);
      deaf.pause();
      while (server.connections === 0) await sleep(1);
      const serving = createTask(() => server.serveForever());
      await sleep(5);
      serving.cancel();
      await sleep(20);
      expect(serving.done()).toBe(false);
      serving.cancel();
      await expect(serving).rejects.toThrow(CancelledError);
      while (server.connections > 0) await sleep(1);
      deaf.destroy();
    }));

  test("connections that come while the server closes are dropped", () =>
    run(async () => {
      let handled = 0;
      const server = await startServer(async (reader) => {
        handled++;
        await reader.read();
      }, HERE);
      const clients = await gather(Array.from({ length: 20 }, () => () => connected(server.port)));
      server.close();
      server.abortClients();
      await server.waitClosed();
      const atTheEnd = handled;
      await sleep(10);
      expect(handled).toBe(atTheEnd);
      expect(server.connections).toBe(0);
      for (const client of clients) client.destroy();
    }));

  test("connections that come and go leave nothing", () =>
    run(async () => {
      const server = await startServer(echoLine, HERE);
      for (let round = 0; round < 5; round++) {
        const answers = await gather(
          Array.from({ length: 40 }, (_, at) => async () => ask(await open(server), `${at}\n`)),
        );
        expect(answers).toEqual(Array.from({ length: 40 }, (_, at) => `${at}\n`));
      }
      while (server.connections > 0) await sleep(1);
      await stop(server);
    }));
});

describe("a listener of one's own", () => {
  test("gives a server its connections", () =>
    run(async () => {
      let arrive: (() => Promise<Connection>) | undefined;
      const listener: Listener = {
        addresses: ["memory"],
        outside: false,
        listen: async (accept) => {
          arrive = async () => {
            accept(
              (protocol) => new NodeTransport(new PassThrough(), protocol, { peername: "me" }),
            );
            return connectionOver((protocol) => new NodeTransport(new PassThrough(), protocol));
          };
        },
        close: () => {},
      };
      const seen: unknown[] = [];
      const server = new Server((_, writer) => void seen.push(writer.info.peername), [listener]);
      await server.startServing();
      const client = await arrive?.();
      await client?.[Symbol.asyncDispose]();
      expect(inspect(server)).toMatch(/^<Server serving memory/);
      await sleep(5);
      expect(seen).toEqual(["me"]);
      await server[Symbol.asyncDispose]();
    }));
});
