/**
 * TLS, from the start and later, on both sides: real sockets, real time.
 */
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import {
  CancelledError,
  createTask,
  Future,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "ambit";
import {
  type Connection,
  ConnectionResetError,
  openConnection,
  openUnixConnection,
  startServer,
  startUnixServer,
  type Server,
  type StartTlsOptions,
  type StreamReader,
  type StreamWriter,
} from "ambit/streams";
import { describe, expect, test } from "vitest";
import { collectingErrors, connected, identity, peer, socketPath, trust } from "./peers.ts";

const HERE = { host: "127.0.0.1", port: 0 };

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  for await (const line of reader) writer.write(line);
}

function open(server: Server, tls: StartTlsOptions | undefined): Promise<Connection> {
  const target = { host: "127.0.0.1", port: server.port };
  return openConnection(tls === undefined ? target : { ...target, tls });
}

async function stop(server: Server): Promise<void> {
  server.close();
  await server.waitClosed();
}

describe("from the start", () => {
  test("both sides talk, and know what was agreed on", () =>
    run(async () => {
      let seen: unknown;
      const server = await startServer(
        async (reader, writer) => {
          seen = writer.info.tls;
          await echo(reader, writer);
        },
        { ...HERE, tls: { ...identity, ALPNProtocols: ["echo/1"] } },
      );
      const { reader, writer } = await openConnection({
        host: "localhost",
        family: 4,
        port: server.port,
        tls: { ...trust, ALPNProtocols: ["other", "echo/1"] },
      });
      writer.write("hello\n");
      expect(String(await reader.readline())).toBe("hello\n");
      expect(writer.getExtraInfo("tls")).toMatchObject({
        protocol: "TLSv1.3",
        cipher: expect.stringMatching(/^TLS_/),
        alpnProtocol: "echo/1",
        authorized: true,
        peerCertificate: { subject: { CN: "localhost" } },
      });
      expect(seen).toMatchObject({
        alpnProtocol: "echo/1",
        servername: "localhost",
        peerCertificate: null,
      });
      writer.close();
      await writer.waitClosed();
      await stop(server);
    }));

  test("much data, held back in both directions, arrives", () =>
    run(async () => {
      const server = await startServer(echo, { ...HERE, tls: identity, limit: 1 << 20 });
      const { reader, writer } = await open(server, trust);
      const line = `${"x".repeat(99_999)}\n`;
      const sending = createTask(async () => {
        for (let i = 0; i < 100; i++) {
          writer.write(line);
          await writer.drain();
        }
        writer.writeEof();
      });
      expect(await reader.read()).toHaveLength(100 * line.length);
      await sending;
      writer.close();
      await stop(server);
    }));

  test("a unix socket can be encrypted too", () =>
    run(async () => {
      const place = socketPath();
      const server = await startUnixServer(echo, place.path, { tls: identity });
      const { reader, writer } = await openUnixConnection(place.path, {
        tls: { ...trust, servername: "localhost" },
      });
      writer.write("hello\n");
      expect(String(await reader.readline())).toBe("hello\n");
      writer.close();
      await stop(server);
      place.remove();
    }));

  test("a certificate that is not trusted is refused; the server goes on", () =>
    run(() =>
      collectingErrors(async (told) => {
        const server = await startServer(echo, { ...HERE, tls: identity });
        await expect(open(server, {})).rejects.toMatchObject({
          code: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/),
        });
        const { reader, writer } = await open(server, { rejectUnauthorized: false });
        expect(writer.info.tls?.authorized).toBe(false);
        writer.write("hello\n");
        expect(String(await reader.readline())).toBe("hello\n");
        writer.close();
        await stop(server);
        expect(told).toEqual([]);
      }),
    ));

  test("a name that the certificate does not bear is refused", () =>
    run(async () => {
      const server = await startServer(echo, { ...HERE, tls: identity });
      await expect(open(server, { ...trust, servername: "example.org" })).rejects.toMatchObject({
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
      });
      await stop(server);
    }));

  test("a client's certificate can be asked for", () =>
    run(async () => {
      let handled = 0;
      const server = await startServer(
        (_, writer) => {
          handled++;
          const { peerCertificate } = writer.info.tls ?? {};
          writer.write((peerCertificate as { subject: { CN: string } }).subject.CN);
        },
        { ...HERE, tls: { ...identity, ...trust, requestCert: true } },
      );
      const known = await open(server, { ...trust, ...identity });
      expect(String(await known.reader.read())).toBe("localhost");
      known.writer.close();
      // With TLS 1.3 the client hears of it only when it reads: an end, or a reset.
      const { reader, writer } = await open(server, trust);
      expect(await reader.read().catch(() => "")).toHaveLength(0);
      writer.transport.abort();
      expect(handled).toBe(1);
      await stop(server);
    }));

  test.each([
    [false, 0],
    [true, 1],
  ])(
    "a client that speaks no TLS is dropped, and starts no handler (debug mode: %s)",
    (debug, reports) =>
      run(() =>
        collectingErrors(async (told) => {
          let handled = 0;
          getRunningLoop().debug = debug;
          const server = await startServer(() => handled++, { ...HERE, tls: identity });
          const plain = await connected(server.port);
          plain.resume().write("GET / HTTP/1.0\r\n\r\n");
          await once(plain, "close");
          getRunningLoop().debug = false;
          expect(handled).toBe(0);
          await stop(server);
          const handshakes = told.filter(
            ({ message }) => message === "the handshake of a connection failed",
          );
          expect(handshakes).toHaveLength(reports);
        }),
      ),
  );

  test.each([
    ["when the server closes", 60_000],
    ["after the handshake's time", 30],
  ])("a client that is silent is dropped %s", (_, handshakeTimeout) =>
    run(async () => {
      const server = await startServer(echo, { ...HERE, tls: identity, handshakeTimeout });
      const silent = await connected(server.port);
      const closed = new Future<void>();
      silent.resume().on("close", () => closed.setResult());
      await sleep(5);
      if (handshakeTimeout === 60_000) await stop(server);
      await timeout(5000, () => closed);
      expect(server.connections).toBe(0);
      await stop(server);
    }),
  );

  test("one direction can be ended by itself", () =>
    run(async () => {
      const server = await startServer(
        async (reader, writer) => {
          const all = await reader.read();
          await sleep(5);
          writer.write(`you sent ${all.length}`);
        },
        { ...HERE, tls: identity },
      );
      const { reader, writer } = await open(server, trust);
      writer.write("x".repeat(1000));
      writer.writeEof();
      expect(String(await reader.read())).toBe("you sent 1000");
      writer.close();
      await stop(server);
    }));
});

