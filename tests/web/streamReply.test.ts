/**
 * Answers that a function writes, and early hints. The network is a FakeExchange, in virtual time.
 */
import { createTask, getRunningLoop, InvalidStateError, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { type Reply, ReplyBody, stream, type StreamWriter } from "ambit/web";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { FakeExchange, type FakeInit, fakeRequest } from "./fakeExchange.ts";

async function sendOn(exchange: FakeExchange, reply: Reply): Promise<void> {
  if (!(reply.body instanceof ReplyBody)) throw new Error("no streamed body");
  await reply.body.send(exchange, reply.status, []);
}

async function sent(
  write: (writer: StreamWriter) => void | Promise<void>,
  init: FakeInit = {},
): Promise<FakeExchange> {
  const exchange = new FakeExchange(init);
  await sendOn(exchange, stream(write));
  return exchange;
}

describe("a streamed answer", () => {
  test("is sent piece by piece, text in UTF-8, and ends when the function returns", async () => {
    await runVirtual(async () => {
      const exchange = await sent(async (writer) => {
        await writer.write("é");
        await writer.write(new Uint8Array([1, 2, 3]));
        expect(writer.bytesWritten).toBe(5);
      });
      expect(exchange.log).toEqual(["begin 200", "write 2", "write 3", "end"]);
    });
  });

  test("has the type, the status and the headers it is given; bytes without any", () => {
    const reply = stream(() => {}, { status: 202, headers: { "x-a": "1" }, type: "text/csv" });
    expect([reply.status, reply.type, reply.headers.get("x-a")]).toEqual([202, "text/csv", "1"]);
    expect(stream(() => {}).type).toBe("application/octet-stream");
    expect((stream(() => {}, { length: 5 }).body as ReplyBody).length).toBe(5);
  });

  test("may be empty", async () => {
    await runVirtual(async () => {
      expect((await sent(() => {})).log).toEqual(["begin 200", "end"]);
    });
  });

  test("has its head with the first piece, or with a flush", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const reply = stream(async (writer) => {
        await sleep(10);
        expect(writer.headSent).toBe(false);
        await writer.flush();
        expect(writer.headSent).toBe(true);
        await sleep(10);
        await writer.write("x");
      });
      const sending = createTask(() => sendOn(exchange, reply));
      await sleep(15);
      expect(exchange.log).toEqual(["begin 200"]);
      await sending;
    });
  });

  test("that fails before its head throws, to be answered with an error page", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const failing = stream(() => {
        throw new Error("no data");
      });
      await expect(sendOn(exchange, failing)).rejects.toThrow("no data");
      expect(exchange.log).toEqual([]);
    });
  });

  test("that fails later is broken off, for an end would look like the whole", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const failing = stream(async (writer) => {
        await writer.write("half");
        throw new Error("no more");
      });
      await expect(sendOn(exchange, failing)).rejects.toThrow("no more");
      expect(exchange.log).toEqual(["begin 200", "write 4", "abort"]);
    });
  });

  test("waits while the client is behind", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange({ slow: true });
      const log: string[] = [];
      const reply = stream(async (writer) => {
        await writer.write("a");
        log.push("taken");
        await writer.write("b");
      });
      const sending = createTask(() => sendOn(exchange, reply));
      await sleep(50);
      expect([log, exchange.text]).toEqual([[], "a"]);
      exchange.takeAll();
      await sleep(0);
      expect([log, exchange.text]).toEqual([["taken"], "ab"]);
      exchange.takeAll();
      await sending;
    });
  });

  test("may have trailers", async () => {
    await runVirtual(async () => {
      const exchange = await sent(async (writer) => {
        await writer.write("x");
        writer.trailer("Digest", "sha-256=…".replace("…", "abc"));
        writer.trailer("X-Rows", 1);
      });
      expect(exchange.trailersSent).toEqual(["Digest", "sha-256=abc", "X-Rows", "1"]);
    });
  });

  test("refuses what is no piece, and a trailer that could end its line", async () => {
    await runVirtual(async () => {
      await sent(async (writer) => {
        await expect(writer.write(7 as never)).rejects.toThrow(
          "`piece` to be text or a Uint8Array",
        );
        expect(() => writer.trailer("x", "a\r\nb")).toThrow("a value that the header x can carry");
      });
    });
    expect(() => stream("text" as never)).toThrow("`write` to be a function");
    expect(() => stream(() => {}, { length: -1 })).toThrow("`init.length`");
  });

  test("is over when the function has returned, whoever still has its writer", async () => {
    await runVirtual(async () => {
      let left: StreamWriter | undefined;
      const exchange = await sent((writer) => void (left = writer));
      await expect(left?.write("late")).rejects.toThrow(InvalidStateError);
      await expect(left?.flush()).rejects.toThrow("flush on a streamed answer whose function");
      expect(exchange.log).toEqual(["begin 200", "end"]);
      expect(inspect(left)).toBe("<StreamWriter ended bytes=4>");
    });
  });
});

