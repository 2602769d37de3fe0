/**
 * What a reader gives, in memory and at the end of a real socket; the sockets need real time.
 */
import { inspect } from "node:util";
import { CancelledError, createTask, InvalidStateError, sleep } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import {
  ConcurrentReadError,
  IncompleteReadError,
  LimitOverrunError,
  StreamReader,
} from "ambit/streams";
import { describe, expect, test } from "vitest";
import { worlds } from "./worlds.ts";

const DATA = "line1\nline2\nline3\n";

async function thrownBy(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** What is in the buffer, without taking it: a reader made by hand has no end. */
async function rest(reader: StreamReader): Promise<string> {
  return String(await reader.read(reader.bufferedBytes));
}

function filled(limit: number | undefined, ...chunks: readonly string[]): StreamReader {
  const reader = new StreamReader(limit === undefined ? {} : { limit });
  for (const chunk of chunks) reader.feedData(Buffer.from(chunk));
  return reader;
}

describe.each(worlds)("a reader $world", ({ play }) => {
  test("read waits for data and gives what is there (CPython: test_streams StreamTests.test_read)", () =>
    play(async ({ reader, feed }) => {
      const reading = createTask(() => reader.read(30));
      await sleep(0);
      await feed(DATA);
      expect(String(await reading)).toBe(DATA);
      expect(reader.bufferedBytes).toBe(0);
    }));

  test("read gives no more than it is asked for (CPython: test_streams StreamTests.test_read_line_breaks)", () =>
    play(async ({ reader, feed }) => {
      await feed("line1", "line2");
      expect(String(await reader.read(5))).toBe("line1");
      expect(await rest(reader)).toBe("line2");
    }));

  test("read gives an empty buffer at the end (CPython: test_streams StreamTests.test_read_eof)", () =>
    play(async ({ reader, end }) => {
      const reading = createTask(() => reader.read(1024));
      await sleep(0);
      await end();
      expect(await reading).toHaveLength(0);
      expect(reader.bufferedBytes).toBe(0);
    }));

  test("read without a count reads to the end (CPython: test_streams StreamTests.test_read_until_eof)", () =>
    play(async ({ reader, feed, end }) => {
      const reading = createTask(() => reader.read());
      await sleep(0);
      await feed("chunk1\n", "chunk2");
      await end();
      expect(String(await reading)).toBe("chunk1\nchunk2");
      expect(reader.bufferedBytes).toBe(0);
    }));

  test("read to the end passes the limit (CPython: test_streams StreamTests.test_read_all_from_pipe_reader)", () =>
    play(async ({ reader, feed, end }) => {
      const reading = createTask(() => reader.read(-1));
      await sleep(0);
      await feed("data");
      await end();
      expect(String(await reading)).toBe("data");
    }, 1));

  test("readline puts a line together from several chunks (CPython: test_streams StreamTests.test_readline)", () =>
    play(async ({ reader, feed }) => {
      await feed("chunk1 ");
      const reading = createTask(() => reader.readline());
      await sleep(0);
      await feed("chunk2 ", "chunk3 ", "\n chunk4");
      expect(String(await reading)).toBe("chunk1 chunk2 chunk3 \n");
      expect(await rest(reader)).toBe(" chunk4");
    }));

  test("readline takes one line of several that are there (CPython: test_streams StreamTests.test_readline_nolimit_nowait)", () =>
    play(async ({ reader, feed }) => {
      await feed(DATA.slice(0, 6), DATA.slice(6));
      expect(String(await reader.readline())).toBe("line1\n");
      expect(await rest(reader)).toBe("line2\nline3\n");
    }));

  test("readline gives the rest at the end (CPython: test_streams StreamTests.test_readline_eof)", () =>
    play(async ({ reader, feed, end }) => {
      await feed("some data");
      await end();
      expect(String(await reader.readline())).toBe("some data");
    }));

  test("readline gives an empty buffer at the end (CPython: test_streams StreamTests.test_readline_empty_eof)", () =>
    play(async ({ reader, end }) => {
      await end();
      expect(await reader.readline()).toHaveLength(0);
    }));

  test("read goes on where readline stopped (CPython: test_streams StreamTests.test_readline_read_byte_count)", () =>
    play(async ({ reader, feed }) => {
      await feed(DATA);
      await reader.readline();
      expect(String(await reader.read(7))).toBe("line2\nl");
      expect(await rest(reader)).toBe("ine3\n");
    }));

  test("readexactly waits for all of it (CPython: test_streams StreamTests.test_readexactly)", () =>
    play(async ({ reader, feed }) => {
      const reading = createTask(() => reader.readexactly(2 * DATA.length));
      await sleep(0);
      await feed(DATA, DATA, DATA);
      expect(String(await reading)).toBe(DATA + DATA);
      expect(await rest(reader)).toBe(DATA);
    }));

  test("readexactly tells what there was before the end (CPython: test_streams StreamTests.test_readexactly_eof)", () =>
    play(async ({ reader, feed, end }) => {
      const reading = createTask(() => reader.readexactly(2 * DATA.length));
      await sleep(0);
      await feed(DATA);
      await end();
      const error = (await thrownBy(Promise.resolve(reading))) as IncompleteReadError;
      expect(error).toBeInstanceOf(IncompleteReadError);
      expect(String(error.partial)).toBe(DATA);
      expect(error.expected).toBe(2 * DATA.length);
      expect(error.message).toBe("18 bytes read on a total of 36 expected bytes");
      expect(reader.bufferedBytes).toBe(0);
    }));

  test("readuntil tells what there was before the end (CPython: test_streams StreamTests.test_readuntil_eof)", () =>
    play(async ({ reader, feed, end }) => {
      await feed("some dataAA");
      await end();
      const error = (await thrownBy(reader.readuntil("AAA"))) as IncompleteReadError;
      expect(error).toBeInstanceOf(IncompleteReadError);
      expect(String(error.partial)).toBe("some dataAA");
      expect(error.expected).toBeNull();
      expect(error.message).toMatch(/undefined expected bytes/);
      expect(reader.bufferedBytes).toBe(0);
    }));

  test("the end is reached when all is read, not before (CPython: test_streams StreamTests.test_at_eof)", () =>
    play(async ({ reader, feed, end }) => {
      expect(reader.atEof()).toBe(false);
      await feed("some data\n");
      expect(reader.atEof()).toBe(false);
      await reader.readline();
      expect(reader.atEof()).toBe(false);
      await feed("some data\n");
      await end();
      expect(reader.atEof()).toBe(false);
      await reader.readline();
      expect(reader.atEof()).toBe(true);
    }));

  test("iterating gives the lines, and the last one without its newline", () =>
    play(async ({ reader, feed, end }) => {
      await feed("one\ntwo\n", "three");
      await end();
      const lines: string[] = [];
      for await (const line of reader) lines.push(String(line));
      expect(lines).toEqual(["one\n", "two\n", "three"]);
    }));

  test("leaving an iteration loses no line", () =>
    play(async ({ reader, feed }) => {
      await feed("one\ntwo\n");
      for await (const line of reader) {
        expect(String(line)).toBe("one\n");
        break;
      }
      expect(String(await reader.readline())).toBe("two\n");
    }));

  test.each([
    ["read", (reader: StreamReader) => reader.read()],
    ["read(n)", (reader: StreamReader) => reader.read(100)],
    ["readline", (reader: StreamReader) => reader.readline()],
    ["readuntil", (reader: StreamReader) => reader.readuntil("§")],
    ["readexactly", (reader: StreamReader) => reader.readexactly(100)],
  ])("a cancelled %s loses nothing", (name, read) =>
    play(async ({ reader, feed, end }) => {
      if (name !== "read(n)") await feed("first ");
      const reading = createTask(() => read(reader));
      await sleep(0);
      if (name !== "read(n)") await feed("second ");
      reading.cancel();
      await expect(reading).rejects.toThrow(CancelledError);
      await feed("third");
      await end();
      expect(String(await reader.read())).toBe(name === "read(n)" ? "third" : "first second third");
    }),
  );

  test("data that come before a cancel are read: completion beats cancellation", () =>
    play(async ({ reader, feed }) => {
      const reading = createTask(() => reader.read(5));
      await sleep(0);
      const feeding = feed("hello");
      while (reader.bufferedBytes === 0 && !reading.done()) await sleep(0);
      reading.cancel();
      await feeding;
      const got = reading.cancelled() ? "" : String(await reading);
      expect(got + (await rest(reader))).toBe("hello");
    }));

  test("a second read is refused while one waits, and named", () =>
    play(async ({ reader, feed }) => {
      const first = createTask(() => reader.readline());
      await sleep(0);
      const error = await thrownBy(reader.read(1));
      expect(error).toBeInstanceOf(ConcurrentReadError);
      expect(error.message).toMatch(
        /^read on <StreamReader .*waiter=StreamReader\.readline.*>, on which another read waits/,
      );
      await feed("line\n");
      expect(String(await first)).toBe("line\n");
      expect(reader.bufferedBytes).toBe(0);
    }));
});

describe("a reader made by hand", () => {
  test("no data are no chunk (CPython: test_streams StreamTests.test_feed_empty_data)", () => {
    const reader = filled(undefined, "");
    expect(reader.bufferedBytes).toBe(0);
  });

  test("data are kept until they are read (CPython: test_streams StreamTests.test_feed_nonempty_data)", async () => {
    const reader = filled(undefined, DATA);
    expect(reader.bufferedBytes).toBe(DATA.length);
    expect(await rest(reader)).toBe(DATA);
  });

  test("reading zero bytes takes nothing and does not wait (CPython: test_streams StreamTests.test_read_zero)", async () => {
    const reader = filled(undefined, DATA);
    expect(await reader.read(0)).toHaveLength(0);
    expect(await rest(reader)).toBe(DATA);
    expect(await reader.read(0)).toHaveLength(0);
  });

  test("a read is not bound by the limit (CPython: test_streams StreamTests.test_read_limit)", async () => {
    const reader = filled(3, "chunk");
    expect(String(await reader.read(5))).toBe("chunk");
    expect(reader.bufferedBytes).toBe(0);
  });

  test("readexactly is not bound by the limit (CPython: test_streams StreamTests.test_readexactly_limit)", async () => {
    const reader = filled(3, "chunk");
    expect(String(await reader.readexactly(5))).toBe("chunk");
    expect(reader.bufferedBytes).toBe(0);
  });

  test("readexactly takes no count below zero (CPython: test_streams StreamTests.test_readexactly_zero_or_less)", async () => {
    const reader = filled(undefined, DATA);
    expect(await reader.readexactly(0)).toHaveLength(0);
    expect(reader.bufferedBytes).toBe(DATA.length);
    await expect(reader.readexactly(-1)).rejects.toThrow(
      "Expected `count` to be an integer of at least 0, got `-1` (number)",
    );
    expect(await rest(reader)).toBe(DATA);
  });

  test("a limit is at least 1 (CPython: test_streams StreamTests.test_invalid_limit)", () => {
    expect(() => new StreamReader({ limit: 0 })).toThrow(/limit/);
    expect(() => new StreamReader({ limit: -1 })).toThrow(/limit/);
  });

  test("a line that is too long is dropped, with what follows if it has no end (CPython: test_streams StreamTests.test_readline_limit_with_existing_data)", async () => {
    const ended = filled(3, "li", "ne1\nline2\n");
    await expect(ended.readline()).rejects.toThrow(LimitOverrunError);
    expect(await rest(ended)).toBe("line2\n");

    const endless = filled(3, "li", "ne1", "li");
    await expect(endless.readline()).rejects.toThrow(LimitOverrunError);
    expect(endless.bufferedBytes).toBe(0);
  });

  test("the limit of a line counts without its newline, strictly (CPython: test_streams StreamTests.test_readline_limit)", () =>
    runVirtual(async () => {
      const fed = async (...chunks: string[]): Promise<StreamReader> => {
        const reader = new StreamReader({ limit: 7 });
        const reading = createTask(() => reader.readline());
        await sleep(0);
        for (const chunk of chunks) reader.feedData(Buffer.from(chunk));
        reader.feedEof();
        await expect(reading).rejects.toThrow(LimitOverrunError);
        return reader;
      };
      expect(await rest(await fed("chunk1", "chunk2", "chunk3\n"))).toBe("");
      expect(await rest(await fed("chunk1", "chunk2\n", "chunk3\n"))).toBe("chunk3\n");

      const reader = filled(7, "1234567\n");
      expect(String(await reader.readline())).toBe("1234567\n");
      for (const long of ["12345678\n", "12345678"]) {
        reader.feedData(Buffer.from(long));
        await expect(reader.readline()).rejects.toThrow(LimitOverrunError);
        expect(reader.bufferedBytes).toBe(0);
      }
    }));

  test("an error reaches every later read (CPython: test_streams StreamTests.test_read_exception, StreamTests.test_readline_exception, StreamTests.test_readexactly_exception)", async () => {
    const reader = filled(undefined, "line\nline\n");
    expect(String(await reader.read(2))).toBe("li");
    expect(String(await reader.readexactly(2))).toBe("ne");
    expect(String(await reader.readline())).toBe("\n");
    reader.setException(new RangeError("broken"));
    await expect(reader.read(2)).rejects.toThrow(RangeError);
    await expect(reader.readline()).rejects.toThrow(RangeError);
    await expect(reader.readexactly(2)).rejects.toThrow(RangeError);
    await expect(reader.readuntil("x")).rejects.toThrow(RangeError);
  });

  test("the error can be asked for (CPython: test_streams StreamTests.test_exception)", () => {
    const reader = new StreamReader();
    expect(reader.exception()).toBeNull();
    const error = new Error("broken");
    reader.setException(error);
    expect(reader.exception()).toBe(error);
  });

  test("an error reaches the read that waits (CPython: test_streams StreamTests.test_exception_waiter)", () =>
    runVirtual(async () => {
      const reader = new StreamReader();
      const reading = createTask(() => reader.readline());
      createTask(() => reader.setException(new RangeError("broken")));
      await expect(reading).rejects.toThrow(RangeError);
    }));

  test("an error after a cancelled read is no trouble (CPython: test_streams StreamTests.test_exception_cancel)", () =>
    runVirtual(async () => {
      const reader = new StreamReader();
      const reading = createTask(() => reader.readline());
      await sleep(0);
      reading.cancel();
      await sleep(0);
      reader.setException(new RangeError("message"));
      await sleep(0);
      expect(inspect(reader)).toBe("<StreamReader exception=RangeError: message>");
      await expect(reading).rejects.toThrow(CancelledError);
    }));

  test("what is fed after the end is refused", () => {
    const reader = filled(undefined, "data");
    reader.feedEof();
    reader.feedEof();
    expect(() => reader.feedData(Buffer.from("more"))).toThrow(InvalidStateError);
    expect(() => reader.feedData("more" as never)).toThrow(/Expected `data` to be a Uint8Array/);
  });

  test("a reader needs no loop, inside a program and outside (CPython, differs: test_streams StreamTests.test_streamreader_constructor_without_loop, StreamTests.test_streamreader_constructor_use_running_loop, StreamTests.test_streamreader_constructor_use_global_loop)", async () => {
    const outside = filled(undefined, "x");
    expect(String(await outside.read(1))).toBe("x");
    await runVirtual(async () => {
      const inside = new StreamReader();
      const reading = createTask(() =>
        Promise.all([inside.read(1), outside.read(1).catch(String)]),
      );
      await sleep(10);
      inside.feedData(Buffer.from("y"));
      outside.feedData(Buffer.from("z"));
      expect(String(await reading)).toBe("y,z");
    });
  });

  test("every way to cancel a reading loop gives all data in order", () =>
    cancelEverywhere(async () => {
      const reader = new StreamReader({ limit: 4 });
      let got = "";
      const consumer = createTask(async () => {
        for (;;) {
          const part = await reader.read(3);
          if (part.length === 0) break;
          got += String(part);
          await sleep(0);
        }
      });
      try {
        for (const chunk of ["ab", "cdefg", "h"]) {
          reader.feedData(Buffer.from(chunk));
          await sleep(1);
        }
        reader.feedEof();
        await consumer;
      } finally {
        consumer.cancel();
        const fed = "abcdefgh".slice(0, got.length + reader.bufferedBytes);
        reader.feedEof();
        expect(got + (await rest(reader))).toBe(fed);
      }
    }));
});

describe("a reader prints as CPython's", () => {
  test("empty (CPython: test_streams StreamTests.test___repr__)", () => {
    expect(inspect(new StreamReader())).toBe("<StreamReader>");
  });

  test("with a limit of its own (CPython: test_streams StreamTests.test___repr__nondefault_limit)", () => {
    expect(inspect(new StreamReader({ limit: 123 }))).toBe("<StreamReader limit=123>");
  });

  test("at the end (CPython: test_streams StreamTests.test___repr__eof)", () => {
    const reader = new StreamReader();
    reader.feedEof();
    expect(inspect(reader)).toBe("<StreamReader eof>");
  });

  test("with data (CPython: test_streams StreamTests.test___repr__data)", () => {
    expect(inspect(filled(undefined, "data"))).toBe("<StreamReader 4 bytes>");
  });

  test("broken (CPython: test_streams StreamTests.test___repr__exception)", () => {
    const reader = new StreamReader();
    reader.setException(new RangeError());
    expect(inspect(reader)).toBe("<StreamReader exception=RangeError>");
  });

  test("while a read waits (CPython: test_streams StreamTests.test___repr__waiter)", () =>
    runVirtual(async () => {
      const reader = new StreamReader();
      const reading = createTask(() => reader.readexactly(3));
      await sleep(0);
      expect(inspect(reader)).toBe("<StreamReader waiter=StreamReader.readexactly>");
      reading.cancel();
      await sleep(0);
      expect(inspect(reader)).toBe("<StreamReader>");
    }));

  test("in debug output of the tasks, with what it waits for", () =>
    runVirtual(async () => {
      const reader = filled(undefined, "data");
      const reading = createTask(() => reader.readline());
      await sleep(0);
      expect(inspect(reading)).toContain("waitFor=StreamReader.readline");
      reading.cancel();
    }));
});
