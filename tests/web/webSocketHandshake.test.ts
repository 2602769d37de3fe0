/**
 * The opening handshake (RFC 6455, section 4.2): what is refused, what is agreed on, and what middlewares have to do with it.
 *
 * Handshakes are written by hand and sent over a real socket, so in real time.
 */
import {
  Application,
  type RunningApplication,
  setCookie,
  Unauthorized,
  webSocket,
  type WebSocketOptions,
} from "ambit/web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { acceptFor, close, type HandshakeInit, RawClient, text } from "./webSocketFrames.ts";
import { WebSocketHost } from "./webSocketHost.ts";

let host: WebSocketHost;
beforeAll(async () => {
  host = await WebSocketHost.start(async (socket) => {
    await socket.send(`protocol=${socket.protocol} compressed=${socket.compressed}`);
  });
});
afterAll(() => host.stop());

async function statusFor(init: HandshakeInit, port = host.port): Promise<number> {
  await using client = await RawClient.open(port, init);
  return client.status;
}

test("a good one is answered with the hash of its key", async () => {
  await using client = await RawClient.open(host.port);
  expect(client.head).toEqual([
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptFor()}`,
  ]);
});

describe("a request that is no handshake", () => {
  test.each<[string, HandshakeInit["headers"]]>([
    ["a plain GET", { Upgrade: null, Connection: null }],
    ["one without Connection", { Connection: null }],
    ["one without Upgrade", { Upgrade: null }],
    ["one that upgrades to something else", { Upgrade: "h2c" }],
    ["one whose Connection names something else", { Connection: "keep-alive" }],
    ["one of an older version", { "Sec-WebSocket-Version": "8" }],
    ["one of a newer version", { "Sec-WebSocket-Version": "25" }],
    ["one of two versions", { "Sec-WebSocket-Version": ["13", "8"] }],
    ["one of no version", { "Sec-WebSocket-Version": null }],
  ])("%s is told what is wanted, with 426", async (_title, headers = {}) => {
    await using client = await RawClient.open(host.port, { headers });
    expect(client.status).toBe(426);
    expect(client.header("sec-websocket-version")).toBe("13");
    expect(client.header("upgrade")).toBe("websocket");
    expect(client.header("connection")?.toLowerCase()).toContain("upgrade");
  });

  test.each<[string, HandshakeInit["headers"]]>([
    ["without a key", { "Sec-WebSocket-Key": null }],
    ["with an empty key", { "Sec-WebSocket-Key": "" }],
    ["with a short key", { "Sec-WebSocket-Key": "c2hvcnQ=" }],
    ["with a long key", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==" }],
    ["with a key that is no Base64", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZS!ub25jZQ==" }],
    [
      "with two keys",
      { "Sec-WebSocket-Key": [btoa("0123456789abcdef"), btoa("0123456789abcdeg")] },
    ],
    ["with a body", { "Content-Length": "5" }],
    ["with a chunked body", { "Transfer-Encoding": "chunked" }],
    ["with a list of protocols that is none", { "Sec-WebSocket-Protocol": "chat,,superchat" }],
    ["with a protocol twice", { "Sec-WebSocket-Protocol": ["chat", "chat"] }],
    ["with a protocol that is no token", { "Sec-WebSocket-Protocol": "a b" }],
  ])("one %s is refused with 400", async (_title, headers = {}) => {
    expect(await statusFor({ headers })).toBe(400);
  });

  test("one of HTTP/1.0 is refused", async () => {
    // node:http takes no upgrade from 1.0: for it, this is a plain request.
    expect(await statusFor({ requestLine: "GET / HTTP/1.0" })).toBeGreaterThanOrEqual(400);
  });

  test("one by another method finds no route", async () => {
    expect(await statusFor({ requestLine: "POST / HTTP/1.1" })).toBe(405);
  });

  test("one in memory is told that it can't be", async () => {
    const plain = await host.app.fetch(new Request("http://localhost/"));
    expect(plain.status).toBe(426);
    const headers = {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": btoa("0123456789abcdef"),
    };
    const asked = await host.app.fetch(new Request("http://localhost/", { headers }));
    expect(asked.status).toBe(501);
  });
});

describe("a good one may look odd", () => {
  test.each<[string, HandshakeInit["headers"]]>([
    ["names in another case", { Upgrade: "WebSocket", Connection: "UPGRADE" }],
    ["Connection with more tokens", { Connection: "keep-alive, Upgrade" }],
    ["Connection in two lines", { Connection: ["keep-alive", "Upgrade"] }],
    ["Upgrade with more tokens", { Upgrade: "h2c, websocket" }],
    ["a body of nothing", { "Content-Length": "0" }],
    ["an offer of compression, which is off", { "Sec-WebSocket-Extensions": "permessage-deflate" }],
    ["an extension that nobody knows", { "Sec-WebSocket-Extensions": "foo; bar=1" }],
  ])("%s", async (_title, headers = {}) => {
    await using client = await RawClient.open(host.port, { headers });
    expect(client.status).toBe(101);
    expect(client.header("sec-websocket-extensions")).toBeUndefined();
    expect(await client.next()).toBe("text protocol= compressed=false");
  });
});

describe("subprotocols", () => {
  const wanted = { protocols: ["v2.chat", "v1.chat"] };
  test.each<[string, string | null | readonly string[], string]>([
    ["none is offered", null, ""],
    ["the only one", "v1.chat", "v1.chat"],
    ["the server's preference goes before the client's", "v1.chat, v2.chat", "v2.chat"],
    ["in two lines", ["v1.chat", "v2.chat"], "v2.chat"],
    ["none that the server knows", "soap, wamp", ""],
    ["names have a case", "V1.CHAT", ""],
  ])("%s", async (_title, offered, agreed) => {
    await using own = await WebSocketHost.start(() => {}, wanted);
    await using client = await RawClient.open(own.port, {
      headers: { "Sec-WebSocket-Protocol": offered },
    });
    expect(client.header("sec-websocket-protocol") ?? "").toBe(agreed);
  });

  test("the handler knows which it is", async () => {
    await using own = await WebSocketHost.start((socket) => socket.send(socket.protocol), wanted);
    await using client = await RawClient.open(own.port, {
      headers: { "Sec-WebSocket-Protocol": "v1.chat" },
    });
    expect(await client.next()).toBe("text v1.chat");
  });
});

describe("pages of other origins", () => {
  const other = "https://evil.example";
  type Rule = NonNullable<WebSocketOptions["origins"]>;
  const here = (port: number) => `http://127.0.0.1:${port}`;

  test.each<[string, Rule | undefined, (port: number) => string | null, number]>([
    ["none: no browser", undefined, () => null, 101],
    ["the same", undefined, here, 101],
    [
      "the same host by another scheme: behind a proxy",
      undefined,
      (port) => `https://127.0.0.1:${port}`,
      101,
    ],
    ["another", undefined, () => other, 403],
    ["another port", undefined, (port) => `http://127.0.0.1:${port + 1}`, 403],
    ["a host that begins alike", undefined, (port) => `http://127.0.0.1:${port}.evil.example`, 403],
    ["null, of a sandboxed page", undefined, () => "null", 403],
    ["no origin at all", undefined, () => "nonsense", 403],
    ["one of the list", ["https://app.example"], () => "https://app.example", 101],
    ["the own one besides the list", ["https://app.example"], here, 101],
    ["one that is not of the list", ["https://app.example"], () => other, 403],
    ["the list means the scheme too", ["https://app.example"], () => "http://app.example", 403],
    ["any", "any", () => other, 101],
    ["any, null too", "any", () => "null", 101],
    ["what a function lets in", (origin) => origin === other, () => other, 101],
    ["what a function does not let in", async (origin) => origin === other, here, 403],
    ["a function decides about none, too", (origin) => origin !== null, () => null, 403],
  ])("%s", async (_title, origins, originFor, status) => {
    const options = origins === undefined ? {} : { origins };
    await using own = await WebSocketHost.start(() => {}, options);
    const origin = originFor(own.port);
    expect(await statusFor({ headers: { Origin: origin } }, own.port)).toBe(status);
  });

  test("a default port goes without saying", async () => {
    const headers = { Host: "app.example:443", Origin: "https://app.example" };
    expect(await statusFor({ headers })).toBe(101);
    const elsewhere = { Host: "app.example:80", Origin: "https://app.example" };
    expect(await statusFor({ headers: elsewhere })).toBe(403);
  });

  test("two are refused", async () => {
    expect(await statusFor({ headers: { Origin: [other, other] } })).toBe(400);
  });

  test.each<[unknown, string]>([
    ["https://app.example", '"any", a list of origins or a function'],
    [["app.example"], "origins such as https://example.org"],
    [["https://app.example/"], "origins such as https://example.org"],
    [["https://app.example/path"], "origins such as https://example.org"],
    [[7], "origins such as https://example.org"],
  ])("%j is no rule", (origins, expected) => {
    expect(() => webSocket(() => {}, { origins: origins as never })).toThrow(expected);
  });
});

describe("middlewares are around it", () => {
  async function start(prepare: (app: Application) => void): Promise<RunningApplication> {
    const app = new Application();
    app.use(async (request, next) => {
      request.replyHeaders.set("X-Frame-Options", "DENY");
      setCookie(request, "seen", "1");
      return next({ user: request.query.get("user") });
    });
    prepare(app);
    return await app.start({ host: "127.0.0.1", port: 0 });
  }

  test("their headers go onto the 101, and what they add is known to the handler", async () => {
    await using server = await start((app) => {
      app.webSocket("/rooms/:room", async (socket, { params, state }) => {
        await socket.send(`${(state as { user?: string }).user} in ${params.room}`);
      });
    });
    await using client = await RawClient.open(server.port, { path: "/rooms/blue?user=ada" });
    expect(client.header("x-frame-options")).toBe("DENY");
    expect(client.header("set-cookie")).toContain("seen=1");
    expect(await client.next()).toBe("text ada in blue");
  });

  test("one that throws keeps it from opening", async () => {
    let called = false;
    await using server = await start((app) => {
      app.use(() => {
        throw new Unauthorized("Bearer");
      });
      app.webSocket("/", () => void (called = true));
    });
    await using client = await RawClient.open(server.port);
    expect([client.status, client.header("www-authenticate"), called]).toEqual([
      401,
      "Bearer",
      false,
    ]);
  });

  test("headers that would break the handshake are left out, and Latin-1 stays what it is", async () => {
    await using server = await start((app) => {
      app.use(async (request, next) => {
        const reply = await next();
        reply.headers.set("Content-Length", 0);
        reply.headers.set("Sec-WebSocket-Accept", "mine");
        reply.headers.set("X-Name", "é");
        return reply;
      });
      app.webSocket("/", (socket) => socket.send("é"));
    });
    await using client = await RawClient.open(server.port);
    const names = client.head.map((line) => line.split(":")[0]?.toLowerCase());
    expect(names.filter((name) => name === "sec-websocket-accept")).toHaveLength(1);
    expect(names).not.toContain("content-length");
    expect([client.header("sec-websocket-accept"), client.header("x-name")]).toEqual([
      acceptFor(),
      "é",
    ]);
    expect(await client.next()).toBe("text é");
  });

  test("a page beside it is served as ever", async () => {
    await using server = await start((app) => {
      app.webSocket("/socket", () => {});
      app.get("/", () => "page");
    });
    // Asks for an upgrade that the route does not know of (RFC 9110, section 7.8: it may be ignored).
    await using client = await RawClient.open(server.port, { path: "/" });
    expect(client.status).toBe(200);
  });
});

describe("compression", () => {
  const offer = (value: string): HandshakeInit => ({
    headers: { "Sec-WebSocket-Extensions": value },
  });

  test.each<[string, string, string | undefined]>([
    [
      "is agreed on when both want it",
      "permessage-deflate",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    ],
    ["not without an offer", "foo", undefined],
    ["not when the offer can't be met", "permessage-deflate; server_max_window_bits=99", undefined],
  ])("%s", async (_title, value, agreed) => {
    await using own = await WebSocketHost.start(
      async (socket) => {
        for await (const message of socket) await socket.send(message);
      },
      { compress: { threshold: 0 } },
    );
    await using client = await RawClient.open(own.port, offer(value));
    expect(client.status).toBe(101);
    expect(client.header("sec-websocket-extensions")).toBe(agreed);
    await client.send(text("aaaaaaaaaaaaaaaa"), close(1000));
    expect((await client.read())?.rsv).toBe(agreed === undefined ? 0 : 4);
  });

  test("a malformed offer is refused", async () => {
    await using own = await WebSocketHost.start(() => {}, { compress: true });
    expect(await statusFor(offer("permessage-deflate; ="), own.port)).toBe(400);
  });
});

test.each<[string, object, string]>([
  ["maxPayload", { maxPayload: 0 }, "`options.maxPayload` to be an integer of at least 1"],
  ["heartbeat", { heartbeat: 0 }, "`options.heartbeat` to be more than 0 milliseconds"],
  ["heartbeatTimeout", { heartbeatTimeout: NaN }, "`options.heartbeatTimeout`"],
  ["receiveTimeout", { receiveTimeout: -1 }, "`options.receiveTimeout` to be more than 0"],
  ["closeTimeout", { closeTimeout: "1" }, "`options.closeTimeout` to be a number of milliseconds"],
  ["highWaterMark", { highWaterMark: 0 }, "`options.highWaterMark` to be an integer of at least 1"],
  ["unreadMessages", { unreadMessages: 1.5 }, "`options.unreadMessages`"],
  ["unreadBytes", { unreadBytes: 0 }, "`options.unreadBytes`"],
  ["protocols", { protocols: ["a b"] }, "`options.protocols` to be an array of different tokens"],
  [
    "protocols twice",
    { protocols: ["a", "a"] },
    "`options.protocols` to be an array of different tokens",
  ],
  ["compress", { compress: "yes" }, "`options.compress` to be true, false or how"],
  ["compress.level", { compress: { level: 10 } }, "`options.compress.level` to be 0 to 9"],
  ["onDisconnect", { onDisconnect: "ignore" }, '`options.onDisconnect` to be "cancel" or "finish"'],
])("%s is checked when the route is made", (_title, options, message) => {
  expect(() => webSocket(() => {}, options)).toThrow(message);
});

test("a handler that is none is refused when the route is made", () => {
  expect(() => webSocket(undefined as never)).toThrow("`handler` to be a function");
});
