/**
 * Events as an EventSource reads them: the format, the keep-alive, and when the source ends.
 *
 * The browser is a parser written from the HTML standard (section 9.2.6); the network is a FakeExchange, in virtual time.
 * Over a real socket: eventStreamSocket.test.ts.
 */
import { CancelledError, createTask, Event, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { eventStream, type Reply, ReplyBody, type ServerSentEvent } from "ambit/web";
import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  oneof,
  option,
  record,
  string,
} from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeExchange, type FakeInit } from "./fakeExchange.ts";
import { EventParser } from "./eventParser.ts";

async function send(reply: Reply, init: FakeInit = {}): Promise<FakeExchange> {
  const exchange = new FakeExchange(init);
  await sendOn(exchange, reply);
  return exchange;
}

async function sendOn(exchange: FakeExchange, reply: Reply): Promise<void> {
  if (!(reply.body instanceof ReplyBody)) throw new Error("no streamed body");
  await reply.body.send(exchange, reply.status, []);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const wire = (...events: (ServerSentEvent | string)[]): Promise<string> =>
  runVirtual(async () => (await send(eventStream(each(events)))).text);

describe("an event on the wire", () => {
  test.each<[string, ServerSentEvent | string, string]>([
    ["text is its data", "hello", "data: hello\n\n"],
    ["data may be empty", "", "data: \n\n"],
    [
      "lines become lines of data, whatever they end in",
      "a\nb\r\nc\rd",
      "data: a\ndata: b\ndata: c\ndata: d\n\n",
    ],
    ["what is no text is JSON", { data: { a: [1, null] } }, 'data: {"a":[1,null]}\n\n'],
    ["a number is JSON too", { data: 7 }, "data: 7\n\n"],
    [
      "all fields",
      { id: "7", event: "tick", retry: 250, data: "x" },
      "id: 7\nevent: tick\nretry: 250\ndata: x\n\n",
    ],
    ["an id alone moves the browser's place", { id: "7" }, "id: 7\n\n"],
    ["an empty id forgets the place", { id: "", data: "x" }, "id: \ndata: x\n\n"],
    [
      "a type alone has empty data, or no page would hear of it",
      { event: "bye" },
      "event: bye\ndata: \n\n",
    ],
    ["a comment may have lines", { comment: "a\nb" }, ": a\n: b\n\n"],
    ["a colon and a space at its start stay", ": x", "data: : x\n\n"],
  ])("%s", async (_title, event, expected) => {
    expect(await wire(event)).toBe(expected);
  });

  test.each<[string, unknown, string]>([
    ["a line feed in an id", { id: "1\ndata: forged" }, "`event.id` to be one line of text"],
    ["a carriage return in an id", { id: "1\r2" }, "`event.id` to be one line of text"],
    [
      "NUL in an id, which browsers would ignore",
      { id: "1\0" },
      "`event.id` to be one line without NUL",
    ],
    ["a line feed in a type", { event: "a\nb", data: "" }, "`event.event` to be one line of text"],
    ["an id that is no text", { id: 7 }, "`event.id` to be one line of text"],
    ["a negative retry", { retry: -1 }, "`retry` to be an integer of at least 0"],
    ["data that JSON can't hold", { data: () => 1 }, "text, or something that JSON can hold"],
    ["bytes", new Uint8Array(1), "`event` to be text or { data, event, id, retry }"],
    ["nothing", null, "`event` to be text or { data, event, id, retry }"],
  ])("refused: %s", async (_title, event, message) => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const sending = sendOn(exchange, eventStream(each([event as string])));
      await expect(sending).rejects.toThrow(message);
      expect(exchange.log).toEqual(["begin 200", "abort"]);
    });
  });

  test("whatever is sent, the browser reads the same", async () => {
    const line = string({ maxLength: 12 }).map((text) => text.replaceAll(/[\r\n\0]/g, "·"));
    const text = array(
      oneof(string({ maxLength: 8 }), constantFrom("\n", "\r", "\r\n", ":", " ", "data")),
      {
        maxLength: 6,
      },
    ).map((parts) => parts.join(""));
    const event = record({
      data: text,
      event: option(line, { nil: undefined }),
      id: option(line, { nil: undefined }),
    });
    await assert(
      asyncProperty(array(event, { maxLength: 5 }), async (events) => {
        const given = events.map(({ data, event: type, id }) => ({
          data,
          ...(type === undefined ? {} : { event: type }),
          ...(id === undefined ? {} : { id }),
        }));
        let lastEventId = "";
        const expected = given.map(({ data, event: type, id }) => {
          lastEventId = id ?? lastEventId;
          const lines = data.split(/\r\n|\r|\n/).join("\n");
          // An empty type is none.
          return { type: type || "message", data: lines, lastEventId };
        });
        const parser = new EventParser();
        parser.push(await wire(...given));
        expect(parser.events).toEqual(expected);
      }),
    );
  });
});

