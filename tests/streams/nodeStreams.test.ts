/**
 * To and from the streams of Node and of the web, which move in real time.
 */
import { PassThrough, Readable, Writable } from "node:stream";
import { ReadableStream, WritableStream } from "node:stream/web";
import { pipeline } from "node:stream/promises";
import { cancellable, CancelledError, createTask, moveOnAfter, run, sleep } from "ambit";
import {
  connectionOver,
  NodeTransport,
  readerFrom,
  StreamReader,
  type StreamWriter,
  toReadable,
  toReadableStream,
  toWritable,
  toWritableStream,
  writerTo,
} from "ambit/streams";
import { describe, expect, test } from "vitest";

/** Gives pieces, and counts how many were asked for. */
function counted(pieces: number, size: number): { source: Readable; asked: () => number } {
  let asked = 0;
  const source = new Readable({
    read() {
      this.push(asked++ < pieces ? Buffer.alloc(size, "x") : null);
    },
  });
  return { source, asked: () => asked };
}

describe("a reader of", () => {
  test("a Readable holds it back, and reads to its end", () =>
    run(async () => {
      const { source, asked } = counted(100, 10_000);
      const reader = readerFrom(source, { limit: 10_000 });
      await sleep(5);
      expect(asked()).toBeLessThan(20);
      expect(await reader.read()).toHaveLength(1_000_000);
      expect(reader.atEof()).toBe(true);
    }));

  test("a Readable of text gives its bytes", () =>
    run(async () => {
      const source = new PassThrough({ encoding: "utf8" });
      const reader = readerFrom(source);
      source.end("dog § cat\n");
      expect(String(await reader.readline())).toBe("dog § cat\n");
    }));

  test("a stream of the web reads to its end", () =>
    run(async () => {
      const words = ["one\n", "two\n", "three"];
      const reader = readerFrom(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            const word = words.shift();
            if (word === undefined) controller.close();
            else controller.enqueue(new TextEncoder().encode(word));
          },
        }),
      );
      const lines: string[] = [];
      for await (const line of reader) lines.push(String(line));
      expect(lines).toEqual(["one\n", "two\n", "three"]);
    }));

  test("a stream that fails throws its error, before and after", () =>
    run(async () => {
      const source = new PassThrough();
      const reader = readerFrom(source);
      const reading = createTask(() => reader.read());
      await sleep(0);
      source.destroy(new RangeError("torn"));
      await expect(reading).rejects.toThrow("torn");
      await expect(readerFrom(source).read()).rejects.toThrow("torn");
    }));

  test("a stream that has ended is at its end", () =>
    run(async () => {
      const source = Readable.from([Buffer.from("x")], { objectMode: false });
      source.resume();
      await sleep(5);
      expect(await readerFrom(source).read()).toHaveLength(0);
    }));

  test("a cancelled read loses nothing", () =>
    run(async () => {
      const source = new PassThrough();
      const reader = readerFrom(source);
      source.write("first ");
      expect((await moveOnAfter(5, () => reader.read())).cancelledCaught).toBe(true);
      source.end("second");
      expect(String(await reader.read())).toBe("first second");
    }));

  test("anything else is refused", () => {
    expect(() => readerFrom({} as never)).toThrow(
      /Expected `source` to be a Readable or a ReadableStream/,
    );
    expect(() => readerFrom(Readable.from([1, 2]))).toThrow(/a stream of bytes, not of objects/);
    expect(() => writerTo({} as never)).toThrow(
      /Expected `target` to be a Writable or a WritableStream/,
    );
  });
});

