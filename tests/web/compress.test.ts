/**
 * The compress middleware, over exchanges in memory. Compressing is done by threads of Node's, so time is real.
 */
import * as fc from "fast-check";
import { brotliDecompressSync, constants, gunzipSync } from "node:zlib";
import { createTask, Event, run, sleep } from "ambit";
import { cancelEverywhere } from "ambit/testing";
import {
  compress,
  type CompressOptions,
  eventStream,
  html,
  json,
  type Next,
  Reply,
  stream,
  text,
} from "ambit/web";
import { describe, expect, test } from "vitest";
import { preferredCoding } from "../../src/web/acceptEncoding.ts";
import { toReply } from "../../src/web/answer.ts";
import { answered, type Answered } from "./answered.ts";
import { type FakeExchange, type FakeInit, fakeRequest } from "./fakeExchange.ts";
import { sendReply } from "../../src/web/sendReply.ts";

const LONG = "All work and no play makes Jack a dull boy. ".repeat(100);
const GZIP = { headers: { "accept-encoding": "gzip" } };

function compressed(
  init: FakeInit,
  reply: Reply | (() => AsyncIterable<string>),
  options?: CompressOptions,
): Promise<Answered> {
  const middleware = compress(options);
  const next = (async () => (reply instanceof Reply ? reply : toReply(reply()))) as Next;
  return answered(init, async (request) => middleware(request, next));
}

describe("the choice of the coding", () => {
  test.each<[string | null, string | null]>([
    ["gzip", "gzip"],
    ["br", "br"],
    ["gzip, br", "br"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["gzip; q=0.5, br ;q=0.5", "br"],
    ["*", "br"],
    ["*;q=0.1, br;q=0", "gzip"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["identity", null],
    ["identity, gzip;q=0.5", null],
    ["identity;q=0.5, gzip", "gzip"],
    ["gzip;q=0", null],
    ["gzip;q=0.000", null],
    ["gzip;q=2", null],
    ["deflate, zstd", null],
    ["gzip;level=9", null],
    ["", null],
    [null, null],
    [",,gzip,", "gzip"],
    ["*;q=0", null],
  ])("%s", (header, expected) => expect(preferredCoding(header, ["br", "gzip"])).toBe(expected));

  test("what has a weight of zero is never chosen, and no text makes it throw", () => {
    const words = fc.constantFrom("gzip", "br", "*", "identity", ";q=0", ";q=0.5", ",", " ", "x");
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (parts) => {
        const coding = preferredCoding(parts.join(""), ["br", "gzip"]);
        expect(coding === null || parts.includes(coding) || parts.includes("*")).toBe(true);
      }),
    );
  });
});

