/**
 * A handler talks over a WebSocket: messages, and every way in which it ends, whoever brings the end.
 *
 * Over real sockets, so in real time.
 */
import {
  CancelledError,
  createTask,
  getRunningLoop,
  InvalidStateError,
  moveOnAfter,
  protect,
  sleep,
  TimeoutError,
} from "ambit";
import { BadMessage, ConnectionClosed, type ServerWebSocket } from "ambit/web";
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { binary, close, CLOSE, frame, RawClient, text } from "./webSocketFrames.ts";
import { until, WebSocketHost } from "./webSocketHost.ts";

const reported: string[] = [];
getRunningLoop().setExceptionHandler(({ message, exception }) => {
  reported.push(`${message}: ${String(exception)}`);
});
afterEach(() => {
  const left = reported.splice(0);
  if (left.length > 0) throw new Error(`reported, and not looked for: ${left.join()}`);
});

/** What a handler has met, and how it ended. */
class Log {
  readonly lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
  }

  /** Runs a handler's body; notes how it ends. */
  async of(body: () => Promise<unknown>): Promise<void> {
    try {
      await body();
      this.add("returned");
    } catch (error) {
      const cancelledWith = error instanceof CancelledError;
      this.add(cancelledWith ? "cancelled" : String((error as ConnectionClosed).code ?? error));
      throw error;
    }
  }

  ended(): Promise<number> {
    return until(() => this.lines.some((line) => /^(returned|cancelled|\d+)$/.test(line)));
  }
}

describe("messages", () => {
  test("are text or bytes, and go as they are given", async () => {
    const came: unknown[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      for await (const message of socket) came.push(message);
    });
    await using client = await RawClient.open(host.port);
    await client.send(
      text("héllo ✓"),
      binary(Buffer.from([0, 255])),
      text(),
      binary(),
      close(1000),
    );
    expect(await client.rest()).toEqual(["close 1000"]);
    expect(came).toEqual(["héllo ✓", new Uint8Array([0, 255]), "", new Uint8Array()]);
    expect(came[1]?.constructor).toBe(Uint8Array);
  });

  test("that are bytes have a buffer of their own", async () => {
    const buffers: ArrayBufferLike[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      for (let i = 0; i < 2; i++) buffers.push((await socket.receiveBytes()).buffer);
    });
    await using client = await RawClient.open(host.port);
    await client.send(Buffer.concat([binary("a"), binary("bc")]));
    expect(await client.next()).toBe("close 1000");
    expect(buffers.map(({ byteLength }) => byteLength)).toEqual([1, 2]);
  });

  test("are sent in the order of the calls, from any number of tasks", async () => {
    await using host = await WebSocketHost.start(async (socket) => {
      const first = createTask(() => socket.send("1"), { eager: true });
      await Promise.all([first, socket.send(new Uint8Array([2])), socket.sendJson({ three: 3 })]);
      await socket.send(new Uint8Array([4]).buffer);
    });
    await using client = await RawClient.open(host.port);
    const came = [
      await client.next(),
      await client.next(),
      await client.next(),
      await client.next(),
    ];
    expect(came).toEqual(["text 1", "binary 02", 'text {"three":3}', "binary 04"]);
  });

  test("of the wrong kind are refused to who sends them", async () => {
    const errors: unknown[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      errors.push(await socket.send(7 as never).catch(String));
      errors.push(await socket.sendJson(undefined).catch(String));
      errors.push(await socket.receiveJson(7 as never).catch(String));
    });
    await using client = await RawClient.open(host.port);
    await client.next();
    expect(errors.join()).toMatch(
      /`message` to be a string, a Uint8Array or an ArrayBuffer.*`value` to be something that JSON can hold.*`check` to be a function/s,
    );
  });
});

