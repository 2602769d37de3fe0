/*
 * The client on node:http, against the embedded server and its faults, over real sockets.
 */
import { expect, onTestFinished, test } from "vitest";

import { FlagImages } from "../../src/catalogue/flagImages.ts";
import { openFlagServer } from "../../src/server/flagServer.ts";
import type { Treatment } from "../../src/server/treatment.ts";
import { PlainClient } from "../../src/transfer/plainClient.ts";
import { TransferError } from "../../src/transfer/transferError.ts";

const images = new FlagImages();
const never = new AbortController().signal;

async function clientOf(treatment: Treatment) {
  const server = await openFlagServer(images, () => treatment);
  const base = server.base.replace("{size}", "250");
  const client = await PlainClient.for(base);
  onTestFinished(async () => {
    client.close();
    await server.close().catch(() => {});
  });
  return { server, get: (path: string, signal = never) => client.get(`${base}/${path}`, signal) };
}

test("an answer has its status and its whole body", async () => {
  const { get } = await clientOf({ delay: 0 });
  expect(await get("br/br.png")).toEqual({
    status: 200,
    body: images.image("BR", 250),
  });
  expect(await get("qz/qz.png")).toMatchObject({ status: 404 });
});

test.each([
  ["reset", "the connection was reset"],
  ["cut", "the answer broke off halfway"],
] as const)("a fault has a cause in words: %s", async (fault, cause) => {
  const { get } = await clientOf({ delay: 0, fault });
  const failing = get("br/br.png");
  await expect(failing).rejects.toThrow(cause);
  await expect(failing).rejects.toBeInstanceOf(TransferError);
});

test("a server that is not there refuses the connection", async () => {
  const { server, get } = await clientOf({ delay: 0 });
  await server.close();
  await expect(get("br/br.png")).rejects.toThrow("the connection was refused");
});

test("an aborted request ends with the signal's reason", async () => {
  const { get } = await clientOf({ delay: 3_600_000 });
  const stop = new AbortController();
  const failing = get("br/br.png", stop.signal);
  const reason = new Error("enough");
  setImmediate(() => stop.abort(reason));
  await expect(failing).rejects.toBe(reason);
});