describe("an answer whose length was announced", () => {
  const announced = (text: string, length: number): Reply =>
    stream((writer) => writer.write(text), { length });

  test("is sent when that is what was written", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      await sendOn(exchange, announced("123", 3));
      expect(exchange.log).toEqual(["begin 200", "write 3", "end"]);
    });
  });

  test("never has more, and is broken off when it has less", async () => {
    await runVirtual(async () => {
      const more = new FakeExchange();
      await expect(sendOn(more, announced("1234", 3))).rejects.toThrow(
        "write of 4 bytes in all to an answer of 3 bytes",
      );
      expect(more.log).toEqual([]);
      const less = new FakeExchange();
      await expect(sendOn(less, announced("12", 3))).rejects.toThrow("wrote 2 of 3 bytes");
      expect(less.log).toEqual(["begin 200", "write 2", "abort"]);
    });
  });

  test("has no trailers", async () => {
    await runVirtual(async () => {
      const reply = stream((writer) => writer.trailer("x", "1"), { length: 0 });
      await expect(sendOn(new FakeExchange(), reply)).rejects.toThrow("leave the length out");
    });
  });
});

test("a cancel ends the function's wait, wherever it is", async () => {
  const points = await cancelEverywhere(async () => {
    const exchange = new FakeExchange({ slow: true });
    const log: string[] = [];
    const reply = stream(async (writer) => {
      try {
        await sleep(5);
        await writer.write("a");
        await writer.flush();
      } finally {
        log.push("closed");
      }
    });
    const takes = [3, 8, 13].map((ms) => getRunningLoop().callLater(ms, () => exchange.takeAll()));
    let last: string | undefined = "end";
    try {
      await sendOn(exchange, reply);
    } catch (error) {
      last = exchange.headSent ? "abort" : undefined;
      throw error;
    } finally {
      for (const take of takes) take.cancel();
      expect([log, exchange.log.at(-1)]).toEqual([["closed"], last]);
    }
  });
  expect(points).toBeGreaterThan(1);
});

describe("early hints", () => {
  const STYLE = "</style.css>; rel=preload; as=style";

  test("are sent before the answer", () => {
    const request = fakeRequest();
    request.earlyHints(STYLE, '</font.woff2>; rel=preload; as=font; crossorigin="anonymous"');
    const { informed } = request.exchange as FakeExchange;
    expect(informed).toEqual([
      {
        status: 103,
        headers: [
          "link",
          STYLE,
          "link",
          '</font.woff2>; rel=preload; as=font; crossorigin="anonymous"',
        ],
      },
    ]);
  });

  test("come too late when the head was sent, and are dropped", () => {
    const request = fakeRequest();
    request.exchange.send(200, [], "x");
    request.earlyHints(STYLE);
    request.inform(102);
    expect((request.exchange as FakeExchange).informed).toEqual([]);
  });

  test("none are not sent", () => {
    const request = fakeRequest();
    request.earlyHints();
    expect((request.exchange as FakeExchange).informed).toEqual([]);
  });

  test.each(["/style.css", '</a>; rel="x', "</a>\r\nset-cookie: a=b", "", "<>; rel=preload"])(
    "refused as a link: %j",
    (link) => {
      expect(() => fakeRequest().earlyHints(link)).toThrow("`links` to be a value of Link");
    },
  );

  test("a program may send 102, and nothing that is an answer", () => {
    const request = fakeRequest();
    request.inform(102);
    expect((request.exchange as FakeExchange).log).toEqual(["inform 102"]);
    expect(() => request.inform(200 as never)).toThrow("`status` to be 102 or 103");
    expect(() => request.inform(101 as never)).toThrow(RangeError);
  });
});
