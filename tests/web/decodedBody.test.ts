/**
 * Compressed bodies: Node's decoders work in threads, in real time.
 */
import { createTask, run, sleep, wait } from "ambit";
import { BadRequest, PayloadTooLarge, UnsupportedMediaType } from "ambit/web";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type FakeExchange, type FakeInit, fakeRequest } from "./fakeExchange.ts";

function coded(coding: string, body: FakeInit["body"], more: FakeInit = {}) {
  const headers = { "content-encoding": coding, "content-type": "application/json" };
  return fakeRequest({ headers, body: body ?? "", ...more });
}

const text = JSON.stringify({ list: Array.from({ length: 200 }, (_, index) => index) });
const codings: [string, string, Buffer][] = [
  ["gzip", "gzip", gzipSync(text)],
  ["x-gzip", "X-GZIP", gzipSync(text)],
  ["deflate with zlib's head", "deflate", deflateSync(text)],
  ["deflate without", "deflate", deflateRawSync(text)],
  ["br", " br ", brotliCompressSync(text)],
  ["identity", "identity", Buffer.from(text)],
];

describe("a compressed body", () => {
  test.each(codings)("of %s is read as it was before", (_, coding, body) =>
    run(async () => {
      expect(JSON.stringify(await coded(coding, body).json())).toBe(text);
      const bytes = [...body].map((byte) => Uint8Array.of(byte));
      const pieces: Uint8Array[] = [];
      for await (const piece of coded(coding, bytes).body) pieces.push(piece);
      expect(Buffer.concat(pieces).toString()).toBe(text);
    }),
  );

  test("of several members is all of them", () =>
    run(async () => {
      const body = Buffer.concat([gzipSync("one"), gzipSync("two")]);
      expect(await coded("gzip", body).text()).toBe("onetwo");
    }));

  test("that is empty is an empty one", () =>
    run(async () => {
      expect(await coded("gzip", "").text()).toBe("");
      expect(coded("gzip", "").body.length).toBe(undefined);
    }));

  test("of an unknown coding, of two, or where none is allowed, is a 415 that says what would do", () =>
    run(async () => {
      for (const coding of ["zstd", "gzip, br", "compress", "gzip,identity"]) {
        const request = coded(coding, "x");
        const error = (() => {
          try {
            return request.body;
          } catch (thrown) {
            return thrown;
          }
        })();
        expect(error, coding).toBeInstanceOf(UnsupportedMediaType);
        expect((error as UnsupportedMediaType).headers).toEqual({
          "accept-encoding": "gzip, deflate, br",
        });
      }
      const request = coded("gzip", gzipSync("x"));
      request.route = { path: "/", method: "POST", options: { decompress: false } };
      expect(() => request.body).toThrow("here it may be identity");
    }));

  test("that is broken, or cut off, is a 400", () =>
    run(async () => {
      const whole = gzipSync(text);
      for (const body of [
        Buffer.from("plain"),
        whole.subarray(0, -9),
        Buffer.concat([whole.subarray(0, 50), whole]),
      ])
        await expect(coded("gzip", body).bytes()).rejects.toThrow(BadRequest);
      await expect(coded("br", "plain text").bytes()).rejects.toThrow(
        "the body is no br, or a broken one",
      );
    }));

  const zeros = Buffer.alloc(20_000_000);
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } };

  test.each([
    ["gzip", gzipSync(zeros)],
    ["br", brotliCompressSync(zeros, quick)],
    ["deflate", deflateSync(zeros)],
  ])("that is a bomb of %s is a 413 before it has unfolded", (coding, bomb) =>
    run(async () => {
      expect(bomb.length).toBeLessThan(30_000);
      const before = process.memoryUsage().rss;
      await expect(coded(coding, bomb).bytes()).rejects.toThrow(
        "the body is larger than 1048576 bytes when it's decoded",
      );
      const request = coded(coding, bomb);
      request.bodyLimit = 100_000;
      let read = 0;
      const reading = (async () => {
        for await (const piece of request.body) read += piece.length;
      })();
      await expect(reading).rejects.toThrow(PayloadTooLarge);
      expect(read).toBeLessThanOrEqual(100_000);
      expect(process.memoryUsage().rss - before).toBeLessThan(15_000_000);
      const allowed = coded(coding, bomb);
      allowed.bodyLimit = Infinity;
      expect((await allowed.bytes()).length).toBe(zeros.length);
    }),
  );

  test("is read no faster than it is asked for", () =>
    run(async () => {
      const body = gzipSync(
        Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251)),
        { level: 0 },
      );
      const pieces: Buffer[] = [];
      for (let at = 0; at < body.length; at += 10_000) pieces.push(body.subarray(at, at + 10_000));
      const request = coded("gzip", pieces);
      const iterator = request.body[Symbol.asyncIterator]();
      await iterator.next();
      await sleep(20);
      expect((request.exchange as FakeExchange).incoming?.reads).toBeLessThan(10);
    }));

  test("loses nothing when its reading is cancelled", () =>
    run(async () => {
      const bytes = [...gzipSync("hello world")].map((byte) => Uint8Array.of(byte));
      const iterator = coded("gzip", bytes, { pieceDelay: 1 }).body[Symbol.asyncIterator]();
      const pieces: Uint8Array[] = [];
      for (let end = false, cancels = 0; !end;) {
        const reading = createTask(() => iterator.next());
        if (cancels++ < 20) {
          await sleep(1);
          reading.cancel();
        }
        await wait([reading]);
        if (reading.cancelled()) continue;
        const step = reading.result();
        if (step.done === true) end = true;
        else pieces.push(step.value);
      }
      expect(Buffer.concat(pieces).toString()).toBe("hello world");
    }));
});

test("a body may be read as a web stream", () =>
  run(async () => {
    const request = fakeRequest({ body: ["one", "two"] });
    const reads = (request.exchange as FakeExchange).incoming;
    const stream = request.body.stream();
    await sleep(5);
    expect(reads?.reads).toBe(0);
    expect(await new Response(stream).text()).toBe("onetwo");
    expect(() => request.body.stream()).toThrow("was read piece by piece already");
    expect(await new Response(fakeRequest().body.stream()).text()).toBe("");
    const broken = fakeRequest({ body: "x", brokenOff: true }).body.stream();
    await expect(new Response(broken).text()).rejects.toMatchObject({ code: "ECONNRESET" });
  }));