describe("a message that the handler can't take", () => {
  type Receive = (socket: ServerWebSocket) => Promise<unknown>;

  test.each<[string, Uint8Array, Receive, string]>([
    [
      "bytes for text",
      binary("x"),
      (s) => s.receiveText(),
      "close 1003 text is wanted here, and a binary message came",
    ],
    [
      "text for bytes",
      text("x"),
      (s) => s.receiveBytes(),
      "close 1003 a binary message is wanted here, and text came",
    ],
    [
      "bytes for JSON",
      binary("{}"),
      (s) => s.receiveJson(),
      "close 1003 text is wanted here, and a binary message came",
    ],
    ["what is no JSON", text("{"), (s) => s.receiveJson(), "close 1007 JSON is wanted here"],
    [
      "what the check refuses",
      text("7"),
      (s) =>
        s.receiveJson(() => {
          throw new BadMessage("a name is wanted", { code: 4007 });
        }),
      "close 4007 a name is wanted",
    ],
  ])(
    "closes with a code of its own, and is no error of the server's: %s",
    async (_title, sent, receive, answer) => {
      await using host = await WebSocketHost.start((socket) => receive(socket));
      await using client = await RawClient.open(host.port);
      await client.send(sent);
      expect(await client.next()).toBe(answer);
    },
  );

  test("may be caught, and the next one is received", async () => {
    await using host = await WebSocketHost.start(async (socket) => {
      const error = await socket.receiveJson().catch((caught: unknown) => caught);
      await socket.sendJson([error instanceof BadMessage, await socket.receiveJson(String)]);
    });
    await using client = await RawClient.open(host.port);
    await client.send(text("{"), text("7"));
    expect(await client.next()).toBe('text [true,"7"]');
  });

  test("has no code that can't be sent", () => {
    expect(new BadMessage("no").code).toBe(1008);
    expect(() => new BadMessage("no", { code: 1006 })).toThrow("`options.code` to be 1000 to 1014");
  });
});

describe("the handler ends", () => {
  test("by returning: 1000", async () => {
    await using host = await WebSocketHost.start((socket) => socket.send("bye"));
    await using client = await RawClient.open(host.port);
    expect([await client.next(), await client.next()]).toEqual(["text bye", "close 1000"]);
    expect(await client.leave(1000)).toEqual([]);
    await until(() => host.records.length > 0);
    expect(host.records[0]).toMatchObject({ status: 101, outcome: "finished" });
  });

  test("by throwing: 1011, and the client is not told why", async () => {
    await using host = await WebSocketHost.start(() => {
      throw new Error("the database's password is wrong");
    });
    await using client = await RawClient.open(host.port);
    expect(await client.next()).toBe("close 1011 internal error");
    await client.leave(1011);
    await until(() => host.records.length > 0);
    expect(host.records[0]).toMatchObject({ status: 101, outcome: "aborted" });
    expect(reported.splice(0).join()).toContain("the database's password is wrong");
  });

  test("by throwing while the application debugs: the reason says it, as far as it has room", async () => {
    const words = "é".repeat(100);
    const fail = (): never => {
      throw new Error(words);
    };
    await using host = await WebSocketHost.start(fail, {}, { debug: true });
    await using client = await RawClient.open(host.port);
    const { payload } = (await client.read()) as { payload: Buffer };
    expect(payload.length).toBeLessThanOrEqual(125);
    expect(payload.subarray(2).toString()).toMatch(/^Error: é{50,}…$/);
    await client.leave(1011);
    await until(() => reported.length > 0);
    reported.splice(0);
  });

  test("by closing with a code and a reason", async () => {
    const after: unknown[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      await socket.close(4001, "who are you?");
      after.push(socket.closed, socket.closeCode, socket.closeReason);
      await socket.close();
      after.push(await socket.receive().catch((error: unknown) => String(error)));
      for await (const message of socket) after.push(message);
      after.push(
        await socket.send("x").catch((error: unknown) => (error as ConnectionClosed).code),
      );
    });
    await using client = await RawClient.open(host.port);
    expect(await client.next()).toBe("close 4001 who are you?");
    await client.send(text("dropped"));
    expect(await client.leave(4001, "sorry")).toEqual([]);
    await until(() => after.length > 4);
    expect(after).toEqual([
      true,
      4001,
      "sorry",
      "ConnectionClosed: the WebSocket is closed: it was closed here with 4001 (application): who are you?",
      4001,
    ]);
  });

  test.each<[unknown, unknown, string]>([
    [999, "", "`code` to be 1000 to 1014"],
    [1005, "", "`code` to be 1000 to 1014"],
    [5000, "", "`code` to be 1000 to 1014"],
    ["1000", "", "`code` to be a number"],
    [1000, 7, "`reason` to be a string"],
    [1000, "é".repeat(62), "`reason` to be at most 123 bytes"],
  ])("not by closing with %j and %j", async (code, reason, message) => {
    let error: unknown;
    await using host = await WebSocketHost.start(async (socket) => {
      error = await socket.close(code as number, reason as string).catch(String);
    });
    await using client = await RawClient.open(host.port);
    expect(await client.next()).toBe("close 1000");
    expect(error).toContain(message);
  });

  test("and a client that does not answer is cut off", async () => {
    await using host = await WebSocketHost.start(() => {}, { closeTimeout: 30 });
    await using client = await RawClient.open(host.port);
    expect(await client.next()).toBe("close 1000");
    expect(await client.next()).toBe("end");
    await until(() => host.server.running === 0);
  });
});

