/**
 * Back-pressure in both directions, and the life of a connection as reader and writer see it, over a transport that
 * does what the test says.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  createTask,
  currentTask,
  gather,
  InvalidStateError,
  moveOnAfter,
  sleep,
} from "ambit";
import {
  Connection,
  connectionOver,
  ConnectionResetError,
  type Protocol,
  StreamProtocol,
  StreamReader,
  StreamWriter,
  type Transport,
  type TransportInfo,
  type WriteBufferLimits,
  WriteLimits,
} from "ambit/streams";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Takes what is written, and sends it when the test says so. */
class HandTransport implements Transport {
  readonly info: TransportInfo = { peername: "there" };
  readonly outside = false;
  readonly log: string[] = [];
  protocol: Protocol;
  sent = "";
  #waiting = "";
  #limits = new WriteLimits();
  #reading = true;
  #state: "open" | "closing" | "closed" = "open";

  constructor(protocol: Protocol) {
    this.protocol = protocol;
  }

  get bufferedBytes(): number {
    return this.#waiting.length;
  }

  setProtocol(protocol: Protocol): void {
    this.protocol = protocol;
  }

  write(data: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#waiting += String(data);
    this.#limits.grown(this.#waiting.length, this.protocol);
  }

  writelines(pieces: readonly Uint8Array[]): void {
    this.write(Buffer.concat(pieces));
  }

  /** The peer takes some bytes. */
  send(count = Infinity): void {
    this.sent += this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#limits.shrunk(this.#waiting.length, this.protocol);
    if (this.#state === "closing" && this.#waiting === "") this.lose(null);
  }

  lose(error: Error | null): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.protocol.connectionLost(error);
  }

  writeEof(): void {
    this.log.push("writeEof");
  }

  canWriteEof(): boolean {
    return true;
  }

  pauseReading(): void {
    this.#reading = false;
    this.log.push("pause");
  }

  resumeReading(): void {
    this.#reading = true;
    this.log.push("resume");
  }

