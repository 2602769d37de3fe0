/**
 * Files over a real socket, asked for by a client that sends what it is told to, byte by byte: browsers and libraries
 * would tidy a path up first. So time is real.
 */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  closeSync,
  rmSync,
  truncateSync,
  writeFileSync,
  ftruncateSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRunningLoop, once, run, sleep } from "ambit";
import { Application, compress, file } from "ambit/web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gunzipSync } from "node:zlib";

const LARGE = 8 * 1024 * 1024;

let outside = "";
let root = "";

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), "ambit-server-"));
  root = join(outside, "public");
  mkdirSync(join(root, "docs"), { recursive: true });
  writeFileSync(join(outside, "secret.txt"), "secret");
  writeFileSync(join(root, "a.txt"), "hello");
  writeFileSync(join(root, "docs/index.html"), "<h1>docs");
  writeFileSync(join(root, "long.txt"), "lorem ipsum ".repeat(1000));
  execFileSync("mkfifo", [join(root, "pipe")]);
});

afterAll(() => rmSync(outside, { recursive: true }));

interface Sent {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** Sends one request as it is, and reads until the server closes. */
async function raw(port: number, line: string, headers = ""): Promise<Sent> {
  const socket = connect(port, "127.0.0.1");
  const pieces: Buffer[] = [];
  socket.on("error", () => undefined);
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.write(
    `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n`,
    "latin1",
  );
  await once(socket, "close");
  return parsed(Buffer.concat(pieces));
}

function parsed(all: Buffer): Sent {
  const end = all.indexOf("\r\n\r\n");
  const head = all.subarray(0, end).toString("latin1");
  return { status: Number(head.slice(9, 12)), head, body: all.subarray(end + 4) };
}

function headerOf({ head }: Sent, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim();
}

function served(body: (port: number) => Promise<void>): Promise<void> {
  return run(async () => {
    getRunningLoop().setExceptionHandler(() => undefined);
    const app = new Application()
      .static("/files", root)
      .get("/one", () => file(join(root, "a.txt")))
      .get("/coded", () => file(join(root, "long.txt")));
    app.use(compress());
    await using server = await app.start({ port: 0 });
    await body(server.port);
    expect(await allClosed()).toBe(true);
  });
}

/** No descriptor of ours leads below the folder. Closing is done by a thread. */
async function allClosed(): Promise<boolean> {
  const open = (): boolean =>
    readdirSync("/proc/self/fd").some((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(outside);
      } catch {
        return false;
      }
    });
  for (let turn = 0; turn < 500 && open(); turn++) await sleep(2);
  return !open();
}

function makeLarge(size = LARGE): string {
  const path = join(root, "large.bin");
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
  return path;
}

describe("paths as they are sent", () => {
  test.each([
    "/files/../secret.txt",
    "/files/../../secret.txt",
    "/files/%2e%2e/secret.txt",
    "/files/..%2fsecret.txt",
    "/files/%2e%2e%2fsecret.txt",
    "/files/..%252fsecret.txt",
    "/files/..%5csecret.txt",
    "/files/..\\secret.txt",
    "/files/%2e%2e%5csecret.txt",
    "/files/docs/../../secret.txt",
    "/files/%00",
    "/files/a.txt%00.html",
    "/files//etc/passwd",
    "/files/%2fetc/passwd",
    "/files/..;/secret.txt",
    "/files/%c0%ae%c0%ae/secret.txt",
    "/files/pipe",
    "http://localhost/files/../secret.txt",
    `/files/${"x".repeat(300)}`,
  ])("GET %s gives no file", (path) =>
    served(async (port) => {
      const { status, body } = await raw(port, `GET ${path}`);
      expect([400, 404]).toContain(status);
      expect(body.toString("latin1")).not.toMatch(/secret\r?\n?$|root:/);
      expect(body.toString()).not.toContain(outside);
    }),
  );

  test("what is there is there", () =>
    served(async (port) => {
      const plain = await raw(port, "GET /files/a.txt");
      expect([plain.status, plain.body.toString()]).toEqual([200, "hello"]);
      expect(headerOf(plain, "content-length")).toBe("5");
      const index = await raw(port, "GET /files/docs/");
      expect([index.status, index.body.toString()]).toEqual([200, "<h1>docs"]);
      const moved = await raw(port, "GET /files/docs?a=b");
      expect([moved.status, headerOf(moved, "location")]).toEqual([301, "./docs/?a=b"]);
      const head = await raw(port, "HEAD /files/a.txt");
      expect([head.status, headerOf(head, "content-length"), head.body.length]).toEqual([
        200,
        "5",
        0,
      ]);
      expect((await raw(port, "POST /files/a.txt", "content-length: 0\r\n")).status).toBe(405);
    }));
});

