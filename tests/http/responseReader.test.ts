/*
 * The body of a response as a stream reader: against a model over random chunks, over real sockets,
 * and what a cancel leaves.
 *
 * Over real sockets, so in real time; the model runs in memory.
 */
import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import { createTask, InvalidStateError, moveOnAfter } from "ambit";
import { ClientPayloadError, ClientResponse, ClientSession, type ResponseReader } from "ambit/http";
import {
  ConcurrentReadError,
  IncompleteReadError,
  LimitOverrunError,
  StreamReader,
} from "ambit/streams";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Origin, until } from "./origin.ts";

let script: (answer: ServerResponse) => void;
let origin: Origin;
let session: ClientSession;

beforeAll(async () => {
  origin = await Origin.start((_, answer) => script(answer));
});
afterAll(() => origin[Symbol.asyncDispose]());
beforeEach(() => {
  session = new ClientSession({ baseUrl: `${origin.url}/`, limit: 1 });
});
afterEach(async () => {
  await until(() => session.statistics().open === 0);
  await session.close();
});

async function serve(content: string | Uint8Array, type = "text/plain"): Promise<ClientResponse> {
  script = (answer) => answer.setHeader("content-type", type).end(content);
  return session.get("");
}

/** The answer so far; more is written by hand. */
async function begin(content: string): Promise<[ClientResponse, ServerResponse]> {
  let open: ServerResponse | null = null;
  script = (answer) => {
    open = answer;
    answer.write(content);
  };
  const response = await session.get("");
  return [response, open as unknown as ServerResponse];
}