describe("the client closes in order", () => {
  test.each([
    ["with 1000", close(1000), "close 1000"],
    ["with 1001, as a page that is left", close(1001), "close 1001"],
    ["without a code", frame(CLOSE), "close"],
  ])("%s: the loop ends, and the handler goes on", async (_title, sent, answer) => {
    const log = new Log();
    await using host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        for await (const message of socket) log.add(String(message));
        await sleep(20);
        log.add(`closed with ${socket.closeCode}`);
      }),
    );
    await using client = await RawClient.open(host.port);
    await client.send(text("a"), sent);
    expect(await client.rest()).toEqual([answer]);
    await log.ended();
    const code = answer === "close" ? 1005 : Number(answer.slice(6));
    expect(log.lines).toEqual(["a", `closed with ${code}`, "returned"]);
    await until(() => host.records.length > 0);
    expect(host.records[0]?.outcome).toBe("finished");
  });

  test("with a code that tells of trouble: the loop throws, which is no error of the server's", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        for await (const message of socket) log.add(String(message));
      }),
    );
    await using client = await RawClient.open(host.port);
    await client.send(text("a"), close(4000, "fed up"));
    expect(await client.rest()).toEqual(["close 4000 fed up"]);
    await log.ended();
    expect(log.lines).toEqual(["a", "4000"]);
  });

  test("a receive throws, with code and reason", async () => {
    let error: unknown;
    await using host = await WebSocketHost.start(async (socket) => {
      error = await socket.receive().catch((caught: unknown) => caught);
    });
    await using client = await RawClient.open(host.port);
    await client.send(close(1000, "done"));
    await client.rest();
    expect(error).toBeInstanceOf(ConnectionClosed);
    expect(error).toMatchObject({ name: "ConnectionClosed", code: 1000, reason: "done" });
    expect(String(error)).toContain("the client closed it with 1000 (normal closure): done");
  });

  test("while a handler works on a message: it may answer, and gets the rest, then the end", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        for await (const message of socket) {
          await sleep(15);
          await socket.send(`got ${String(message)}`);
        }
      }),
    );
    await using client = await RawClient.open(host.port);
    await client.send(Buffer.concat([text("a"), text("b"), close(1000)]));
    expect(await client.rest()).toEqual(["text got a", "text got b", "close 1000"]);
    expect(log.lines).toEqual(["returned"]);
  });

  test("a handler that breaks out of its loop answers with the client's code", async () => {
    await using host = await WebSocketHost.start(async (socket) => {
      await socket.receive();
      await sleep(15);
    });
    await using client = await RawClient.open(host.port);
    await client.send(Buffer.concat([text("a"), close(3001)]));
    expect(await client.rest()).toEqual(["close 3001"]);
  });

  test("a handler that never receives is cancelled at once", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start(() => log.of(() => sleep(60_000)));
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    await client.send(close(1000));
    expect(await client.rest()).toEqual(["close 1000"]);
    await log.ended();
    expect(log.lines).toEqual(["cancelled"]);
    await until(() => host.records.length > 0);
    expect(host.records[0]?.outcome).toBe("finished");
  });

  test("a handler that has not come to its loop yet still gets what was sent", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        await sleep(20);
        for await (const message of socket) log.add(String(message));
      }),
    );
    await using client = await RawClient.open(
      host.port,
      {},
      Buffer.concat([text("a"), close(1000)]),
    );
    expect(await client.rest()).toEqual(["close 1000"]);
    expect(log.lines).toEqual(["a", "returned"]);
  });

  test("a handler that does not come back for the end is cancelled after closeTimeout", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start(
      (socket) =>
        log.of(async () => {
          await socket.receive();
          await sleep(60_000);
        }),
      { closeTimeout: 40 },
    );
    await using client = await RawClient.open(host.port);
    const begin = performance.now();
    await client.send(text("a"), close(1000));
    expect(await client.rest()).toEqual(["close 1000"]);
    await log.ended();
    expect(log.lines).toEqual(["cancelled"]);
    expect(performance.now() - begin).toBeGreaterThan(30);
  });

  test.each([
    ["its own", { onDisconnect: "finish", closeTimeout: 10 }, {}],
    ["its application's", { closeTimeout: 10 }, { onDisconnect: "finish" }],
  ] as const)("with onDisconnect finish, %s, nobody is cancelled", async (_whose, own, app) => {
    const log = new Log();
    await using host = await WebSocketHost.start(() => log.of(() => sleep(40)), own, app);
    await using client = await RawClient.open(host.port);
    await client.send(close(1000));
    await client.rest();
    await log.ended();
    expect(log.lines).toEqual(["returned"]);
  });
});

