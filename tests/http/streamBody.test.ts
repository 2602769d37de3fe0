/*
 * Bodies that are made while they are sent: every kind of source, how far ahead of the server it may
 * be, and how it is closed.
 *
 * Over real sockets, so in real time.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { ContextVar, createTask, currentTask, sleep } from "ambit";
import {
  type BodyInput,
  type ChunkSource,
  ClientSession,
  RequestBodyError,
  streamBody,
} from "ambit/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { Receiver } from "./receiver.ts";

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver[Symbol.asyncDispose]());

async function* letters(count = 3): AsyncGenerator<string> {
  for (let i = 0; i < count; i++) yield await sleep(0, String.fromCharCode(97 + i));
}

function webStream(...chunks: (string | Uint8Array)[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

describe("a body can be", () => {
  const mixed = [
    "ä",
    Uint8Array.of(98),
    Uint8Array.of(99).buffer,
    new DataView(new ArrayBuffer(1)),
  ];
  const sources: [string, () => BodyInput, string][] = [
    ["an async generator", () => letters(), "abc"],
    ["a function that makes one", () => () => letters(), "abc"],
    ["a stream of Node's", () => Readable.from([Buffer.from("ab"), "c"]), "abc"],
    ["a stream of the web", () => webStream("a", Buffer.from("bc")), "abc"],
    ["the body of a Response", () => new Response("abc").body as ChunkSource, "abc"],
    ["an iterable of text and all kinds of bytes", () => Readable.from(mixed), "äbc\0"],
    ["empty", () => letters(0), ""],
    ["one of empty chunks", () => Readable.from(["", "a", "", "b", ""]), "ab"],
  ];
  test.each(sources)("%s", async (_, source, expected) => {
    const { headers, body } = await receiver.post({ body: source() });
    expect(String(body)).toBe(expected);
    expect(headers["content-type"]).toBeUndefined();
    expect(headers["transfer-encoding"]).toBe(expected === "" ? undefined : "chunked");
  });

  test("the body of another response, passed on as it comes", async () => {
    await receiver.post({ body: "first" });
    await using session = new ClientSession();
    const first = await session.post(receiver.url, { body: "x" });
    const second = await session.post(receiver.url, { body: first.body });
    expect(await second.text()).toBe("thanks");
    expect(String(receiver.received.at(-1)?.body)).toBe("thanks");
  });

  test("big, and arrives as it was", async () => {
    const chunk = Buffer.alloc(50_000, "0123456789");
    const many = async function* (): AsyncGenerator<Buffer> {
      for (let i = 0; i < 40; i++) yield chunk;
    };
    const { body } = await receiver.post({ body: many() });
    expect(body.length).toBe(2_000_000);
    expect(body.equals(Buffer.alloc(2_000_000, "0123456789"))).toBe(true);
  });
});

describe("a length that is known", () => {
  test("is told to the server, by streamBody or by the caller's header", async () => {
    const body = streamBody(letters, { length: 3, contentType: "text/x" });
    const { headers } = await receiver.post({ body });
    expect(headers).toMatchObject({ "content-length": "3", "content-type": "text/x" });
    expect(headers["transfer-encoding"]).toBeUndefined();
    const own = await receiver.post({ body: letters(), headers: { "Content-Length": "3" } });
    expect(own.headers["content-length"]).toBe("3");
    expect(own.headers["transfer-encoding"]).toBeUndefined();
  });

  test.each([
    [2, "its body is longer than the 2 bytes that were announced", 1],
    [9, "its body ended after 3 of 9 bytes", 3],
  ])(
    "but is wrong (%i for 3) fails the request, and the next one is in order",
    async (length, words, sent) => {
      await using session = new ClientSession({ limit: 1 });
      const error: unknown = await session
        .post(receiver.url, { body: streamBody(letters(), { length }) })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(RequestBodyError);
      expect(error).toMatchObject({
        name: "RequestBodyError",
        message: `POST ${receiver.url}/: ${words}`,
        sent,
      });
      await until(() => receiver.cut === 1);
      expect(receiver.received).toEqual([]);
      await (await session.post(receiver.url, { body: "next" })).text();
      expect(receiver.received.map(({ body }) => String(body))).toEqual(["next"]);
    },
  );
});

describe("back-pressure", () => {
  test("holds the producer while the server does not read", async () => {
    let produced = 0;
    let closed = false;
    const chunk = Buffer.alloc(65_536);
    const endless = async function* (): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          produced += chunk.length;
          yield chunk;
        }
      } finally {
        closed = true;
      }
    };
    receiver.reads = false;
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body: endless() }));
    // What the two sockets' buffers take is the system's affair; that it ends is ours.
    let before = -1;
    while (before !== produced) {
      before = produced;
      await sleep(30);
    }
    expect(produced).toBeGreaterThan(0);
    expect(produced).toBeLessThan(32 * 1024 * 1024);
    task.cancel();
    await task.then(null, () => undefined);
    expect(closed).toBe(true);
  });

  test("makes the producer as slow as the server", async () => {
    let produced = 0;
    const chunk = Buffer.alloc(16_384);
    const numbers = async function* (): AsyncGenerator<Buffer> {
      for (let i = 0; i < 2000; i++) {
        produced += chunk.length;
        yield chunk;
      }
    };
    receiver.reads = false;
    await using session = new ClientSession();
    const task = createTask(() => session.post(receiver.url, { body: numbers() }));
    await sleep(60);
    const ahead = produced;
    expect(ahead).toBeLessThan(2000 * chunk.length);
    task.cancel();
    await task.then(null, () => undefined);
    expect(produced).toBe(ahead);
  });
});

describe("a source runs in the requesting task:", () => {
  test("its task, its context variables and its AsyncLocalStorages are the caller's", async () => {
    const variable = new ContextVar("of the request", { defaultValue: "none" });
    const storage = new AsyncLocalStorage<string>();
    const met: unknown[] = [];
    const source = async function* (): AsyncGenerator<string> {
      for (let i = 0; i < 2; i++) {
        met.push(currentTask()?.name, variable.get(), storage.getStore());
        yield await sleep(1, "x");
      }
    };
    await using session = new ClientSession();
    // Opens the connection that the next request goes over.
    await (await session.get(receiver.url)).text();
    const send = async (): Promise<void> => {
      variable.set("mine");
      await storage.run("stored", async () => {
        await (await session.post(receiver.url, { body: source })).text();
      });
    };
    await createTask(send, { name: "sender" });
    expect(met).toEqual(["sender", "mine", "stored", "sender", "mine", "stored"]);
  });
});

describe("a source that fails", () => {
  const sources: [string, () => BodyInput][] = [
    [
      "a generator that throws",
      async function* () {
        yield "a";
        await sleep(1);
        throw new RangeError("of its own");
      },
    ],
    [
      "a stream of Node's that is destroyed with an error",
      () => {
        let sent = false;
        return new Readable({
          read() {
            if (sent) setImmediate(() => this.destroy(new RangeError("of its own")));
            else this.push("a");
            sent = true;
          },
        });
      },
    ],
    [
      "a stream of the web that errors",
      () => {
        let sent = false;
        return new ReadableStream({
          pull(controller) {
            if (sent) controller.error(new RangeError("of its own"));
            else controller.enqueue("a");
            sent = true;
          },
        });
      },
    ],
  ];
  test.each(sources)("fails the request and cuts the connection: %s", async (_, source) => {
    await using session = new ClientSession({ limit: 1 });
    const input = source();
    const body = typeof input === "function" ? (input as () => ChunkSource)() : input;
    const error: unknown = await session
      .post(receiver.url, { body })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestBodyError);
    expect(error).toMatchObject({
      message: `POST ${receiver.url}/: its body failed`,
      sent: 1,
      cause: { name: "RangeError", message: "of its own" },
    });
    await until(() => receiver.cut === 1);
    expect(receiver.received).toEqual([]);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
    await (await session.post(receiver.url, { body: "next" })).text();
  });

  test("by giving something that is no chunk is closed, and says what it gave", async () => {
    let closed = false;
    const source = async function* (): AsyncGenerator<string> {
      try {
        yield { a: 1 } as unknown as string;
      } finally {
        closed = true;
      }
    };
    const error: unknown = await receiver
      .post({ body: source() })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      cause: {
        name: "TypeError",
        message: "Expected `a chunk of the body` to be a string or bytes, got `{ a: 1 }` (object)",
      },
    });
    expect(closed).toBe(true);
  });

  test("before it gives anything leaves the server without a request", async () => {
    const stream = createReadStream("/does/not/exist");
    await expect(receiver.post({ body: stream })).rejects.toMatchObject({
      name: "RequestBodyError",
      cause: { code: "ENOENT" },
    });
    const failing = (): ChunkSource => {
      throw new RangeError("not today");
    };
    await expect(receiver.post({ body: failing })).rejects.toThrow("not today");
    expect(receiver.received).toEqual([]);
  });

  test("at the same time as the server answers does no harm", async () => {
    await using session = new ClientSession();
    for (let i = 0; i < 5; i++) {
      const source = async function* (): AsyncGenerator<string> {
        yield "a";
        await sleep(i);
        throw new RangeError("late");
      };
      const outcome = await session.post(`${receiver.url}/early`, { body: source() }).then(
        (response) => response.status,
        (error: Error) => error.name,
      );
      expect([413, "RequestBodyError"]).toContain(outcome);
    }
    expect(await (await session.post(receiver.url, { body: "x" })).text()).toBe("thanks");
  });
});

describe("a source that was given once", () => {
  test("cannot be sent again: the redirect that asks for it is an error", async () => {
    await expect(receiver.post({ body: letters() }, "/again")).rejects.toMatchObject({
      name: "RequestBodyError",
      message: expect.stringContaining("cannot be sent again") as unknown,
    });
  });

  test("can be sent again if it is a function", async () => {
    await receiver.post({ body: () => letters() }, "/again");
    expect(receiver.received.map(({ body }) => String(body))).toEqual(["abc", "abc"]);
  });

  test("in one body is refused in a second request", async () => {
    const body = streamBody(letters());
    await receiver.post({ body });
    await expect(receiver.post({ body })).rejects.toThrow(
      "The body was sent already, and it can be sent only once: give a function that makes it",
    );
  });

  test("is refused at once when nothing is left of it", async () => {
    const ended = Readable.from(["x"]);
    await ended.toArray();
    const destroyed = Readable.from(["x"]).destroy();
    const locked = webStream("x");
    const reader = locked.getReader();
    const refused: [ChunkSource, string][] = [
      [ended, "was read to its end"],
      [destroyed, "was destroyed"],
      [locked, "is locked to a reader"],
    ];
    for (const [source, words] of refused) {
      expect(() => streamBody(source)).toThrow(
        `Expected \`source\` to be a stream that nobody has used up, got one that ${words}`,
      );
    }
    await reader.cancel();
    expect(() => streamBody(5 as unknown as ChunkSource)).toThrow(
      "Expected `source` to be a stream, an async iterable, or a function that gives one, got `5` (number)",
    );
    const wrong = (() => 5) as unknown as () => ChunkSource;
    await expect(receiver.post({ body: wrong })).rejects.toThrow(
      "Expected `what the function of the body returns` to be a stream",
    );
    expect(() => streamBody(letters, { length: -1 })).toThrow("Expected `options.length` to be");
    expect(() => streamBody(letters, { contentType: 1 as unknown as string })).toThrow(
      "Expected `options.contentType` to be a string, got `1` (number)",
    );
  });
});