test("a reply of a handler hears of conditions and ranges, and HEAD", () =>
  served(async (port) => {
    const first = await raw(port, "GET /one");
    const etag = headerOf(first, "etag") ?? "";
    const spared = await raw(port, "GET /one", `if-none-match: ${etag}\r\n`);
    expect([spared.status, spared.body.length]).toEqual([304, 0]);
    expect(headerOf(spared, "etag")).toBe(etag);
    expect(headerOf(spared, "content-length")).toBeUndefined();
    expect(headerOf(spared, "date")).toBeDefined();
    const spareHead = await raw(port, "HEAD /one", `if-none-match: ${etag}\r\n`);
    expect(spareHead.status).toBe(304);
    const part = await raw(port, "GET /one", "range: bytes=1-2\r\n");
    expect([part.status, part.body.toString()]).toEqual([206, "el"]);
    const none = await raw(port, "GET /one", "range: bytes=9-\r\n");
    expect([none.status, headerOf(none, "content-range")]).toEqual([416, "bytes */5"]);
    const failed = await raw(port, "GET /one", 'if-match: "x"\r\n');
    expect(failed.status).toBe(412);
  }));

test("a file is compressed on its way, and revalidated by the weak tag", () =>
  served(async (port) => {
    const coded = await raw(port, "GET /coded", "accept-encoding: gzip\r\n");
    expect(headerOf(coded, "content-encoding")).toBe("gzip");
    expect(gunzipSync(coded.body).toString()).toBe("lorem ipsum ".repeat(1000));
    const etag = headerOf(coded, "etag") ?? "";
    expect(etag).toMatch(/^W\//);
    const headers = `accept-encoding: gzip\r\nif-none-match: ${etag}\r\n`;
    const spared = await raw(port, "GET /coded", headers);
    expect([spared.status, headerOf(spared, "etag")]).toEqual([304, etag]);
    const part = await raw(port, "GET /coded", "accept-encoding: gzip\r\nrange: bytes=0-4\r\n");
    expect([part.status, part.body.toString()]).toEqual([206, "lorem"]);
    expect(headerOf(part, "content-encoding")).toBeUndefined();
  }));

describe("a large file", () => {
  test("comes whole, and in parts", () =>
    served(async (port) => {
      makeLarge();
      const whole = await raw(port, "GET /files/large.bin");
      expect([whole.status, whole.body.length]).toEqual([200, LARGE]);
      const parts = await raw(port, "GET /files/large.bin", "range: bytes=0-999999,-1000000\r\n");
      expect(parts.status).toBe(206);
      expect(headerOf(parts, "content-length")).toBe(String(parts.body.length));
    }));

  test("for a client that reads nothing takes no memory, and its descriptor goes with it", () =>
    served(async (port) => {
      makeLarge(64 * 1024 * 1024);
      const sockets: Socket[] = [];
      const before = process.memoryUsage().arrayBuffers;
      for (let client = 0; client < 5; client++) {
        const socket = connect(port, "127.0.0.1");
        socket.pause();
        socket.on("error", () => undefined);
        socket.write("GET /files/large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n");
        sockets.push(socket);
      }
      await sleep(500);
      // Of the 320 MiB what the system's buffers took, which may not be collected yet, and a chunk or two each.
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(80 * 1024 * 1024);
      for (const socket of sockets) socket.destroy();
    }));

  test("that is truncated on its way breaks the connection off, short of its length", () =>
    served(async (port) => {
      const path = makeLarge();
      const socket = connect(port, "127.0.0.1");
      const pieces: Buffer[] = [];
      socket.on("error", () => undefined);
      socket.write("GET /files/large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n");
      socket.on("data", (piece: Buffer) => pieces.push(piece));
      await once(socket, "data");
      socket.pause();
      await sleep(50);
      truncateSync(path, 1000);
      socket.resume();
      await once(socket, "close");
      const { status, body } = parsed(Buffer.concat(pieces));
      expect(status).toBe(200);
      expect(body.length).toBeLessThan(LARGE);
    }));

  test("that is asked for twice on one connection comes twice, in order", () =>
    served(async (port) => {
      makeLarge();
      const socket = connect(port, "127.0.0.1");
      let received = 0;
      let last = "";
      socket.on("data", (piece: Buffer) => {
        received += piece.length;
        last = piece.toString("latin1");
      });
      socket.write("GET /files/large.bin HTTP/1.1\r\nhost: localhost\r\n\r\n");
      socket.write("GET /files/a.txt HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
      await once(socket, "close");
      expect(received).toBeGreaterThan(LARGE);
      expect(last.endsWith("hello")).toBe(true);
    }));
});