describe("an answer of events", () => {
  test("is not kept by caches, nor held back by nginx", () => {
    const { type, headers, status } = eventStream(each(["x"]));
    expect([type, status]).toEqual(["text/event-stream", 200]);
    expect([...headers]).toEqual([
      ["cache-control", "no-cache"],
      ["x-accel-buffering", "no"],
    ]);
    const own = eventStream(each(["x"]), { headers: { "cache-control": "no-store" } });
    expect(own.headers.get("cache-control")).toBe("no-store");
  });

  test("has its head before the first event", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const never = eventStream(
        (async function* () {
          await sleep(60_000);
          yield "late";
        })(),
        { keepAlive: Infinity },
      );
      const sending = createTask(() => sendOn(exchange, never));
      await sleep(1);
      expect(exchange.log).toEqual(["begin 200"]);
      await sending;
      expect(exchange.log).toEqual(["begin 200", "write 12", "end"]);
    });
  });

  test("tells the browser first how long to wait before it comes again", async () => {
    await runVirtual(async () => {
      expect((await send(eventStream(each(["x"]), { retry: 2000 }))).text).toBe(
        "retry: 2000\n\ndata: x\n\n",
      );
    });
  });

  test.each([
    [undefined, null],
    ["41", "41"],
    ["", ""],
    [Buffer.from("é✓").toString("latin1"), "é✓"],
  ])("gives the source the Last-Event-ID: %j", async (header, expected) => {
    await runVirtual(async () => {
      let given: string | null | undefined;
      const reply = eventStream((lastEventId) => {
        given = lastEventId;
        return each([]);
      });
      await send(reply, header === undefined ? {} : { headers: { "Last-Event-ID": header } });
      expect(given).toBe(expected);
    });
  });

  test("that can't begin throws before its head, to be answered with an error page", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const refuse = eventStream(() => {
        throw new Error("who are you?");
      });
      await expect(sendOn(exchange, refuse)).rejects.toThrow("who are you?");
      const odd = eventStream((() => ["x"]) as never);
      await expect(sendOn(exchange, odd)).rejects.toThrow(
        "`source` to be an async iterable of events",
      );
      expect(exchange.log).toEqual([]);
    });
    expect(() => eventStream([] as never)).toThrow("`source` to be an async iterable of events");
    expect(() => eventStream(each([]), { keepAlive: NaN })).toThrow("`options.keepAlive`");
    expect(() => eventStream(each([]), { retry: 1.5 })).toThrow("`options.retry`");
    expect(() => eventStream(each([]), { retryOnStop: -1 })).toThrow("`options.retryOnStop`");
  });

  test("that fails in its middle breaks the connection off", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const failing = eventStream(
        (async function* () {
          yield "one";
          throw new Error("no more");
        })(),
      );
      await expect(sendOn(exchange, failing)).rejects.toThrow("no more");
      expect(exchange.log).toEqual(["begin 200", "write 11", "abort"]);
    });
  });

  test("waits for a client that is behind before it asks for the next event", async () => {
    await runVirtual(async () => {
      const asked: number[] = [];
      const exchange = new FakeExchange({ slow: true });
      const reply = eventStream(
        (async function* () {
          for (let n = 1; n <= 2; n++) {
            asked.push(n);
            yield String(n);
          }
        })(),
        { keepAlive: 10 },
      );
      const sending = createTask(() => sendOn(exchange, reply));
      await sleep(100);
      // No remark either: it would only lie behind what is not taken.
      expect([asked, exchange.log]).toEqual([[1], ["begin 200", "write 9"]]);
      exchange.takeAll();
      await sleep(0);
      expect(asked).toEqual([1, 2]);
      exchange.takeAll();
      await sending;
      expect(exchange.text).toBe("data: 1\n\ndata: 2\n\n");
    });
  });

  test("to HEAD runs nothing", async () => {
    await runVirtual(async () => {
      let called = false;
      const lazy = eventStream(() => {
        called = true;
        return each([]);
      });
      const source = each(["x"]);
      await (lazy.body as ReplyBody).close();
      await (eventStream(source).body as ReplyBody).close();
      expect(called).toBe(false);
      expect(await source.next()).toEqual({ done: true, value: undefined });
    });
  });
});

