/**
 * HTTPS by the server's own `tls`: real TLS over real sockets, and real time, for a socket knows no other.
 */
import { generateKeyPairSync } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectPlainly, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { createTask, Event, run, sleep } from "ambit";
import { ClientError, ClientSession } from "ambit/http";
import {
  Application,
  type RunningApplication,
  securityHeaders,
  type ServerOptions,
} from "ambit/web";
import { describe, expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "../streams/certificate");
const read = (name: string): Buffer => readFileSync(join(FOLDER, name));
const tls = { cert: read("localhost.pem"), key: read("localhost.key") };
const ca = read("ca.pem");

async function serving(
  app: Application,
  body: (running: RunningApplication, session: ClientSession) => Promise<void>,
  options: ServerOptions = {},
): Promise<void> {
  await run(async () => {
    await using running = await app.start({ port: 0, tls, ...options });
    await using session = new ClientSession({
      baseUrl: `https://localhost:${running.port}/`,
      connector: { tls: { ca } },
    });
    await body(running, session);
  });
}

/** A raw client, which has sent that head. */
async function client(running: RunningApplication, head: string): Promise<TLSSocket> {
  const socket = connect({ port: running.port, host: "127.0.0.1", servername: "localhost", ca });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(head.replaceAll("\n", "\r\n"));
  return socket;
}

test("an application with a certificate answers https, and its requests know it", async () => {
  const app = new Application().use(securityHeaders());
  app.get("/", ({ scheme, peer, url }) => ({ scheme, secure: peer.secure, url: url.protocol }));
  await serving(app, async (running, session) => {
    expect(running.url).toMatch(/^https:\/\//);
    await using response = await session.get("");
    expect(await response.json()).toEqual({ scheme: "https", secure: true, url: "https:" });
    expect(response.headers.get("strict-transport-security")).toContain("max-age=");
  });
});

test("a target of https in its absolute form is taken there, not refused as on a plain connection", async () => {
  const app = new Application();
  app.get("/a", () => "right");
  await serving(app, async (running) => {
    const head = `GET https://localhost/a HTTP/1.1\nHost: localhost\nConnection: close\n\n`;
    const socket = await client(running, head);
    let text = "";
    for await (const piece of socket) text += String(piece);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*right$/s);
  });
});

test("a client that speaks no TLS is sent away, and the others notice nothing", async () => {
  const app = new Application();
  app.get("/", () => "right");
  await serving(app, async (running, session) => {
    await using plain = new ClientSession();
    await expect(plain.get(`http://localhost:${running.port}/`)).rejects.toThrow(ClientError);
    expect(await (await session.get("")).text()).toBe("right");
  });
});