  isReading(): boolean {
    return this.#reading;
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (this.#waiting === "") createTask(() => this.lose(null));
  }

  abort(): void {
    this.#waiting = "";
    this.log.push("abort");
    this.lose(null);
  }

  isClosing(): boolean {
    return this.#state !== "open";
  }

  setWriteBufferLimits(limits: WriteBufferLimits): void {
    this.#limits.set(limits);
  }

  getWriteBufferLimits(): Required<WriteBufferLimits> {
    return { high: this.#limits.high, low: this.#limits.low };
  }
}

interface Hand {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  readonly transport: HandTransport;
}

function byHand(limit?: number): Hand {
  let made: HandTransport | undefined;
  const { reader, writer } = connectionOver(
    (protocol) => (made = new HandTransport(protocol)),
    limit === undefined ? {} : { limit },
  );
  return { reader, writer, transport: made as HandTransport };
}

describe("reading", () => {
  test("pauses above twice the limit, goes on at the limit", () =>
    runVirtual(async () => {
      const { reader, transport } = byHand(10);
      transport.protocol.dataReceived(Buffer.alloc(20));
      expect(transport.log).toEqual([]);
      transport.protocol.dataReceived(Buffer.alloc(1));
      transport.protocol.dataReceived(Buffer.alloc(1));
      expect(transport.log).toEqual(["pause"]);
      await reader.readexactly(11);
      expect(transport.log).toEqual(["pause"]);
      await reader.read(1);
      expect(reader.bufferedBytes).toBe(10);
      expect(transport.log).toEqual(["pause", "resume"]);
    }));

  test.each([
    ["readexactly", (reader: StreamReader) => reader.readexactly(100)],
    ["read to the end", (reader: StreamReader) => reader.read()],
  ])("goes on when %s needs more than twice the limit", (_, read) =>
    runVirtual(async () => {
      const { reader, transport } = byHand(10);
      transport.protocol.dataReceived(Buffer.alloc(60));
      const reading = createTask(() => read(reader));
      await sleep(0);
      expect(transport.log).toEqual(["pause", "resume"]);
      transport.protocol.dataReceived(Buffer.alloc(40));
      transport.protocol.eofReceived();
      expect(await reading).toHaveLength(100);
    }),
  );

  test("goes on when a line is too long and is dropped", () =>
    runVirtual(async () => {
      const { reader, transport } = byHand(10);
      transport.protocol.dataReceived(Buffer.alloc(60));
      await expect(reader.readline()).rejects.toThrow(/limit/);
      expect(transport.log).toEqual(["pause", "resume"]);
    }));

  test("a reader takes one transport only, and prints it (CPython: test_streams StreamTests.test___repr__transport)", () =>
    runVirtual(async () => {
      const { reader, transport } = byHand(10);
      expect(inspect(reader)).toBe("<StreamReader limit=10 transport=<HandTransport>>");
      transport.protocol.dataReceived(Buffer.alloc(21));
      expect(inspect(reader)).toBe(
        "<StreamReader 21 bytes limit=10 transport=<HandTransport> paused>",
      );
      expect(() => reader.setTransport(transport)).toThrow(InvalidStateError);
    }));
});

describe("writing", () => {
  test("text is written as UTF-8, bytes as they are, pieces in order", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      writer.write("é");
      writer.write(new Uint8Array([33]));
      writer.writelines(["a", Buffer.from("b"), "c"]);
      transport.send();
      expect(transport.sent).toBe("é!abc");
      expect(() => writer.write(7 as never)).toThrow(
        "Expected `data` to be bytes or text, got `7` (number)",
      );
      expect(() => writer.writelines(["a", 7 as never])).toThrow(TypeError);
    }));

  test("drain holds back above the high limit, until the low one is reached", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      transport.setWriteBufferLimits({ high: 100, low: 10 });
      writer.write("x".repeat(100));
      await writer.drain();
      writer.write("x");
      const draining = createTask(() => writer.drain());
      await sleep(0);
      transport.send(90);
      await sleep(0);
      expect(draining.done()).toBe(false);
      transport.send(1);
      await draining;
    }));

  test("everybody who drains goes on (CPython: test_streams StreamTests.test_multiple_drain)", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      writer.write("x".repeat(70_000));
      let drained = 0;
      const drainers = Array.from({ length: 10 }, () => async () => {
        await writer.drain();
        drained++;
      });
      createTask(async () => {
        await sleep(100);
        expect(drained).toBe(0);
        transport.send();
      });
      await gather(drainers);
      expect(drained).toBe(10);
    }));

  test("drain lets others run even if there is room", () =>
    runVirtual(async () => {
      const { writer } = byHand();
      let turns = 0;
      const other = createTask(async () => {
        for (;;) {
          turns++;
          await sleep(0);
        }
      });
      for (let i = 0; i < 10; i++) {
        writer.write("x");
        await writer.drain();
      }
      expect(turns).toBeGreaterThan(5);
      other.cancel();
    }));

  test("drain throws what the reader knows, and a reset when the connection is over", () =>
    runVirtual(async () => {
      const broken = byHand();
      broken.transport.lose(new RangeError("cable cut"));
      await expect(broken.writer.drain()).rejects.toThrow("cable cut");
      const over = byHand();
      over.transport.lose(null);
      await expect(over.writer.drain()).rejects.toThrow(ConnectionResetError);
      await expect(over.writer.drain()).rejects.toMatchObject({ code: "ECONNRESET" });
    }));

  test.each([
    ["with an error, throws it", new RangeError("cable cut")],
    ["in good order, goes on", null],
  ])("a drain that waits while the connection ends %s", (_, error) =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      writer.write("x".repeat(70_000));
      const draining = createTask(() => writer.drain());
      await sleep(0);
      transport.lose(error);
      expect(
        await Promise.resolve(draining).then(
          () => null,
          (thrown: unknown) => thrown,
        ),
      ).toBe(error);
    }),
  );

  test("a cancelled drain leaves what was written, and the others who wait", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      writer.write("x".repeat(70_000));
      const [one, other] = [createTask(() => writer.drain()), createTask(() => writer.drain())];
      await sleep(0);
      one.cancel();
      await expect(one).rejects.toThrow(CancelledError);
      expect(other.done()).toBe(false);
      transport.send();
      await other;
      expect(transport.sent).toHaveLength(70_000);
    }));

  test("drain is a point of cancellation even if there is room", () =>
    runVirtual(async () => {
      const { writer } = byHand();
      const task = createTask(async () => {
        currentTask()?.cancel();
        writer.write("x");
        await writer.drain();
      });
      await expect(task).rejects.toThrow(CancelledError);
    }));
});

