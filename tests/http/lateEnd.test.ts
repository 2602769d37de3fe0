/**
 * The end of a connection that comes while nobody reads: it is heard of after all that came before.
 *
 * Over real sockets, so in real time. Plain connections are in lendingSocket.test.ts.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noise } from "../download/site.ts";
import { until } from "./origin.ts";

const FOLDER = join(import.meta.dirname, "..", "streams", "certificate");
const ca = readFileSync(join(FOLDER, "ca.pem"), "utf8");
const BODY = noise(140_000, 9);

/** The chunk at which the reading stops is the last, and the next thing to come is the end. */
const HEADS = [
  ["that ends with the connection", "connection: close\r\n\r\n"],
  ["whose server closes", "connection: close\r\ncontent-length: 140000\r\n\r\n"],
  ["whose server closes, and does not say so", "content-length: 140000\r\n\r\n"],
] as const;

let server: Server;
let url: string;
let head = "";
let closed = false;

function send(socket: TLSSocket, at: number): void {
  if (at === BODY.length) return void socket.end(() => (closed = true));
  const chunk = BODY.subarray(at, at + 10_000);
  socket.write(chunk, () => setTimeout(send, 5, socket, at + chunk.length));
}

beforeAll(async () => {
  const key = readFileSync(join(FOLDER, "localhost.key"));
  const cert = readFileSync(join(FOLDER, "localhost.pem"));
  server = createServer({ key, cert }, (socket) => {
    socket
      .on("error", () => undefined)
      .once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}`);
        send(socket, 0);
      });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `https://localhost:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  server.close();
  await once(server, "close");
});

test("after a body that waited for a 100, which stands at the same place", async () => {
  head = HEADS[0][1];
  closed = false;
  await using session = new ClientSession({ connector: { tls: { ca } } });
  const response = await session.post(url, { body: "x", expectContinue: 10 });
  await until(() => closed);
  await sleep(20);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
});

test.each(HEADS)("over TLS, of a body %s", async (_, given) => {
  head = given;
  closed = false;
  await using session = new ClientSession({ connector: { tls: { ca } } });
  const response = await session.get(url);
  await until(() => closed);
  await sleep(20);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
});