describe("what is there as a whole", () => {
  test.each([
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const)("text is sent as %s, and its length is right", (coding, decompress) =>
    run(async () => {
      const answer = await compressed({ headers: { "accept-encoding": coding } }, text(LONG));
      expect(answer.header("content-encoding")).toBe(coding);
      expect(answer.header("vary")).toBe("Accept-Encoding");
      expect(answer.header("content-length")).toBe(String(answer.bytes.length));
      expect(decompress(answer.bytes).toString()).toBe(LONG);
    }),
  );

  test("what is large is compressed in a thread", () =>
    run(async () => {
      const large = LONG.repeat(20);
      const answer = await compressed(GZIP, json({ large }));
      expect(JSON.parse(gunzipSync(answer.bytes).toString())).toEqual({ large });
    }));

  test("a strong tag becomes a weak one", () =>
    run(async () => {
      const tagged = (etag: string): Promise<Answered> =>
        compressed(GZIP, text(LONG, { headers: { etag } }));
      expect((await tagged('"v7"')).header("etag")).toBe('W/"v7"');
      expect((await tagged('W/"v7"')).header("etag")).toBe('W/"v7"');
    }));

  test.each<[string, FakeInit, () => Reply, string | null]>([
    ["who does not ask", {}, () => text(LONG), "Accept-Encoding"],
    ["what is short", GZIP, () => text("short"), "Accept-Encoding"],
    ["a picture", GZIP, () => text(LONG, { type: "image/png" }), null],
    ["what is coded", GZIP, () => text(LONG, { headers: { "content-encoding": "br" } }), null],
    ["a part", GZIP, () => text(LONG, { status: 206 }), null],
    ["what has no body", GZIP, () => new Reply(null, { type: "text/plain" }), null],
    [
      "what must not be transformed",
      GZIP,
      () => text(LONG, { headers: { "cache-control": "public, No-Transform" } }),
      null,
    ],
  ])("%s gets it as it is", (_, init, reply, vary) =>
    run(async () => {
      const plain = reply().body ?? "";
      const answer = await compressed(init, reply());
      expect(answer.text).toBe(plain);
      expect(answer.header("vary")).toBe(vary);
      expect(answer.header("content-length")).toBe(String(plain.length));
    }),
  );

  test("what would not get smaller stays as it is", () =>
    run(async () => {
      const bytes = crypto.getRandomValues(new Uint8Array(2000));
      const answer = await compressed(GZIP, new Reply(bytes, { type: "text/plain" }));
      expect(answer.header("content-encoding")).toBeNull();
      expect(answer.bytes).toEqual(Buffer.from(bytes));
    }));

  test("an error page is compressed, too", () =>
    run(async () => {
      const answer = await compressed(GZIP, html(LONG, { status: 500 }));
      expect([answer.status, answer.header("content-encoding")]).toEqual([500, "gzip"]);
    }));

  test("a HEAD says what a GET would, but not how long it is", () =>
    run(async () => {
      const answer = await compressed({ ...GZIP, method: "HEAD" }, text(LONG));
      expect(answer.header("content-encoding")).toBe("gzip");
      expect(answer.header("content-length")).toBeNull();
      expect(answer.bytes.length).toBe(0);
    }));

  test("a 304 has the tag that the client has", () =>
    run(async () => {
      const spared = async (known: string): Promise<(string | null)[]> => {
        const headers = { "accept-encoding": "gzip", "if-none-match": known };
        const reply = new Reply(null, { status: 304, headers: { etag: '"v7"' } });
        const answer = await compressed({ headers }, reply);
        return [answer.header("etag"), answer.header("vary")];
      };
      expect(await spared('W/"v7"')).toEqual(['W/"v7"', "Accept-Encoding"]);
      expect(await spared('"v7"')).toEqual(['"v7"', "Accept-Encoding"]);
    }));
});

describe("what comes piece by piece", () => {
  async function* pieces(): AsyncGenerator<string, void> {
    yield LONG;
    await sleep(1);
    yield "end";
  }

  test.each([
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const)("is sent as %s, without a length", (coding, decompress) =>
    run(async () => {
      const init = { headers: { "accept-encoding": coding } };
      const types = (): boolean => true;
      const answer = await compressed(init, pieces, { types });
      expect(answer.header("content-encoding")).toBe(coding);
      expect(answer.header("content-length")).toBeNull();
      expect(decompress(answer.bytes).toString()).toBe(`${LONG}end`);
      expect(answer.exchange.log.at(-1)).toBe("end");
    }),
  );

  test("each event is with the client when it was sent", () =>
    run(async () => {
      const next = new Event();
      const request = fakeRequest(GZIP);
      const exchange = request.exchange as FakeExchange;
      const reply = eventStream(
        (async function* () {
          yield "one";
          await next.wait();
          yield "two";
        })(),
      );
      const sent = await compress()(request, async () => reply);
      const sending = createTask(async () => sendReply(request, sent));
      const gunzip = (): string =>
        gunzipSync(exchange.bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
      while (!(exchange.pieces.length > 0 && gunzip().includes("one"))) await sleep(1);
      expect(gunzip()).toBe("data: one\n\n");
      next.set();
      await sending;
      expect(gunzip()).toBe("data: one\n\ndata: two\n\n");
      expect(exchange.log.at(-1)).toBe("end");
    }));

  test("the writer waits for a client that is behind", () =>
    run(async () => {
      const request = fakeRequest({ ...GZIP, slow: true });
      const exchange = request.exchange as FakeExchange;
      let made = 0;
      const source = (async function* () {
        for (; made < 50; made++) yield `${made} ${crypto.randomUUID()}`;
      })();
      const reply = await compress({ types: () => true })(request, async () => toReply(source));
      const sending = createTask(async () => sendReply(request, reply));
      await sleep(30);
      expect(made).toBeLessThan(4);
      const taking = createTask(async () => {
        for (;;) {
          exchange.takeAll();
          await sleep(0);
        }
      });
      await sending;
      taking.cancel();
      expect(made).toBe(50);
      expect(gunzipSync(exchange.bytes).toString()).toMatch(/^0 .*49 [\w-]+$/s);
    }));

  test("what fails in the middle fails, and is not ended as if whole", () =>
    run(async () => {
      const answer = await compressed(
        GZIP,
        async function* () {
          yield LONG;
          throw new Error("broken");
        },
        { types: () => true },
      );
      expect((answer.thrown as Error).message).toBe("broken");
      expect(answer.exchange.log).not.toContain("end");
      expect(answer.exchange.aborted).toBe(true);
    }));

  test("a cancel at any of its waits closes the source", async () => {
    let open = 0;
    const middleware = compress({ types: () => true });
    const points = await cancelEverywhere(async () => {
      const request = fakeRequest(GZIP);
      const source = (async function* () {
        open++;
        try {
          yield LONG;
          await sleep(1);
          yield LONG;
        } finally {
          open--;
        }
      })();
      const reply = await middleware(request, async () => toReply(source));
      try {
        await sendReply(request, reply);
      } finally {
        expect(open).toBe(0);
      }
    });
    expect(points).toBeGreaterThan(2);
  });

  test("trailers stay behind the body", () =>
    run(async () => {
      const reply = stream(
        async (writer) => {
          await writer.write(LONG);
          writer.trailer("x-sum", "7");
        },
        { type: "text/plain" },
      );
      const answer = await compressed(GZIP, reply);
      expect(answer.exchange.trailersSent).toEqual(["x-sum", "7"]);
      expect(gunzipSync(answer.bytes).toString()).toBe(LONG);
    }));
});

describe("the options", () => {
  test.each<[CompressOptions, string]>([
    [{ threshold: -1 }, "Expected `options.threshold` to be an integer of at least 0"],
    [{ codings: ["zstd" as "br"] }, "Expected `options.codings` to be a list of `br` and `gzip`"],
    [{ levels: { gzip: 10 } }, "Expected `options.levels.gzip` to be an integer from 1 to 9"],
    [{ levels: { br: 0 } }, "Expected `options.levels.br` to be an integer from 1 to 11"],
    [{ types: 1 as never }, "Expected `options.types` to be a function"],
  ])("%j", (options, words) => expect(() => compress(options)).toThrow(words));

  test("the level changes the size", () =>
    run(async () => {
      const varied = JSON.stringify(
        Array.from({ length: 2000 }, (_, at) => ({ at, half: at / 2 })),
      );
      const size = async (br: number): Promise<number> =>
        (
          await compressed({ headers: { "accept-encoding": "br" } }, text(varied), {
            levels: { br },
          })
        ).bytes.length;
      expect(await size(9)).toBeLessThan(await size(1));
    }));
});