/** A response whose chunks are in memory. */
function made(chunks: readonly Uint8Array[], failure?: Error): ClientResponse {
  const left = [...chunks];
  const read = (): Promise<Uint8Array | null> => {
    const chunk = left.shift();
    if (chunk === undefined && failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(chunk ?? null);
  };
  const source = { done: true, read, readAll: () => read() as never, release: () => undefined };
  const head = { method: "GET", url: "http://h/", status: 200, statusText: "OK", headers: {} };
  return new ClientResponse(head, source);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("a reader", () => {
  test("reads by count, line, separator, and the rest", async () => {
    const { reader } = await serve("one\ntwo;three=1234\nfour");
    expect(reader).toBeInstanceOf(StreamReader);
    expect(String(await reader.readline())).toBe("one\n");
    expect(String(await reader.readuntil([";", "="]))).toBe("two;");
    expect(String(await reader.readexactly(6))).toBe("three=");
    expect(String(await reader.read(2))).toBe("12");
    expect(String(await reader.readAny())).toBe("34\nfour");
    expect(reader.atEof()).toBe(false);
    expect((await reader.read()).length).toBe(0);
    expect(reader.atEof()).toBe(true);
    expect((await reader.readAny()).length).toBe(0);
  });

  test("is the same each time, and prints what it has", async () => {
    const response = await serve("abc");
    expect(response.reader).toBe(response.reader);
    await response.reader.readexactly(1);
    expect(inspect(response.reader)).toBe("<ResponseReader 2 bytes>");
    expect(() => response.openReader({ limit: 5 })).toThrow(
      `openReader on <ClientResponse GET ${origin.url}/ 200 OK>, which has a reader already`,
    );
  });

  test("has the limits and the errors of ambit/streams", async () => {
    const long = (await serve(`${"x".repeat(70_000)}\nshort\n`)).reader;
    await expect(long.readline()).rejects.toThrow(LimitOverrunError);
    const response = await serve("123456\n12\n");
    const reader = response.openReader({ limit: 4 });
    expect(reader.limit).toBe(4);
    await expect(reader.readuntil()).rejects.toThrow(LimitOverrunError);
    await expect(reader.readline()).rejects.toThrow(LimitOverrunError);
    expect(String(await reader.readline())).toBe("12\n");
    const short = (await serve("abc")).reader;
    const failure: unknown = await short.readexactly(4).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IncompleteReadError);
    expect(failure).toMatchObject({ expected: 4, partial: Buffer.from("abc") });
    await expect((await serve("abc")).reader.readuntil(";")).rejects.toThrow(IncompleteReadError);
  });

  test("iterates over pieces, lines and what comes", async () => {
    expect((await all((await serve("abcdefg")).reader.iterChunked(3))).map(String)).toEqual([
      "abc",
      "def",
      "g",
    ]);
    expect((await all((await serve("a\nb\nc")).reader)).map(String)).toEqual(["a\n", "b\n", "c"]);
    expect(Buffer.concat(await all((await serve("abc")).reader.iterAny())).toString()).toBe("abc");
    expect(() => made([]).reader.iterChunked(0)).toThrow(RangeError);
  });

  test("loses nothing when a loop is left", async () => {
    const { reader } = await serve("a\r\nb\nc\nd\nefgh");
    for await (const line of reader.iterLines()) if (line === "a") break;
    for await (const line of reader) if (String(line) === "b\n") break;
    for await (const piece of reader.iterChunked(2)) if (String(piece) === "c\n") break;
    expect(String(await reader.read())).toBe("d\nefgh");
  });

  test("and the body's own chunks take turns", async () => {
    const response = await serve("one\ntwo");
    await response.reader.readline();
    expect(Buffer.concat(await all(response.body)).toString()).toBe("two");
    expect(response.bodyUsed).toBe(true);
    await expect(response.bytes()).rejects.toThrow("the body was read in another way");
  });

  test("lets one task read at a time", async () => {
    const [response, answer] = await begin("a");
    const { reader } = response;
    const reading = reader.readline();
    await expect(reader.readexactly(9)).rejects.toThrow(ConcurrentReadError);
    answer.end("b\n");
    expect(String(await reading)).toBe("ab\n");
  });

  test("gives what came before the body failed, then says why, again and again", async () => {
    const [response, answer] = await begin("one\ntw");
    const { reader } = response;
    expect(String(await reader.readline())).toBe("one\n");
    answer.destroy();
    await expect(reader.readline()).rejects.toThrow(ClientPayloadError);
    expect(String(await reader.readexactly(2))).toBe("tw");
    await expect(reader.read(1)).rejects.toThrow(ClientPayloadError);
  });

  test("does not fetch what nobody reads", async () => {
    let reads = 0;
    const source = {
      done: true,
      read: () => Promise.resolve(Buffer.from(`line ${++reads}\n`)),
      readAll: () => Promise.reject(new Error("not so")),
      release: () => undefined,
    };
    const head = { method: "GET", url: "http://h/", status: 200, statusText: "", headers: {} };
    const { reader } = new ClientResponse(head, source);
    await reader.readline();
    await reader.readline();
    expect(reads).toBe(2);
  });
});

describe("lines as text", () => {
  const lines = async (content: Uint8Array, type: string, encoding?: string): Promise<string[]> =>
    all((await serve(content, type)).reader.iterLines(encoding));

  test("come without their ends, the last one also without one", async () => {
    expect(await lines(Buffer.from("a\r\n\nb\rc\nd"), "text/plain")).toEqual([
      "a",
      "",
      "b\rc",
      "d",
    ]);
    expect(await lines(Buffer.from("a\n"), "text/plain")).toEqual(["a"]);
    expect(await lines(Buffer.alloc(0), "text/plain")).toEqual([]);
  });

  test("are in the encoding of the head, of a mark, or of the caller", async () => {
    expect(await lines(Buffer.from([0xe9, 10, 0x80]), "text/plain;charset=latin1")).toEqual([
      "é",
      "€",
    ]);
    expect(await lines(Buffer.from("\ufeffé\nü"), "text/plain;charset=latin1")).toEqual(["é", "ü"]);
    expect(await lines(Buffer.from([0x93, 0xfa, 10]), "text/plain", "shift_jis")).toEqual(["日"]);
    expect(() => made([]).reader.iterLines("klingon")).toThrow(
      "Expected `encoding` to be an encoding that TextDecoder knows, got `klingon`",
    );
  });

  test("are found in UTF-16, where a newline may stand across two characters", async () => {
    const text = "a\u0a41\u0a0a\r\nĀ\u0a00\u000a\u4e0a\u000a";
    const expected = ["a\u0a41\u0a0a", "Ā\u0a00", "\u4e0a"];
    const little = Buffer.from(text, "utf16le");
    expect(await lines(little, "text/plain; charset=utf-16le")).toEqual(expected);
    expect(await lines(Buffer.from(little).swap16(), "text/plain; charset=utf-16be")).toEqual(
      expected,
    );
    expect(await lines(Buffer.from(`\ufeff${text}`, "utf16le"), "text/plain")).toEqual(expected);
  });

  test("are those of the text, however the chunks fall", async () => {
    const encodings = fc.constantFrom("utf-8", "utf-16le");
    const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r", "é", "日", "\u0a0a", "😀") });
    await fc.assert(
      fc.asyncProperty(
        text,
        encodings,
        fc.integer({ min: 1, max: 5 }),
        async (whole, name, size) => {
          const bytes = Buffer.from(whole, name === "utf-8" ? "utf8" : "utf16le");
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          const expected = whole
            .split("\n")
            .map((line, i, { length }) => (i < length - 1 ? line.replace(/\r$/, "") : line));
          if (expected.at(-1) === "") expected.pop();
          expect(await all(made(chunks).reader.iterLines(name))).toEqual(expected);
        },
      ),
    );
  });
});

test("whatever is asked of it, it answers as a stream reader that has everything", async () => {
  const operation = fc.oneof(
    fc.record({ name: fc.constant("readexactly" as const), count: fc.nat(6) }),
    fc.record({
      name: fc.constant("readuntil" as const),
      separator: fc.constantFrom("\n", "ab", "b\n"),
    }),
    fc.record({ name: fc.constant("readline" as const) }),
  );
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;
  const perform = async (
    reader: StreamReader | ResponseReader,
    asked: Operation,
  ): Promise<string> => {
    try {
      if (asked.name === "readexactly") return String(await reader.readexactly(asked.count));
      if (asked.name === "readuntil") return String(await reader.readuntil(asked.separator));
      return String(await reader.readline());
    } catch (error) {
      if (error instanceof IncompleteReadError) return `incomplete: ${String(error.partial)}`;
      if (error instanceof LimitOverrunError) return `overrun`;
      throw error;
    }
  };
  const chunk = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), fc.array(operation), async (chunks, operations) => {
      const model = new StreamReader();
      model.feedData(Buffer.from(chunks.join("")));
      model.feedEof();
      const { reader } = made(chunks.map((each) => Buffer.from(each)));
      for (const asked of operations) {
        expect(await perform(reader, asked)).toBe(await perform(model, asked));
      }
      expect(String(await reader.read())).toBe(String(await model.read()));
    }),
  );
});