describe("the connection is lost", () => {
  const waits: readonly (readonly [string, (socket: ServerWebSocket) => Promise<unknown>])[] = [
    ["a receive", (socket) => socket.receive()],
    [
      "its loop",
      async (socket) => {
        for await (const message of socket) void message;
      },
    ],
    ["a sleep", () => sleep(60_000)],
    ["a ping", (socket) => socket.ping()],
    [
      "a send that is held back",
      async (socket) => {
        for (;;) await socket.send("x".repeat(100_000));
      },
    ],
  ];

  test.each(waits)(
    "a handler in %s is cancelled at once, and its finally runs",
    async (_title, body) => {
      const log = new Log();
      await using host = await WebSocketHost.start((socket) => log.of(() => body(socket)));
      await using client = await RawClient.open(host.port);
      await until(() => host.app.webSocketCount === 1);
      await sleep(30);
      client.abort();
      const took = await log.ended();
      expect(log.lines).toEqual(["cancelled"]);
      expect(took).toBeLessThan(100);
      await until(() => host.records.length > 0);
      expect(host.records[0]).toMatchObject({ status: 101, outcome: "disconnected" });
    },
  );

  test("a client that ends its side without a close frame counts as lost", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start((socket) => log.of(() => socket.receive()));
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    client.writer.writeEof();
    await log.ended();
    expect(log.lines).toEqual(["cancelled"]);
  });

  test.each([
    ["its own", { onDisconnect: "finish" }, {}],
    ["its application's", {}, { onDisconnect: "finish" }],
  ] as const)(
    "with onDisconnect finish, %s, receive and send throw 1006, and the handler goes on",
    async (_whose, own, app) => {
      const log = new Log();
      await using host = await WebSocketHost.start(
        (socket) =>
          log.of(async () => {
            const error = await socket.receive().catch((caught: unknown) => caught);
            log.add((error as Error).message);
            await sleep(20);
            log.add(
              (await socket
                .send("x")
                .catch((caught: unknown) => `send ${(caught as ConnectionClosed).code}`)) as string,
            );
          }),
        own,
        app,
      );
      await using client = await RawClient.open(host.port);
      await until(() => host.app.webSocketCount === 1);
      client.abort();
      await log.ended();
      expect(log.lines).toEqual([
        expect.stringContaining("the connection was lost without a closing handshake (1006)"),
        "send 1006",
        "returned",
      ]);
    },
  );

  test("protected work comes to its end first", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start(() =>
      log.of(async () => {
        await protect(async () => {
          await sleep(40);
          log.add("saved");
        });
        await sleep(60_000);
      }),
    );
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    client.abort();
    await log.ended();
    expect(log.lines).toEqual(["saved", "cancelled"]);
  });
});

