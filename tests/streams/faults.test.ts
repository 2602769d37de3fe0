/**
 * What goes wrong on real sockets, so in real time: peers that reset, stall, flood or leave halfway. The servers are those
 * of `examples/`. Each fault must reach the task that has to do with it as a clear error, and nobody else.
 *
 * The peers are Node's own sockets: they can do what Ambit's would not.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import {
  createTask,
  type ExceptionContext,
  getRunningLoop,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "ambit";
import { openConnection, type Server, startServer } from "ambit/streams";
import { describe, expect, test } from "vitest";
import { startChat } from "../../examples/chat.ts";
import { startEcho } from "../../examples/echo.ts";

const HOST = "127.0.0.1";

/** A peer that Ambit knows nothing of. */
async function peerOf(server: Server, options: { allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const socket = connect({ host: HOST, port: server.port, ...options });
  socket.on("error", () => {}); // what it meets is its own doing
  await once(socket, "connect");
  return socket;
}

/** Runs a program and gives what its exception handler heard. */
async function reportsOf(program: () => Promise<void>): Promise<ExceptionContext[]> {
  const reports: ExceptionContext[] = [];
  const loop = getRunningLoop();
  loop.setExceptionHandler((context) => reports.push(context));
  try {
    await run(program);
  } finally {
    loop.setExceptionHandler(null);
  }
  return reports;
}

async function until(condition: () => boolean): Promise<void> {
  await timeout(10_000, async () => {
    while (!condition()) await sleep(2);
  });
}

/** Says a line to the echo server and checks what comes back. */
async function echoes(server: Server, words: string): Promise<void> {
  await using client = await openConnection({ host: HOST, port: server.port });
  client.writer.write(`${words}\n`);
  expect(String(await client.reader.readline())).toBe(`${words}\n`);
}

/** Enters the chat and gives what it reads from then on, line by line. */
async function guest(server: Server, name: string) {
  const connection = await openConnection({ host: HOST, port: server.port });
  connection.writer.write(`${name}\n`);
  const hello = String(await connection.reader.readline());
  expect(hello).toContain(`welcome, ${name}`);
  const next = async (): Promise<string> => String(await connection.reader.readline()).trimEnd();
  return { connection, next, say: (words: string) => connection.writer.write(`${words}\n`) };
}

describe("a reset in the middle of a read", () => {
  test("is an ECONNRESET of the handler that reads; other connections go on", async () => {
    const reports = await reportsOf(async () => {
      await using server = await startEcho({ port: 0 });
      await using other = await openConnection({ host: HOST, port: server.port });
      const peer = await peerOf(server);
      peer.write("half a li");
      await once(peer, "data");
      peer.resetAndDestroy();
      await until(() => server.connections === 1);
      other.writer.write("still here\n");
      expect(String(await other.reader.readline())).toBe("still here\n");
    });
    expect(reports).toHaveLength(1);
    expect(reports[0]?.exception).toMatchObject({ code: "ECONNRESET" });
    expect(reports[0]?.message).toMatch(/^the handler of a connection for 127\.0\.0\.1:\d+ failed/);
  });

  test("is an ECONNRESET of the client that reads, and of each later read", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("half a li");
      socket.once("data", () => socket.resetAndDestroy());
    });
    await once(server.listen(0, HOST), "listening");
    const { port } = server.address() as { port: number };
    await run(async () => {
      await using client = await openConnection({ host: HOST, port });
      client.writer.write("reset me");
      for (const attempt of [1, 2]) {
        await expect(client.reader.readline(), `read ${attempt}`).rejects.toMatchObject({
          code: "ECONNRESET",
        });
      }
    });
    server.close();
    await once(server, "close");
  });

  test("makes a guest leave the chat, and the others are told", async () => {
    const reports = await reportsOf(async () => {
      await using server = await startChat({ port: 0 });
      const ada = await guest(server, "ada");
      const peer = await peerOf(server);
      peer.write("eve\nhello\nhal");
      expect([await ada.next(), await ada.next()]).toEqual(["eve: * has come", "eve: hello"]);
      peer.resetAndDestroy();
      expect(await ada.next()).toBe("eve: * has left");
      await ada.connection[Symbol.asyncDispose]();
    });
    expect(reports.map(({ exception }) => (exception as { code?: string }).code)).toEqual([
      "ECONNRESET",
    ]);
  });
});