describe("a cancelled read", () => {
  test.each(["read", "readAny", "readline", "readuntil", "iterLines", "iterChunked"] as const)(
    "(%s) closes the request; what came can still be read",
    async (way) => {
      const [response] = await begin("half a li");
      const { reader } = response;
      // These two give what there is: they wait only when nothing is.
      const taken = way === "readAny" || way === "read";
      if (taken) await reader.readexactly(9);
      const { cancelledCaught } = await moveOnAfter(20, async () => {
        if (way === "iterLines") return all(reader.iterLines());
        if (way === "iterChunked") return all(reader.iterChunked(100));
        return reader[way]();
      });
      expect(cancelledCaught).toBe(true);
      expect(session.statistics().open).toBe(0);
      await until(() => origin.open === 0);
      const left = taken ? "" : String(await reader.readexactly(9));
      expect(left).toBe(taken ? "" : "half a li");
      await expect(reader.readexactly(1)).rejects.toThrow("its request was cancelled");
    },
  );

  test("of a resumable reader leaves the request open, and no byte is lost", async () => {
    const [response, answer] = await begin("half a li");
    const reader = response.openReader({ resumable: true });
    for (let i = 0; i < 3; i++) {
      const { cancelledCaught } = await moveOnAfter(5, () => reader.readline());
      expect(cancelledCaught).toBe(true);
    }
    expect(session.statistics().open).toBe(1);
    answer.end("ne\nrest");
    expect(String(await reader.readline())).toBe("half a line\n");
    expect(String(await reader.read())).toBe("rest");
  });

  test("of a resumable reader ends with the response", async () => {
    const [response] = await begin("half");
    const reader = response.openReader({ resumable: true });
    await moveOnAfter(5, () => reader.readline());
    response.release();
    expect(session.statistics().open).toBe(0);
    await expect(reader.readline()).rejects.toThrow(InvalidStateError);
  });

  test("is told of a body that fails meanwhile by the next read only", async () => {
    const [response, answer] = await begin("half");
    const reader = response.openReader({ resumable: true });
    await moveOnAfter(5, () => reader.readline());
    answer.destroy();
    await until(() => session.statistics().open === 0);
    await expect(reader.readline()).rejects.toThrow(ClientPayloadError);
    expect(String(await reader.readexactly(4))).toBe("half");
  });
});

describe("a body as a stream of the web", () => {
  test("gives the chunks, and closes", async () => {
    const response = await serve("hello ".repeat(100_000));
    let text = "";
    const decoded = response.body.stream().pipeThrough(new TextDecoderStream());
    for await (const part of decoded as AsyncIterable<string>) text += part;
    expect(text.length).toBe(600_000);
  });

  test("releases the response when it is cancelled", async () => {
    const [response] = await begin("x");
    const reader = response.body.stream().getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([120]));
    await reader.cancel();
    expect(session.statistics().open).toBe(0);
  });

  test("fails as the body does, and ends with a release", async () => {
    const [response, answer] = await begin("x");
    const reader = response.body.stream().getReader();
    await reader.read();
    answer.destroy();
    await expect(reader.read()).rejects.toThrow(ClientPayloadError);
    const [other] = await begin("y");
    const reading = other.body.stream().getReader();
    await reading.read();
    const pending = reading.read();
    other.release();
    await expect(pending).rejects.toThrow("the response was released");
  });

  test("is not the business of a task that happens to read it", async () => {
    const [response, answer] = await begin("x");
    const reader = response.body.stream().getReader();
    await reader.read();
    const task = createTask(() => reader.read(), { eager: true });
    task.cancel();
    answer.end("z");
    expect(await Promise.resolve(task)).toEqual({ done: false, value: new Uint8Array([122]) });
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });
});