describe("the client breaks the protocol", () => {
  test("who receives is told, once what was good is received, and it's no error of the server's", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        for await (const message of socket) log.add(String(message));
      }),
    );
    await using client = await RawClient.open(host.port);
    await client.send(text("good"), frame(3, "bad"));
    expect(await client.rest()).toEqual(["close 1002"]);
    await log.ended();
    expect(log.lines).toEqual(["good", "1002"]);
  });

  test("who never receives is cancelled", async () => {
    const log = new Log();
    await using host = await WebSocketHost.start(() => log.of(() => sleep(60_000)));
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    await client.send(frame(3, "bad"));
    await log.ended();
    expect(log.lines).toEqual(["cancelled"]);
  });
});

describe("the server stops", () => {
  test("a loop ends with what was received, and the client is told 1001", async () => {
    const log = new Log();
    const host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        for await (const message of socket) {
          await sleep(20);
          log.add(String(message));
        }
        log.add("cleaning");
        await sleep(20);
      }),
    );
    await using client = await RawClient.open(host.port);
    await client.send(text("a"), text("b"));
    await until(() => host.app.webSocketCount === 1);
    await sleep(10);
    const stopping = createTask(() => host.server.drain({ timeout: 5000, lameDuck: 0 }));
    expect(await client.next()).toBe("close 1001");
    const begin = performance.now();
    await client.leave(1001);
    await stopping;
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(log.lines).toEqual(["a", "b", "cleaning", "returned"]);
    expect(host.app.webSocketCount).toBe(0);
  });

  test("a handler that never receives is cancelled", async () => {
    const log = new Log();
    const host = await WebSocketHost.start(() => log.of(() => sleep(60_000)));
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    const stopping = createTask(() => host.server.drain({ timeout: 5000, lameDuck: 0 }));
    expect(await client.next()).toBe("close 1001");
    await client.leave(1001);
    await stopping;
    expect(log.lines).toEqual(["cancelled"]);
  });

  test("a handler that goes on is cancelled at the deadline", async () => {
    const log = new Log();
    const host = await WebSocketHost.start((socket) =>
      log.of(async () => {
        await socket.receive();
        await sleep(60_000);
      }),
    );
    await using client = await RawClient.open(host.port);
    await client.send(text("a"));
    await until(() => host.app.webSocketCount === 1);
    await sleep(10);
    const begin = performance.now();
    const stopping = createTask(() => host.server.drain({ timeout: 50, lameDuck: 0 }));
    expect(await client.next()).toBe("close 1001");
    await client.leave(1001);
    await stopping;
    expect(log.lines).toEqual(["cancelled"]);
    expect(performance.now() - begin).toBeGreaterThan(40);
  });

  test("at once: the close frame is still sent", async () => {
    const log = new Log();
    const host = await WebSocketHost.start((socket) => log.of(() => socket.receive()));
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    const stopping = createTask(() => host.stop());
    expect(await client.next()).toBe("close 1001");
    await client.leave(1001);
    await stopping;
  });

  test("a client that does not answer holds it up for closeTimeout at most", async () => {
    const host = await WebSocketHost.start((socket) => socket.receive(), { closeTimeout: 50 });
    await using client = await RawClient.open(host.port);
    await until(() => host.app.webSocketCount === 1);
    const begin = performance.now();
    await host.server.drain({ timeout: 5000, lameDuck: 0 });
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(await client.rest()).toEqual(["close 1001"]);
  });

  test("a request that is cancelled by the program closes with 1001", async () => {
    let cancel: (() => void) | undefined;
    await using host = await WebSocketHost.start((socket, request) => {
      cancel = () => void request.task.cancel("kicked");
      return socket.receive();
    });
    await using client = await RawClient.open(host.port);
    await until(() => cancel !== undefined);
    cancel?.();
    expect(await client.next()).toBe("close 1001");
    expect(await client.leave(1001)).toEqual([]);
  });
});

