/*
 * memoryStreamPair: a connection in memory, as a socket behaves, in virtual time.
 */
import { createTask, gather, sleep, taskGroup } from "ambit";
import {
  cancelEverywhere,
  currentTime,
  exploreSchedules,
  memoryStreamPair,
  runVirtual,
  waitAllTasksBlocked,
} from "ambit/testing";
import { describe, expect, test } from "vitest";

const KIB = 1024;

test("what one writes the other reads, both ways, in order", async () => {
  await runVirtual(async () => {
    const [left, right] = memoryStreamPair();
    left.writer.writelines(["one\n", "two\n"]);
    right.writer.write("three\n");
    expect(String(await right.reader.readline())).toBe("one\n");
    expect(String(await right.reader.readline())).toBe("two\n");
    expect(String(await left.reader.readline())).toBe("three\n");
    await Promise.all([left[Symbol.asyncDispose](), right[Symbol.asyncDispose]()]);
  });
});

test("the order of bytes is kept under every schedule", async () => {
  const result = await exploreSchedules(
    async () => {
      const [left, right] = memoryStreamPair({ capacity: 4 });
      await gather([
        async () => {
          for (const word of ["ab", "cd", "ef"]) {
            left.writer.write(word);
            await sleep(0);
          }
          left.writer.close();
        },
        async () => {
          expect(String(await right.reader.read())).toBe("abcdef");
          right.writer.close();
        },
      ]);
    },
    { maxDeviations: 2 },
  );
  expect(result.schedules).toBeGreaterThan(50);
});

test("reader and writer share no memory", async () => {
  await runVirtual(async () => {
    const [left, right] = memoryStreamPair();
    const data = Buffer.from("abc");
    left.writer.write(data);
    const read = await right.reader.readexactly(3);
    read[0] = 0;
    expect(String(data)).toBe("abc");
  });
});

describe("back-pressure", () => {
  test("a reader that does not read holds the writer back; it goes on when there is room", async () => {
    await runVirtual(async () => {
      const [left, right] = memoryStreamPair({ limit: 1 * KIB, capacity: 4 * KIB });
      left.writer.transport.setWriteBufferLimits({ high: 2 * KIB });
      let written = 0;
      const writing = createTask(async () => {
        for (; written < 100; written++) {
          left.writer.write(Buffer.alloc(KIB, written));
          await left.writer.drain();
        }
        left.writer.writeEof();
      });
      await waitAllTasksBlocked();
      // 2 or 3 KiB with the reader, 4 in the pipe, 2 or 3 at the writer.
      expect(written).toBeGreaterThanOrEqual(7);
      expect(written).toBeLessThanOrEqual(10);
      expect(left.writer.transport.bufferedBytes).toBeGreaterThan(2 * KIB);
      const all = await right.reader.read();
      expect(all).toHaveLength(100 * KIB);
      expect(all.every((byte, index) => byte === Math.floor(index / KIB))).toBe(true);
      await writing;
    });
  });

  test("in both directions at once nobody waits for ever, as long as both read", async () => {
    await runVirtual(async () => {
      const pair = memoryStreamPair({ limit: 16, capacity: 16 });
      await taskGroup((group) => {
        for (const { reader, writer } of pair) {
          group.spawn(async () => {
            for (let piece = 0; piece < 50; piece++) {
              writer.write(Buffer.alloc(10));
              await writer.drain();
            }
            writer.writeEof();
          });
          group.spawn(async () => expect(await reader.read()).toHaveLength(500));
        }
      });
    });
  });

  test("with nobody who reads it is a deadlock that names the wait", async () => {
    const stuck = runVirtual(async () => {
      const [left] = memoryStreamPair({ capacity: 1, limit: 1 });
      left.writer.transport.setWriteBufferLimits({ high: 0 });
      left.writer.write("far too much for this");
      await left.writer.drain();
    });
    await expect(stuck).rejects.toThrow(/main waits in StreamWriter\.drain on/);
  });
});

