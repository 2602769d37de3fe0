/**
 * Bodies whose memory their owner wants back, over real sockets: real time.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { ClientSession } from "ambit/http";
import { expect, test } from "vitest";
import { LentBody } from "../../src/http/bufferedBody.ts";

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("what is lent is given back once, after the answer", async () => {
  const events: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      events.push("answered");
      response.writeHead(202).end();
    });
  });
  const url = await listening(server);
  await using session = new ClientSession();
  const body = new LentBody(Buffer.alloc(300_000, "a"), () => void events.push("given back"));
  const response = await session.post(url, { body });
  await response.bytes();
  expect(events).toEqual(["answered", "given back"]);
  server.close();
});

test("what is lent stays lent while a server that has answered has not taken all of it", async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.once("data", () => {
      socket.pause();
      socket.write("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n");
    });
  });
  const url = await listening(server);
  let givenBack = 0;
  {
    await using session = new ClientSession();
    // More than the system takes in for a socket.
    const body = new LentBody(Buffer.alloc(64 * 1024 * 1024), () => void givenBack++);
    const response = await session.post(url, { body });
    await response.bytes();
    expect([response.status, givenBack]).toEqual([202, 0]);
  }
  for (const socket of sockets) socket.destroy();
  server.close();
});

test("what is lent for a request that fails stays lent", async () => {
  const server = createTcpServer((socket) => void socket.once("data", () => socket.destroy()));
  const url = await listening(server);
  let givenBack = 0;
  {
    await using session = new ClientSession();
    const body = new LentBody(Buffer.alloc(100), () => void givenBack++);
    await expect(session.post(url, { body })).rejects.toThrow("closed");
  }
  expect(givenBack).toBe(0);
  server.close();
});