/** A client that has connected, and says so much of its handshake. */
async function hesitant(running: RunningApplication, begin: string): Promise<Socket> {
  const socket = connectPlainly({ port: running.port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(begin);
  return socket;
}

/** Its end, with an error or without. */
function closing(socket: Socket): Promise<string> {
  return new Promise((resolve) => void socket.once("close", () => resolve("closed")));
}

describe.each([
  ["nothing", ""],
  ["the beginning", "\x16\x03\x01\x02\x00"],
])("a client that says %s of its handshake", (_what, begin) => {
  test("does not hold up a drain", async () => {
    await serving(new Application(), async (running) => {
      const closed = closing(await hesitant(running, begin));
      await running.drain();
      expect(await closed).toBe("closed");
    });
  });

  test("is sent away after the time for heads", async () => {
    const body = async (running: RunningApplication): Promise<void> => {
      const socket = await hesitant(running, begin);
      await closing(socket);
      expect(socket.bytesRead).toBe(0);
    };
    await serving(new Application(), body, { headTimeout: 20 });
  });
});

test("a client whose handshake is under way when a server drains is answered within the grace", async () => {
  const app = new Application();
  app.get("/", () => "right");
  await serving(app, async (running) => {
    const accepted = new Event();
    const accept = (): void => accepted.set();
    subscribe("net.server.socket", accept);
    const plain = await hesitant(running, "");
    await accepted.wait();
    unsubscribe("net.server.socket", accept);
    const draining = createTask(() => running.drain({ timeout: 60_000, idleGrace: 60_000 }));
    // It listens no more.
    while (process.getActiveResourcesInfo().includes("TCPServerWrap")) await sleep(1);
    const socket = connect({ socket: plain, servername: "localhost", ca });
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let text = "";
    for await (const piece of socket) text += String(piece);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*right$/s);
    expect(text).toMatch(/^connection: close/im);
    // Nobody is there any more, so the rest of the grace is not waited for.
    await draining;
  });
});

test("a client that leaves cancels its handler", async () => {
  const began = new Event();
  const over = new Event();
  const app = new Application();
  app.get("/slow", async () => {
    try {
      began.set();
      return await sleep(60_000, "late");
    } finally {
      over.set();
    }
  });
  await serving(app, async (running) => {
    const socket = await client(running, "GET /slow HTTP/1.1\nHost: x\n\n");
    await began.wait();
    socket.destroy();
    await over.wait();
    while (running.running > 0) await sleep(1);
    expect(running.running).toBe(0);
  });
});

test("WebSockets are secure, too", async () => {
  const app = new Application();
  app.webSocket("/echo", async (socket, { scheme }) => {
    for await (const message of socket) await socket.send(`${scheme} ${String(message)}`);
  });
  await serving(app, async (_running, session) => {
    await using socket = await session.wsConnect("echo");
    await socket.sendStr("hello");
    expect(await socket.receiveStr()).toBe("https hello");
  });
});

const OPENING = `GET /room HTTP/1.1
Host: localhost
Connection: Upgrade
Upgrade: websocket
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

`;

describe("a secure WebSocket", () => {
  function room(): { readonly app: Application; readonly log: string[]; readonly over: Event } {
    const log: string[] = [];
    const over = new Event();
    const app = new Application();
    app.webSocket("/room", async (socket) => {
      try {
        for await (const message of socket) log.push(String(message));
        log.push("closed");
      } finally {
        log.push("over");
        over.set();
      }
    });
    return { app, log, over };
  }

  test("whose connection breaks cancels its handler", async () => {
    const { app, log, over } = room();
    await serving(app, async (running) => {
      const socket = await client(running, OPENING);
      await once(socket, "data");
      socket.destroy();
      await over.wait();
      expect(log).toEqual(["over"]);
    });
  });

  test("is told to go by a drain", async () => {
    const { app, log } = room();
    await serving(app, async (running, session) => {
      await using socket = await session.wsConnect("room");
      const stopped = running.drain();
      await expect(socket.receive()).rejects.toMatchObject({ closeCode: 1001 });
      await stopped;
      expect(log).toEqual(["closed", "over"]);
    });
  });
});

test("a drain answers what was asked, and closes its connections", async () => {
  const began = new Event();
  const app = new Application();
  app.get("/slow", async () => {
    began.set();
    await sleep(50);
    return "whole";
  });
  await serving(app, async (running, session) => {
    const asked = session.get("slow");
    await began.wait();
    const stopped = running.drain();
    const response = await asked;
    expect([await response.text(), response.headers.get("connection")]).toEqual(["whole", "close"]);
    await stopped;
  });
});

const otherKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});

test.each([
  ["keys that are none", { cert: "none", key: "none" }, /PEM/i],
  // OpenSSL takes it, and fails every handshake.
  [
    "the key of another certificate",
    { ...tls, key: otherKey },
    "`options.tls.key` to be the key of",
  ],
])("%s are told by the start", async (_what, keys, message) => {
  const app = new Application();
  await run(async () => {
    await expect(app.start({ port: 0, tls: keys })).rejects.toThrow(message);
  });
});