describe("a half-close", () => {
  test("of the client still gets all that it is owed", async () => {
    const reports = await reportsOf(async () => {
      await using server = await startEcho({ port: 0 });
      const peer = await peerOf(server, { allowHalfOpen: true });
      const chunks: Buffer[] = [];
      peer.on("data", (chunk: Buffer) => chunks.push(chunk));
      peer.end(Buffer.alloc(300_000, "x"));
      await once(peer, "end");
      expect(Buffer.concat(chunks)).toHaveLength(300_000);
    });
    expect(reports).toEqual([]);
  });

  test("of the server leaves the client able to send", async () => {
    let heard = "";
    await run(async () => {
      await using server = await startServer(
        async (reader, writer) => {
          writer.write("that is all");
          writer.writeEof();
          heard = String(await reader.read());
        },
        { host: HOST, port: 0 },
      );
      await using client = await openConnection({ host: HOST, port: server.port });
      expect(String(await client.reader.read())).toBe("that is all");
      client.writer.write("not for me");
      client.writer.writeEof();
      await until(() => heard !== "");
    });
    expect(heard).toBe("not for me");
  });
});

describe("a peer that never reads", () => {
  const FLOOD = Buffer.alloc(1 << 20, "y");

  test("makes the echo server hold little of what it sends, and wait for it alone", async () => {
    await run(async () => {
      await using server = await startEcho({ port: 0, closingGrace: 20 });
      const peer = await peerOf(server);
      peer.pause();
      let sent = 0;
      while (sent < 64 && peer.write(FLOOD)) sent++;
      for (; sent < 64; sent++) peer.write(FLOOD);
      await sleep(50);
      await echoes(server, "quick");
      // What neither side's system has taken still waits at the peer: the server did not swallow it.
      expect(peer.writableLength).toBeGreaterThan(32 << 20);
      peer.destroy();
    });
  });

  test("does not hold up the end of a server: after the grace period it is cut off", async () => {
    await run(async () => {
      const server = await startServer(
        async (_reader, writer) => {
          for (;;) {
            writer.write(FLOOD);
            await writer.drain();
          }
        },
        { host: HOST, port: 0, closingGrace: 20 },
      );
      const peer = await peerOf(server);
      peer.pause();
      await sleep(20);
      await timeout(5000, () => server[Symbol.asyncDispose]());
      expect(server.connections).toBe(0);
      peer.destroy();
    });
  });

  test("leaves a drain with a deadline a TimeoutError", async () => {
    await run(async () => {
      let outcome: unknown;
      await using server = await startServer(
        async (_reader, writer) => {
          writer.write(Buffer.alloc(32 << 20));
          outcome = await timeout(20, () => writer.drain()).catch((error: unknown) => error);
          writer.transport.abort();
        },
        { host: HOST, port: 0 },
      );
      const peer = await peerOf(server);
      peer.pause();
      await until(() => outcome !== undefined);
      expect(outcome).toBeInstanceOf(TimeoutError);
      peer.destroy();
    });
  });

  test("has to leave the chat when it falls too far behind; the others miss nothing", async () => {
    await run(async () => {
      await using server = await startChat({ port: 0, closingGrace: 20 });
      const ada = await guest(server, "ada");
      const bob = await guest(server, "bob");
      const peer = await peerOf(server);
      peer.write("eve\n");
      await once(peer, "data");
      peer.pause();
      const words = "z".repeat(1000);
      const heard: string[] = [];
      const listening = createTask(async () => {
        for (let line = await bob.next(); line !== "ada: stop"; line = await bob.next())
          heard.push(line);
      });
      let said = 0;
      while (!heard.includes("eve: * has left")) {
        for (let i = 0; i < 50; i++, said++) ada.say(`${words}${said}`);
        await ada.connection.writer.drain();
        await until(() => heard.filter((line) => line.startsWith("ada")).length === said);
      }
      ada.say("stop");
      await listening;
      const lines = heard.filter((line) => line.startsWith("ada: "));
      expect(lines).toEqual(Array.from({ length: said }, (_, i) => `ada: ${words}${i}`));
      peer.destroy();
      await ada.connection[Symbol.asyncDispose]();
      await bob.connection[Symbol.asyncDispose]();
    });
  });
});

