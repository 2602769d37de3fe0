/*
 * How far a body is sent, as `onUpload` is told.
 *
 * Over real sockets, so in real time.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { sleep } from "ambit";
import { ClientSession, type UploadProgress } from "ambit/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Receiver } from "./receiver.ts";

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver[Symbol.asyncDispose]());

describe("onUpload", () => {
  test("is told of a body in memory piece by piece, up to its end", async () => {
    const seen: UploadProgress[] = [];
    const body = Buffer.alloc(200_000);
    const { headers } = await receiver.post({ body, onUpload: (progress) => seen.push(progress) });
    expect(headers["content-length"]).toBe("200000");
    expect(seen.map(({ sent }) => sent)).toEqual([65_536, 131_072, 196_608, 200_000]);
    expect(seen.every(({ total }) => total === 200_000)).toBe(true);
  });

  test("is told of a stream once per chunk, without a total", async () => {
    const seen: UploadProgress[] = [];
    const source = async function* (): AsyncGenerator<string> {
      for (const chunk of ["a", "bc", "def"]) yield await sleep(1, chunk);
    };
    await receiver.post({ body: source, onUpload: (progress) => seen.push(progress) });
    expect(seen).toEqual([
      { sent: 1, total: null },
      { sent: 3, total: null },
      { sent: 6, total: null },
    ]);
  });

  test("is told of the bytes that go over the wire, when they are compressed", async () => {
    const seen: UploadProgress[] = [];
    const { body } = await receiver.post({
      json: "x".repeat(10_000),
      compress: "gzip",
      onUpload: (progress) => seen.push(progress),
    });
    expect(seen).toEqual([{ sent: body.length, total: body.length }]);
  });

  test("begins anew when the body is sent again", async () => {
    const sent: number[] = [];
    await receiver.post(
      { body: "abc", onUpload: (progress) => sent.push(progress.sent) },
      "/again",
    );
    expect(sent).toEqual([3, 3]);
  });

  test("runs in the requesting task's context, and fails the request with what it throws", async () => {
    const storage = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    await using session = new ClientSession();
    await (await session.get(receiver.url)).text();
    const onUpload = (): void => void stores.push(storage.getStore());
    await storage.run("mine", () => session.post(receiver.url, { body: "x", onUpload }));
    expect(stores).toEqual(["mine"]);
    const failing = (): void => {
      throw new RangeError("enough");
    };
    await expect(receiver.post({ body: "x", onUpload: failing })).rejects.toMatchObject({
      name: "RequestBodyError",
      cause: { message: "enough" },
    });
  });
});