describe("later", () => {
  /** Speaks in plain text until the client asks for encryption. */
  async function upgrading(reader: StreamReader, writer: StreamWriter): Promise<void> {
    writer.write(await reader.readline());
    await writer.drain();
    if (writer.info.tls !== undefined) throw new Error("encrypted too early");
    await writer.startTls(identity);
    if (writer.info.tls === undefined) throw new Error("not encrypted");
    for await (const line of reader) writer.write(line);
  }

  test("both sides go on, encrypted (CPython: test_streams StreamTests.test_start_tls)", () =>
    run(() =>
      collectingErrors(async (told) => {
        const server = await startServer(upgrading, HERE);
        const { reader, writer } = await open(server, undefined);
        writer.write("hello world 1!\n");
        await writer.drain();
        expect(String(await reader.readline())).toBe("hello world 1!\n");
        expect(writer.getExtraInfo("tls")).toBeUndefined();
        await writer.startTls(trust);
        expect(writer.getExtraInfo("tls")).toMatchObject({ authorized: true });
        writer.write("hello world 2!\n");
        await writer.drain();
        expect(String(await reader.readline())).toBe("hello world 2!\n");
        writer.close();
        await writer.waitClosed();
        await stop(server);
        expect(told).toEqual([]);
      }),
    ));

  test("a hello that comes before the server is ready is not lost", () =>
    run(async () => {
      const server = await startServer(async (reader, writer) => {
        await reader.readline();
        writer.write("go ahead\n");
        while (reader.bufferedBytes === 0) await sleep(1); // until the client's hello is in it
        await writer.startTls(identity);
        await echo(reader, writer);
      }, HERE);
      const { reader, writer } = await open(server, undefined);
      writer.write("STARTTLS\n");
      await reader.readline();
      await writer.startTls(trust);
      writer.write("secret\n");
      expect(String(await reader.readline())).toBe("secret\n");
      writer.close();
      await stop(server);
    }));

  test("plain text that is sent ahead is never taken for encrypted text", () =>
    run(() =>
      collectingErrors(async (told) => {
        let got = "";
        const server = await startServer(async (reader, writer) => {
          await reader.readline();
          await sleep(10);
          await writer.startTls(identity);
          got = String(await reader.readline());
        }, HERE);
        const raw = await connected(server.port);
        raw.write("STARTTLS\nEVIL COMMAND\n");
        raw.resume();
        await once(raw, "close");
        await stop(server);
        expect(got).toBe("");
        expect(told.map(({ exception }) => (exception as NodeJS.ErrnoException).code)).toEqual([
          "ERR_SSL_WRONG_VERSION_NUMBER",
        ]);
      }),
    ));

  test("a handshake that fails closes the connection, and reads tell why", () =>
    run(() =>
      collectingErrors(async (told) => {
        const server = await startServer(upgrading, HERE);
        const { reader, writer } = await open(server, undefined);
        writer.write("hello\n");
        await reader.readline();
        await expect(
          writer.startTls({ ...trust, servername: "example.org" }),
        ).rejects.toMatchObject({
          code: "ERR_TLS_CERT_ALTNAME_INVALID",
        });
        await expect(reader.read()).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
        expect(writer.isClosing()).toBe(true);
        await server[Symbol.asyncDispose]();
        expect(told.length).toBeLessThanOrEqual(1);
      }),
    ));

  test("a handshake that takes too long closes the connection", () =>
    run(async () => {
      const silent = await peer((socket) => socket.resume().on("end", () => socket.end()));
      const { writer } = await openConnection({ host: "127.0.0.1", port: silent.port });
      const upgrade = writer.startTls({ ...trust, handshakeTimeout: 20 });
      await expect(upgrade).rejects.toBeInstanceOf(TimeoutError);
      await expect(writer.waitClosed()).rejects.toBeInstanceOf(TimeoutError);
      await silent.close();
    }));

  test.each([false, true])(
    "a cancelled handshake closes the connection (server's side: %s)",
    (serverSide) =>
      run(async () => {
        const silent = await peer((socket) => socket.resume().on("end", () => socket.end()));
        const { reader, writer } = await openConnection({ host: "127.0.0.1", port: silent.port });
        const upgrading = createTask(() => writer.startTls({ ...trust, ...identity, serverSide }));
        await sleep(10);
        upgrading.cancel();
        await expect(upgrading).rejects.toThrow(CancelledError);
        await expect(reader.read()).rejects.toThrow("startTls was cancelled");
        await expect(writer.startTls(trust)).rejects.toThrow(ConnectionResetError);
        while (silent.sockets.size > 0) await sleep(1);
        await silent.close();
      }),
  );

  test.each([
    ["abort", (writer: StreamWriter) => writer.transport.abort()],
    ["close", (writer: StreamWriter) => writer.close()],
  ])("during a handshake nothing can be written, and %s ends it", (_, end) =>
    run(async () => {
      const silent = await peer((socket) => socket.resume().on("end", () => socket.end()));
      const { writer } = await openConnection({ host: "127.0.0.1", port: silent.port });
      const upgrade = writer.startTls(trust).catch((error: unknown) => error);
      await sleep(5);
      const refused = /^write\w* during startTls on <StreamWriter .*>: await it first$/;
      expect(() => writer.write("x")).toThrow(refused);
      expect(() => writer.writelines(["x"])).toThrow(refused);
      expect(() => writer.writeEof()).toThrow(refused);
      await expect(writer.startTls(trust)).rejects.toThrow(/^startTls during startTls/);
      expect(writer.isClosing()).toBe(false);
      end(writer);
      expect(await upgrade).toBeInstanceOf(ConnectionResetError);
      expect(writer.isClosing()).toBe(true);
      while (silent.sockets.size > 0) await sleep(1);
      await silent.close();
    }),
  );

  test("a client of Node's can be met on the server's side", () =>
    run(async () => {
      const server = await startServer(async (reader, writer) => {
        await writer.startTls(identity);
        await echo(reader, writer);
      }, HERE);
      const socket = connectTls({ host: "127.0.0.1", port: server.port, ...trust });
      await once(socket, "secureConnect");
      socket.write("hello\n");
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(String(answer)).toBe("hello\n");
      socket.end();
      await once(socket, "close");
      await stop(server);
    }));

  test("back-pressure is kept", () =>
    run(async () => {
      const server = await startServer(async (reader, writer) => {
        await writer.startTls(identity);
        await sleep(60_000);
      }, HERE);
      const { writer } = await open(server, undefined);
      writer.transport.setWriteBufferLimits({ high: 1000 });
      await writer.startTls(trust);
      expect(writer.transport.getWriteBufferLimits().high).toBe(1000);
      const { cancelledCaught } = await moveOnAfter(50, async () => {
        for (;;) {
          writer.write(Buffer.alloc(100_000));
          await writer.drain();
        }
      });
      expect(cancelledCaught).toBe(true);
      expect(writer.transport.bufferedBytes).toBeGreaterThan(0);
      writer.transport.abort();
      await server[Symbol.asyncDispose]();
    }));
});