describe("a writer to", () => {
  /** Takes a piece each time it is told to. */
  function slow(): { target: Writable; take: () => void; got: () => string } {
    let got = "";
    let taken: (() => void) | null = null;
    const target = new Writable({
      write(chunk, _, done) {
        got += String(chunk);
        taken = done;
      },
    });
    const take = (): void => {
      const done = taken;
      taken = null;
      done?.();
    };
    return { target, take, got: () => got };
  }

  test("a Writable is held back by it, and ends it", () =>
    run(async () => {
      const { target, take, got } = slow();
      const writer = writerTo(target);
      writer.write("x".repeat(70_000));
      const draining = createTask(() => writer.drain());
      await sleep(5);
      expect(draining.done()).toBe(false);
      take();
      await draining;
      writer.write("end");
      writer.close();
      await sleep(5);
      expect(target.writableFinished).toBe(false);
      take();
      await writer.waitClosed();
      expect(target.writableFinished).toBe(true);
      expect(got()).toBe(`${"x".repeat(70_000)}end`);
    }));

  test("a Duplex ends its writing half only", () =>
    run(async () => {
      const duplex = new PassThrough();
      const writer = writerTo(duplex);
      writer.write("still to be read");
      writer.close();
      await writer.waitClosed();
      expect(String(await readerFrom(duplex).read())).toBe("still to be read");
    }));

  test("a stream of the web ends it", () =>
    run(async () => {
      const got: string[] = [];
      const target = new WritableStream<Uint8Array>({
        write: (chunk) => void got.push(new TextDecoder().decode(chunk)),
        close: () => void got.push("closed"),
      });
      const writer = writerTo(target);
      writer.writelines(["a", "b"]);
      await writer.drain();
      await writer[Symbol.asyncDispose]();
      expect(got.join("")).toBe("abclosed");
    }));

  test("a stream that Node has just destroyed, and told nobody of, makes drain fail", () =>
    run(async () => {
      const stream = new PassThrough();
      const writer = writerTo(stream);
      stream.destroy();
      writer.write("too late");
      await expect(writer.drain()).rejects.toMatchObject({ code: "ECONNRESET" });
    }));

  test("a stream that fails throws its error in drain and waitClosed", () =>
    run(async () => {
      const target = new Writable({
        write: (_chunk, _encoding, done) => done(new RangeError("full")),
      });
      const writer = writerTo(target);
      writer.write("x");
      await expect(writer.waitClosed()).rejects.toThrow("full");
      await expect(writerTo(target).waitClosed()).rejects.toThrow("full");
      await expect(writer.drain()).rejects.toThrow("full");
    }));
});

describe("a stream of Node's", () => {
  function loopback(): { reader: StreamReader; writer: StreamWriter } {
    return connectionOver((protocol) => new NodeTransport(new PassThrough(), protocol));
  }

  test("made of a reader and of a writer carries data from end to end", () =>
    run(async () => {
      const { source } = counted(50, 20_000);
      // Each half closes by itself: a closed connection takes nothing more, not even from itself.
      const pipe = new PassThrough();
      const [reader, writer] = [readerFrom(pipe), writerTo(pipe)];
      const sink = new PassThrough();
      const got = readerFrom(sink);
      const [, , all] = await Promise.all([
        pipeline(source, toWritable(writer)),
        pipeline(toReadable(reader), sink),
        got.read(),
      ]);
      expect(all).toHaveLength(1_000_000);
      expect(writer.isClosing()).toBe(true);
    }));

  test("made of a reader passes on its error, and stops when it is destroyed", () =>
    run(async () => {
      const broken = new StreamReader();
      broken.setException(new RangeError("torn"));
      await expect(cancellable(toReadable(broken).toArray())).rejects.toThrow("torn");

      const reader = new StreamReader();
      const readable = toReadable(reader);
      readable.on("error", () => {}).resume();
      await sleep(5);
      readable.destroy();
      await sleep(5);
      reader.feedData(Buffer.from("kept"));
      await sleep(5);
      expect(String(await reader.read(4))).toBe("kept");
    }));

  test("made of a reader fails when the run ends before the reader does", async () => {
    const readable = await run(async () => {
      const made = toReadable(new StreamReader());
      made.on("error", () => {}).resume();
      await sleep(1);
      return made;
    });
    expect(readable.destroyed).toBe(true);
    expect(readable.errored?.message).toBe("the run that this stream belongs to has ended");
  });

  test("made of a writer aborts it when it is destroyed, and passes on its error", () =>
    run(async () => {
      const { writer } = loopback();
      const writable = toWritable(writer);
      writable.on("error", () => {});
      writable.destroy();
      await writer.waitClosed();

      const second = loopback();
      const broken = toWritable(second.writer);
      second.writer.transport.protocol.connectionLost(new RangeError("torn"));
      await expect(pipeline(Readable.from([Buffer.from("x")]), broken)).rejects.toThrow("torn");
    }));

  test("of the web, made of a reader and of a writer, carries data", () =>
    run(async () => {
      const { reader, writer } = loopback();
      const writing = toWritableStream(writer).getWriter();
      const sending = createTask(async () => {
        await cancellable(writing.write(new TextEncoder().encode("hello ")));
        await cancellable(writing.write(new TextEncoder().encode("world")));
      });
      const reading = toReadableStream(reader).getReader();
      let text = "";
      while (text.length < 11) {
        const { value } = await cancellable(reading.read());
        text += new TextDecoder().decode(value);
      }
      await sending;
      expect(text).toBe("hello world");
      await cancellable(reading.cancel());
      await cancellable(writing.abort(new CancelledError())).catch(() => {});
      await sleep(5);
    }));
});
