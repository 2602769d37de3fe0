/*
 * The embedded server over a real socket, asked with Node's own fetch, which shares nothing with
 * the clients of the program.
 */
import { connect } from "node:net";

import { expect, onTestFinished, test } from "vitest";

import { FlagImages } from "../../src/catalogue/flagImages.ts";
import { openFlagServer, type FlagServer } from "../../src/server/flagServer.ts";
import type { Treatment } from "../../src/server/treatment.ts";

const images = new FlagImages();

async function serverWith(treatment: Treatment = { delay: 0 }): Promise<FlagServer> {
  const server = await openFlagServer(images, () => treatment);
  onTestFinished(() => server.close().catch(() => {}));
  return server;
}

const url = (server: FlagServer, path: string, size = "250") =>
  `${server.base.replace("{size}", size)}/${path}`;

test("a flag is answered with its PNG, in the size that was asked for", async () => {
  const server = await serverWith();
  for (const size of [100, 250, 1000] as const) {
    const response = await fetch(url(server, "br/br.png", String(size)));
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await response.arrayBuffer())).toEqual(images.image("BR", size));
  }
});

test("metadata is answered as JSON", async () => {
  const response = await fetch(url(await serverWith(), "br/metadata.json"));
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toMatchObject({ code: "BR", name: "Brazil" });
});

test.each([
  ["qz/qz.png"],
  ["qz/metadata.json"],
  ["br/us.png"],
  ["br/br.svg"],
  ["..%2f..%2fpackage/..%2f..%2fpackage.png"],
  [""],
])("what it does not have is 404: %j", async (path) => {
  expect((await fetch(url(await serverWith(), path))).status).toBe(404);
});

test("another size, another method and another path are 404, too", async () => {
  const server = await serverWith();
  expect((await fetch(url(server, "br/br.png", "64"))).status).toBe(404);
  expect((await fetch(url(server, "br/br.png"), { method: "POST" })).status).toBe(404);
  expect((await fetch(new URL("/", server.base.replace("{size}", "100")))).status).toBe(404);
});

test("an unavailable flag is 503", async () => {
  const server = await serverWith({ delay: 0, fault: "unavailable" });
  expect((await fetch(url(server, "br/br.png"))).status).toBe(503);
});

test("a reset connection answers nothing", async () => {
  const server = await serverWith({ delay: 0, fault: "reset" });
  await expect(fetch(url(server, "br/br.png"))).rejects.toThrow("fetch failed");
});

test("a cut body announces more than it has", async () => {
  const response = await fetch(url(await serverWith({ delay: 0, fault: "cut" }), "br/br.png"));
  expect(response.status).toBe(200);
  const length = Number(response.headers.get("content-length"));
  expect(length).toBe(images.image("BR", 250)?.length);
  await expect(response.arrayBuffer()).rejects.toThrow("terminated");
});

test("a delayed answer is dropped when the server closes, which waits for nothing", async () => {
  const server = await serverWith({ delay: 3_600_000 });
  const failed = fetch(url(server, "br/br.png")).catch((error: Error) => error.message);
  await connected(server);
  await server.close();
  expect(await failed).toBe("fetch failed");
  expect(process.getActiveResourcesInfo()).not.toContain("TCPServerWrap");
});

/** Resolves when a connection made after all others has been accepted, so these are, too. */
async function connected(server: FlagServer): Promise<void> {
  const port = Number(new URL(server.base.replace("{size}", "100")).port);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.destroy();
}