describe("receiving", () => {
  test("one task may at a time", async () => {
    let error: unknown;
    await using host = await WebSocketHost.start(async (socket) => {
      const first = createTask(() => socket.receive(), { eager: true });
      error = await socket.receive().catch((caught: unknown) => caught);
      await first;
    });
    await using client = await RawClient.open(host.port);
    await client.send(text("a"));
    expect(await client.next()).toBe("close 1000");
    expect(error).toBeInstanceOf(InvalidStateError);
    expect(String(error)).toMatch(
      /receive on WebSocket \/ of 127.0.0.1: somebody else is receiving/,
    );
  });

  test("a cancelled receive has taken nothing", async () => {
    const came: unknown[] = [];
    await using host = await WebSocketHost.start(async (socket) => {
      came.push((await moveOnAfter(10, () => socket.receive())).cancelledCaught);
      came.push(await socket.receive());
    });
    await using client = await RawClient.open(host.port);
    await sleep(30);
    await client.send(text("a"));
    expect(await client.next()).toBe("close 1000");
    expect(came).toEqual([true, "a"]);
  });

  test("waits for receiveTimeout at most, each time anew", async () => {
    const came: unknown[] = [];
    await using host = await WebSocketHost.start(
      async (socket) => {
        came.push(await socket.receive());
        await sleep(60);
        came.push(await socket.receive());
        came.push(await socket.receive().catch((caught: unknown) => caught));
      },
      { receiveTimeout: 50 },
    );
    await using client = await RawClient.open(host.port);
    await client.send(text("a"), text("b"));
    expect(await client.next()).toBe("close 1000");
    expect(came.slice(0, 2)).toEqual(["a", "b"]);
    expect(came[2]).toBeInstanceOf(TimeoutError);
    expect(String(came[2])).toContain("no message within 50 ms");
  });
});

test("prints what it is, and tells what it does", async () => {
  const seen: unknown[] = [];
  await using host = await WebSocketHost.start(async (socket) => {
    await socket.receive();
    seen.push(inspect(socket), socket.statistics(), Object.isFrozen(socket.statistics()));
    await socket.close();
    seen.push(inspect(socket));
  });
  await using client = await RawClient.open(host.port);
  await client.send(Buffer.concat([text("a"), text("bc")]));
  expect(await client.next()).toBe("close 1000");
  await client.leave(1000);
  await until(() => seen.length === 4);
  expect(seen).toEqual([
    "<ServerWebSocket WebSocket / of 127.0.0.1 open unread=1>",
    { unread: 1, unreadBytes: 2, paused: false, unsentBytes: 0, sending: 0 },
    true,
    "<ServerWebSocket WebSocket / of 127.0.0.1 closed 1000>",
  ]);
});