describe("the end", () => {
  test("writeEof ends one direction only", async () => {
    await runVirtual(async () => {
      const [left, right] = memoryStreamPair();
      left.writer.write("question");
      left.writer.writeEof();
      expect(String(await right.reader.read())).toBe("question");
      right.writer.write("answer");
      right.writer.writeEof();
      expect(String(await left.reader.read())).toBe("answer");
      // Both directions are at their end: the connection is over.
      await Promise.all([left.writer.waitClosed(), right.writer.waitClosed()]);
      expect(() => left.writer.write("more")).not.toThrow();
    });
  });

  test("writing after writeEof is an error", async () => {
    await runVirtual(async () => {
      const [left] = memoryStreamPair();
      left.writer.writeEof();
      expect(() => left.writer.write("more")).toThrow(
        "write after writeEof on <MemoryTransport open>",
      );
    });
  });

  test("close sends what waits, however long that takes the peer", async () => {
    await runVirtual(async () => {
      const [left, right] = memoryStreamPair({ capacity: 10, limit: 10 });
      left.writer.write(Buffer.alloc(1000));
      left.writer.close();
      left.writer.write("dropped");
      let closed = false;
      createTask(() => left.writer.waitClosed().then(() => (closed = true)));
      await waitAllTasksBlocked();
      expect(closed).toBe(false);
      expect(await right.reader.read()).toHaveLength(1000);
      await waitAllTasksBlocked();
      expect(closed).toBe(true);
      right.writer.close();
    });
  });

  test("who writes to a side that has closed gets ECONNRESET, on reads and on drain", async () => {
    await runVirtual(async () => {
      const [left, right] = memoryStreamPair();
      left.writer.close();
      await left.writer.waitClosed();
      right.writer.write("anybody there?");
      await waitAllTasksBlocked();
      await expect(right.reader.read()).rejects.toMatchObject({
        code: "ECONNRESET",
        syscall: "read",
        message: "read ECONNRESET",
      });
      await expect(right.writer.drain()).rejects.toMatchObject({ code: "ECONNRESET" });
      await expect(right.writer.waitClosed()).rejects.toMatchObject({ code: "ECONNRESET" });
    });
  });

  test("abort loses what waits; the peer reads the end, or a reset if it had sent what was not read", async () => {
    await runVirtual(async () => {
      const [left, right] = memoryStreamPair({ capacity: 4 });
      left.writer.write("0123456789");
      left.writer.transport.abort();
      expect(String(await right.reader.read())).toBe("0123");
      const [rude, unheard] = memoryStreamPair({ capacity: 100, limit: 1 });
      unheard.writer.write("one two");
      await waitAllTasksBlocked(); // the reader is paused
      unheard.writer.write("three");
      // It hears of no end before.
      const reading = createTask(() => unheard.reader.read());
      await waitAllTasksBlocked();
      rude.writer.transport.abort(new Error("enough"));
      await expect(reading).rejects.toMatchObject({ code: "ECONNRESET" });
      await expect(rude.reader.read()).rejects.toThrow("enough");
    });
  });

  test("a connection that is forgotten is closed when the run ends", async () => {
    const [left, right] = await runVirtual(async () => memoryStreamPair());
    expect([left.writer.isClosing(), right.writer.isClosing()]).toEqual([true, true]);
  });
});

test("with a latency each piece arrives that much later, and none overtakes another", async () => {
  await runVirtual(async () => {
    const [left, right] = memoryStreamPair({ latency: 25 });
    left.writer.write("a");
    await sleep(10);
    left.writer.write("b");
    expect(String(await right.reader.read(10))).toBe("a");
    expect(currentTime()).toBe(25);
    expect(String(await right.reader.read(10))).toBe("b");
    expect(currentTime()).toBe(35);
  });
});

test("on the real loop it works the same", async () => {
  const [left, right] = memoryStreamPair({ capacity: 8 });
  left.writer.write("0123456789\n");
  expect(String(await right.reader.readline())).toBe("0123456789\n");
  await Promise.all([left[Symbol.asyncDispose](), right[Symbol.asyncDispose]()]);
});

test("a cancelled read loses nothing, at whatever point", async () => {
  const points = await cancelEverywhere(async () => {
    const [left, right] = memoryStreamPair({ latency: 1, capacity: 3 });
    const reading = createTask(() => right.reader.readexactly(6));
    left.writer.write("abcdef");
    const first = await reading.then(String, () => "");
    expect(first === "" ? String(await right.reader.readexactly(6)) : first).toBe("abcdef");
  });
  expect(points).toBeGreaterThan(2);
});

test.each([
  [{ latency: -1 }, "`options.latency`"],
  [{ latency: Number.NaN }, "`options.latency`"],
  [{ capacity: 0 }, "`options.capacity`"],
  [{ limit: 0 }, "limit`"],
])("%o is refused", (options, name) => {
  expect(() => memoryStreamPair(options)).toThrow(name);
});