describe("closing", () => {
  test("the protocol's methods reach reader and writer", () =>
    runVirtual(async () => {
      const reader = new StreamReader();
      const lost: unknown[] = [];
      const protocol = new StreamProtocol(reader, (error) => lost.push(error));
      protocol.dataReceived(Buffer.from("data"));
      expect(protocol.eofReceived()).toBe(true);
      expect(inspect(protocol)).toBe("<StreamProtocol open>");
      protocol.pauseWriting();
      expect(inspect(protocol)).toBe("<StreamProtocol writing paused>");
      protocol.connectionLost(null);
      protocol.connectionLost(new Error("again"));
      expect(inspect(protocol)).toBe("<StreamProtocol closed>");
      expect(lost).toEqual([null]);
      expect(String(await reader.read())).toBe("data");
    }));

  test("a protocol needs no loop, inside a program and outside (CPython, differs: test_streams StreamTests.test_streamreaderprotocol_constructor_without_loop, StreamTests.test_streamreaderprotocol_constructor_use_running_loop, StreamTests.test_streamreaderprotocol_constructor_use_global_loop)", async () => {
    const outside = new StreamProtocol(new StreamReader());
    outside.pauseWriting();
    const transport = new HandTransport(outside);
    outside.connectionMade(transport);
    const draining = new StreamWriter(transport, outside).drain();
    outside.resumeWriting();
    await expect(draining).resolves.toBeUndefined();
    await runVirtual(async () => {
      const inside = new StreamProtocol(null);
      inside.pauseWriting();
      createTask(async () => {
        await sleep(1000);
        inside.resumeWriting();
      });
      const writer = new StreamWriter(new HandTransport(inside), inside);
      await expect(writer.drain()).resolves.toBeUndefined();
    });
  });

  test("waitClosed waits for the end, and throws what ended the connection", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      const closed = createTask(() => writer.waitClosed());
      await sleep(0);
      writer.write("last words");
      writer.close();
      writer.write("too late");
      expect(writer.isClosing()).toBe(true);
      await sleep(10);
      expect(closed.done()).toBe(false);
      transport.send();
      await closed;
      await writer.waitClosed();
      expect(transport.sent).toBe("last words");

      const broken = byHand();
      const waiting = createTask(() => broken.writer.waitClosed());
      await sleep(0);
      broken.transport.lose(new RangeError("cable cut"));
      await expect(waiting).rejects.toThrow("cable cut");
      await expect(broken.writer.waitClosed()).rejects.toThrow("cable cut");
    }));

  test("a cancelled waitClosed leaves the connection closing", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      writer.write("x");
      writer.close();
      const { cancelledCaught } = await moveOnAfter(5, () => writer.waitClosed());
      expect(cancelledCaught).toBe(true);
      transport.send();
      await writer.waitClosed();
    }));

  test("disposing closes, waits, and does not throw what reads and drains have told", () =>
    runVirtual(async () => {
      const { reader, writer, transport } = byHand();
      const connection = new Connection(reader, writer);
      writer.write("x");
      const disposing = createTask(() => connection[Symbol.asyncDispose]());
      await sleep(0);
      expect(disposing.done()).toBe(false);
      transport.lose(new RangeError("cable cut"));
      await disposing;
      await connection[Symbol.asyncDispose]();
      expect(transport.log).toEqual([]);
    }));

  test("a cancel while disposing closes at once", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      writer.write("never taken");
      const { cancelledCaught } = await moveOnAfter(5, () => writer[Symbol.asyncDispose]());
      expect(cancelledCaught).toBe(true);
      expect(transport.log).toEqual(["abort"]);
    }));

  test("a timeout is not held up by a peer that never reads", () =>
    runVirtual(async () => {
      const { writer, transport } = byHand();
      const { cancelledCaught } = await moveOnAfter(5, async () => {
        try {
          writer.write("x".repeat(70_000));
          await writer.drain();
        } finally {
          await writer[Symbol.asyncDispose]();
        }
      });
      expect(cancelledCaught).toBe(true);
      expect(transport.log).toEqual(["abort"]);
    }));

  test("a transport that cannot be encrypted says so", () =>
    runVirtual(async () => {
      const { writer } = byHand();
      await expect(writer.startTls()).rejects.toThrow(
        "startTls on <HandTransport>, which cannot be encrypted",
      );
    }));

  test("a writer prints its transport and reader, and tells what is known", () =>
    runVirtual(async () => {
      const { writer } = byHand();
      const reader = "<StreamReader transport=<HandTransport>>";
      expect(inspect(writer)).toBe(`<StreamWriter transport=<HandTransport> reader=${reader}>`);
      expect(writer.getExtraInfo("peername")).toBe("there");
      expect(writer.getExtraInfo("tls")).toBeUndefined();
    }));
});

describe("the limits of a write buffer", () => {
  test("are 64 KiB and a quarter of it, as asyncio's", () => {
    const limits = new WriteLimits();
    expect([limits.high, limits.low]).toEqual([65_536, 16_384]);
    limits.set({ high: 100 });
    expect([limits.high, limits.low]).toEqual([100, 25]);
    limits.set({ low: 100 });
    expect([limits.high, limits.low]).toEqual([400, 100]);
    limits.set({ high: 0 });
    expect([limits.high, limits.low]).toEqual([0, 0]);
  });

  test("are refused when they make no sense", () => {
    const limits = new WriteLimits();
    expect(() => limits.set({ high: 10, low: 11 })).toThrow(
      "Expected `limits.low` to be at most limits.high, 10, got `11` (number)",
    );
    expect(() => limits.set({ high: -1 })).toThrow(RangeError);
    expect(() => limits.set({ low: 1.5 })).toThrow(RangeError);
  });
});

describe("virtual time", () => {
  test("goes on while a task waits for a transport inside the program", () =>
    runVirtual(async () => {
      const { reader, transport } = byHand();
      createTask(async () => {
        await sleep(60_000);
        transport.protocol.dataReceived(Buffer.from("late\n"));
      });
      expect(String(await reader.readline())).toBe("late\n");
    }));
});