describe("the keep-alive", () => {
  const quiet = (...delays: number[]) =>
    (async function* () {
      for (const delay of delays) {
        await sleep(delay);
        yield "x";
      }
    })();

  test("comes when nothing was sent for an interval, and not where something was", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      const silent = createTask(() => sendOn(exchange, eventStream(quiet(50_000))));
      const busy = new FakeExchange();
      await sendOn(busy, eventStream(quiet(...Array<number>(20).fill(5000))));
      await silent;
      expect(exchange.text).toBe(":\n\n".repeat(3) + "data: x\n\n");
      expect(busy.text).not.toContain(":\n\n");
    });
  });

  test("is no event for the browser", async () => {
    await runVirtual(async () => {
      const parser = new EventParser();
      parser.push((await send(eventStream(quiet(40, 40), { keepAlive: 10 }))).text);
      expect(parser.events.map(({ data }) => data)).toEqual(["x", "x"]);
    });
  });

  test("costs no timer when all streams have ended, and starts anew", async () => {
    await runVirtual(async () => {
      for (let round = 0; round < 2; round++) {
        const exchange = new FakeExchange();
        await sendOn(exchange, eventStream(quiet(25), { keepAlive: 10 }));
        expect(exchange.text).toBe(":\n\n:\n\ndata: x\n\n");
      }
    });
  });
});

describe("when the client leaves", () => {
  test("the source's finally runs at once, wherever it waits", async () => {
    const points = await cancelEverywhere(async () => {
      const log: string[] = [];
      const gate = new Event();
      const source = async function* (): AsyncGenerator<string> {
        try {
          log.push("open");
          yield "one";
          await sleep(10);
          yield "two";
          gate.set();
        } finally {
          log.push("closed");
          await sleep(1);
        }
      };
      try {
        await send(eventStream(source));
      } finally {
        expect(log).toEqual(log.length === 0 ? [] : ["open", "closed"]);
      }
    });
    expect(points).toBeGreaterThan(1);
  });

  test("a source that is no generator is told too, between two events", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange({ slow: true });
      let returned = false;
      const source: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ done: false, value: "x" }),
          return: () => {
            returned = true;
            return Promise.resolve({ done: true as const, value: undefined });
          },
        }),
      };
      const sending = createTask(() => sendOn(exchange, eventStream(source)));
      await sleep(1);
      sending.cancel();
      await expect(Promise.resolve(sending)).rejects.toThrow(CancelledError);
      expect(returned).toBe(true);
    });
  });

  test("one whose route goes on is asked for no more", async () => {
    await runVirtual(async () => {
      const exchange = new FakeExchange();
      let closed = false;
      const reply = eventStream(async function* () {
        try {
          for (;;) {
            yield "x";
            await sleep(10);
          }
        } finally {
          closed = true;
        }
      });
      const sending = createTask(() => sendOn(exchange, reply));
      await sleep(15);
      exchange.ended = true;
      await sending;
      expect([closed, exchange.log.at(-1)]).toEqual([true, "write 9"]);
    });
  });
});