test("a peer that sends a byte now and then holds up nobody else", async () => {
  await run(async () => {
    await using server = await startChat({ port: 0 });
    const ada = await guest(server, "ada");
    const peer = await peerOf(server);
    peer.resume();
    const slow = createTask(async () => {
      for (const letter of "eve\nhi\n") {
        peer.write(letter);
        await sleep(10);
      }
    });
    const heard: string[] = [];
    const listening = createTask(async () => {
      for (;;) heard.push(await ada.next());
    });
    const timesHeard = (line: string): number => heard.filter((each) => each === line).length;
    let talked = 0;
    while (!slow.done()) {
      const bob = await guest(server, "bob");
      bob.say("quick");
      talked++;
      await until(() => timesHeard("bob: quick") === talked);
      bob.say("/quit");
      await bob.connection[Symbol.asyncDispose]();
    }
    await until(() => heard.includes("eve: hi"));
    expect(talked).toBeGreaterThan(1);
    listening.cancel();
    await listening.then(null, () => {});
    peer.end();
    await once(peer, "close");
    await ada.connection[Symbol.asyncDispose]();
  });
});

test("a port in use is an EADDRINUSE that names the address, and leaves nothing listening", async () => {
  await run(async () => {
    await using server = await startEcho({ port: 0 });
    const error = await startEcho({ port: server.port }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "EADDRINUSE", port: server.port });
    expect(String(error)).toContain(`${HOST}:${server.port}`);
    await echoes(server, "the first one serves on");
  });
});

test("a connection refused is an ECONNREFUSED that names the address", async () => {
  await run(async () => {
    const server = await startEcho({ port: 0 });
    const { port } = server;
    await server[Symbol.asyncDispose]();
    const error = await openConnection({ host: HOST, port }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ECONNREFUSED", port });
    expect(String(error)).toContain(`${HOST}:${port}`);
  });
});

test("a handler that throws loses its own connection, and is reported with who it was for", async () => {
  const reports = await reportsOf(async () => {
    await using server = await startServer(
      async (reader, writer) => {
        const line = String(await reader.readline());
        if (line === "bad\n") throw new RangeError("no such word");
        writer.write(line);
        await reader.read();
      },
      { host: HOST, port: 0 },
    );
    await using good = await openConnection({ host: HOST, port: server.port });
    await using bad = await openConnection({ host: HOST, port: server.port });
    bad.writer.write("bad\n");
    expect(await bad.reader.read()).toHaveLength(0);
    good.writer.write("good\n");
    expect(String(await good.reader.readline())).toBe("good\n");
  });
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({ exception: { message: "no such word" } });
});

test("a guest who sends a line without an end has to leave, and no other notices", async () => {
  await run(async () => {
    await using server = await startChat({ port: 0 });
    const ada = await guest(server, "ada");
    const peer = await peerOf(server);
    peer.resume();
    peer.write(`eve\n${"x".repeat(10_000)}`);
    await once(peer, "close");
    expect([await ada.next(), await ada.next()]).toEqual(["eve: * has come", "eve: * has left"]);
    await ada.connection[Symbol.asyncDispose]();
  });
});

test("a server that is told to stop cancels its guests, and they are cut off", async () => {
  await run(async () => {
    const server = await startChat({ port: 0 });
    const ada = await guest(server, "ada");
    const serving = createTask(() => server.serveForever());
    await sleep(1);
    serving.cancel();
    await serving.then(null, () => {});
    expect([server.isServing(), server.connections]).toEqual([false, 0]);
    expect(await ada.connection.reader.read()).toHaveLength(0);
    await ada.connection[Symbol.asyncDispose]();
  });
});
