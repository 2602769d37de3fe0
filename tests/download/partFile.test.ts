/**
 * The file of a download that is not complete: whatever is pushed is in it, in order, however it is
 * written; and its writer always knows how much that is.
 *
 * On real files, so in real time; the disk is made to fail, to dawdle and to take less than it is given
 * by replacing a call of Node's.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { createTask, isCancelled } from "ambit";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { PartFile, type PartWriter } from "../../src/download/partFile.ts";
import { until } from "../http/origin.ts";
import { Folder, noise } from "./site.ts";

const KIB = 1024;
/** What is gathered before it is written. */
const GATHERED = 256 * KIB;
/** All that comes in these tests is the beginning of this. */
const BODY = noise(12 * 700 * KIB);

type Call = (...args: unknown[]) => unknown;

type Writes = Partial<Record<"write" | "writeSync", (original: Call, args: unknown[]) => unknown>>;

/** Has something else done in place of calls of `node:fs`. */
function replace(calls: Writes): Disposable {
  const module = fs as unknown as Record<string, Call>;
  const originals = Object.keys(calls).map((name) => [name, module[name] as Call] as const);
  for (const [name, original] of originals)
    module[name] = (...args) => calls[name as keyof Writes]?.(original, args);
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      for (const [name, original] of originals) module[name] = original;
      syncBuiltinESMExports();
    },
  };
}

/** What a disk says that is full. */
function full(name: string): Error {
  return Object.assign(new Error(`ENOSPC: broken, ${name}`), { code: "ENOSPC", syscall: name });
}

/** A part of a file in a folder of its own, and its writer. */
class Desk implements Disposable {
  readonly #folder = new Folder();
  readonly #part: PartFile;
  readonly writer: PartWriter;
  readonly from: number;
  /** Bytes that were pushed. */
  pushed = 0;

  constructor(quick?: number, from = 0) {
    this.from = from;
    const path = join(this.#folder.path, "part");
    if (from > 0) fs.writeFileSync(path, BODY.subarray(0, from + 77));
    this.#part = new PartFile(path, from, quick);
    this.writer = this.#part.writer(from);
  }

  /** Pushes what comes next in memory that is used for something else at once. */
  push(size: number): boolean {
    const at = this.from + this.pushed;
    const lent = Buffer.from(BODY.subarray(at, at + size));
    this.pushed += size;
    try {
      return this.writer.push(lent);
    } finally {
      lent.fill(0xaa);
    }
  }

  /** The file. */
  get content(): Buffer {
    return this.#folder.read("part");
  }

  [Symbol.dispose](): void {
    this.#part.close();
    this.#folder[Symbol.dispose]();
  }
}

/** That the file has so many bytes, and the right ones, and the writer knows. */
function expectWritten({ writer, content }: Desk, size: number): void {
  expect(writer.position).toBe(size);
  expect(content).toHaveLength(size);
  expect(content.equals(BODY.subarray(0, size))).toBe(true);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const WAYS: readonly (readonly [string, number | undefined])[] = [
  ["in the thread pool", 0],
  ["at once", Infinity],
  ["as the disk is", undefined],
];

describe.each(WAYS)("what is pushed and written %s", (_, quick) => {
  const around = (size: number): fc.Arbitrary<number> =>
    fc.integer({ min: size - 1, max: size + 1 });
  const chunks = fc.array(
    fc.record({
      size: fc.oneof(
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 0, max: 700 * KIB }),
        around(GATHERED / 4),
        around(GATHERED),
      ),
      /** Turns of the event loop before the next. */
      turns: fc.nat({ max: 2 }),
    }),
    { maxLength: 11 },
  );
  const from = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 500 * KIB }));

  test("is in the file, whatever the chunks, and its position is always right", async () => {
    const property = fc.asyncProperty(chunks, from, async (program, start) => {
      using desk = new Desk(quick, start);
      for (const { size, turns } of program) {
        const wait = desk.push(size);
        expect(wait && quick === Infinity).toBe(false);
        if (wait) await desk.writer.drain();
        expect(desk.writer.position).toBeLessThanOrEqual(start + desk.pushed);
        for (let i = 0; i < turns; i++) await turn();
        // What its position tells is on the disk; a thread may have written more.
        const { position } = desk.writer;
        expect(desk.content.subarray(0, position).equals(BODY.subarray(0, position))).toBe(true);
      }
      await desk.writer.flush();
      expectWritten(desk, start + desk.pushed);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test("stays in order when every write takes only a part of it", async () => {
    using desk = new Desk(quick, 1000);
    const some = (original: Call, args: unknown[]): unknown => {
      const [fd, bytes, offset, length, ...rest] = args as [number, Buffer, number, number];
      return original(fd, bytes, offset, Math.min(length, 70_001), ...rest);
    };
    using _ = replace({ writeSync: some, write: some });
    for (let i = 0; i < 10; i++) if (desk.push(i * 60_000)) await desk.writer.drain();
    await desk.writer.flush();
    expectWritten(desk, 1000 + 45 * 60_000);
    expect(desk.pushed).toBe(45 * 60_000);
  });
});

test("memory that is gathered in is not written over while a thread writes from it", async () => {
  using desk = new Desk(0);
  const held: (() => void)[] = [];
  using _ = replace({
    write: (original, args) => held.push(() => original(...args)),
  });
  expect(desk.push(GATHERED + 5)).toBe(false);
  expect(desk.push(100)).toBe(false);
  expect(desk.push(GATHERED)).toBe(true);
  const drained = desk.writer.drain();
  expect([held.length, desk.writer.position]).toEqual([1, 0]);
  held[0]?.();
  await drained;
  expect([held.length, desk.writer.position]).toEqual([2, GATHERED + 5]);
  expect(desk.push(300)).toBe(false);
  held[1]?.();
  await desk.writer.flush();
  expectWritten(desk, 2 * GATHERED + 405);
});

test("a write that takes long sends the next to the thread pool, until one is quick again", async () => {
  using desk = new Desk(5);
  let now = 1000;
  let takes = 0;
  const calls: string[] = [];
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  const taking =
    (name: string) =>
    (original: Call, args: unknown[]): unknown => {
      calls.push(name);
      now += takes;
      return original(...args);
    };
  using _ = replace({ writeSync: taking("at once"), write: taking("in the pool") });
  const push = async (time: number): Promise<void> => {
    takes = time;
    const { position } = desk.writer;
    expect(desk.push(300_000)).toBe(false);
    while (desk.writer.position === position) await turn();
  };
  try {
    for (const time of [0, 4.9, 5, 5, 4.9, 0]) await push(time);
  } finally {
    clock.mockRestore();
  }
  await desk.writer.flush();
  const [once, pool] = ["at once", "in the pool"];
  expect(calls).toEqual([once, once, once, pool, pool, once]);
  expectWritten(desk, 6 * 300_000);
});

describe("a disk that fails", () => {
  test("tells it to the push that writes and to all that comes later, which writes nothing more", async () => {
    using desk = new Desk(Infinity, 500);
    let calls = 0;
    const error = full("writeSync");
    using _ = replace({
      writeSync: (original, args) => {
        if (++calls === 3) throw error;
        return original(...args);
      },
    });
    for (let i = 0; i < 2; i++) expect(desk.push(300_000)).toBe(false);
    expect(() => desk.push(300_000)).toThrow(error);
    expect(() => desk.push(1)).toThrow(error);
    expect(() => desk.push(300_000)).toThrow(error);
    await expect(desk.writer.drain()).rejects.toBe(error);
    await expect(desk.writer.flush()).rejects.toBe(error);
    expect(calls).toBe(3);
    expectWritten(desk, 600_500);
  });

  test("tells it to the flush of what was gathered", async () => {
    using desk = new Desk(Infinity, 500);
    const error = full("writeSync");
    using _ = replace({
      writeSync: () => {
        throw error;
      },
    });
    expect(desk.push(1000)).toBe(false);
    await expect(desk.writer.flush()).rejects.toBe(error);
    await expect(desk.writer.flush()).rejects.toBe(error);
    expectWritten(desk, 500);
  });

  /** What each does that finds a write failed, or waits for one that fails. */
  const NEXT: Record<string, (desk: Desk) => Promise<unknown>> = {
    push: async (desk) => {
      for (let i = 0; i < 3; i++) await turn();
      desk.push(1);
    },
    drain: async (desk) => {
      desk.push(300_000);
      await desk.writer.drain();
    },
    flush: (desk) => desk.writer.flush(),
  };

  test.each(Object.entries(NEXT))(
    "in the thread pool tells it to whoever comes next: a %s",
    async (...[, next]) => {
      using desk = new Desk(0, 500);
      let calls = 0;
      const error = full("write");
      using _ = replace({
        write: (original, args) => {
          if (++calls === 1) return original(...args);
          return void setImmediate(args.at(-1) as (error: Error) => void, error);
        },
        writeSync: () => void calls++,
      });
      expect(desk.push(300_000)).toBe(false);
      await until(() => desk.writer.position === 300_500);
      expect(desk.push(300_000)).toBe(false);
      expect(desk.push(1000)).toBe(false);
      await expect(next(desk)).rejects.toBe(error);
      expect(() => desk.push(300_000)).toThrow(error);
      await expect(desk.writer.drain()).rejects.toBe(error);
      await expect(desk.writer.flush()).rejects.toBe(error);
      expect(calls).toBe(2);
      expectWritten(desk, 300_500);
    },
  );

  test.each([
    ["at once", Infinity],
    ["in the thread pool", 0],
  ])("after it took a part, written %s, leaves that part counted", async (...[, quick]) => {
    using desk = new Desk(quick, 500);
    let calls = 0;
    const some = (original: Call, args: unknown[]): unknown => {
      if (++calls > 1) throw full("writeSync");
      const [fd, bytes, offset, , ...rest] = args as [number, Buffer, number, number];
      return original(fd, bytes, offset, 123_456, ...rest);
    };
    using _ = replace({ writeSync: some, write: some });
    const push = async (): Promise<void> => {
      desk.push(300_000);
      await desk.writer.drain();
    };
    await expect(push()).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(desk.writer.flush()).rejects.toMatchObject({ code: "ENOSPC" });
    expect(calls).toBe(2);
    expectWritten(desk, 500 + 123_456);
  });
});

describe("a cancel while somebody drains", () => {
  /** A disk whose threads write, and tell of it when they are told to. */
  class Dawdling implements Disposable {
    /** Writes that a thread has done, and has not told of. */
    readonly done: (() => void)[] = [];
    readonly #replaced = replace({
      write: (original, args) => {
        const callback = args.at(-1) as Call;
        const told = (...ends: unknown[]): void => void this.done.push(() => callback(...ends));
        original(...args.slice(0, -1), told);
      },
    });

    [Symbol.dispose](): void {
      this.#replaced[Symbol.dispose]();
    }
  }

  test.each([1, 2])(
    "waits for the write under way and loses nothing (%i cancels)",
    async (times) => {
      using desk = new Desk(0, 500);
      using disk = new Dawdling();
      let draining = false;
      const ends: string[] = [];
      const task = createTask(async () => {
        try {
          expect(desk.push(300_000)).toBe(false);
          expect(desk.push(200_000)).toBe(false);
          expect(desk.push(200_000)).toBe(true);
          draining = true;
          await desk.writer.drain();
          ends.push("drained");
        } catch (error) {
          ends.push(isCancelled(error) ? "cancelled" : "failed");
          throw error;
        } finally {
          await desk.writer.flush();
          ends.push("flushed");
        }
      });
      await until(() => draining && disk.done.length === 1);
      for (let i = 0; i < times; i++) {
        task.cancel();
        for (let turns = 0; turns < 5; turns++) await turn();
        expect(ends).toEqual(["cancelled"]);
        expect(desk.writer.position).toBe(500);
      }
      disk.done[0]?.();
      await expect(task).rejects.toSatisfy(isCancelled);
      expect(ends).toEqual(["cancelled", "flushed"]);
      expect(disk.done).toHaveLength(1);
      expectWritten(desk, 700_500);
    },
  );

  test("tells of a write that fails meanwhile", async () => {
    using desk = new Desk(0, 500);
    const error = full("write");
    const fails: (() => void)[] = [];
    using _ = replace({
      write: (__, args) => fails.push(() => (args.at(-1) as Call)(error)),
    });
    const task = createTask(async () => {
      try {
        desk.push(300_000);
        await desk.writer.drain();
      } finally {
        await desk.writer.flush();
      }
    });
    await until(() => fails.length === 1);
    task.cancel();
    for (let turns = 0; turns < 5; turns++) await turn();
    fails[0]?.();
    await expect(task).rejects.toBe(error);
    expectWritten(desk, 500);
  });
});

test.each([
  ["all of its bytes", null, 300, "x".repeat(300) + "y".repeat(200) + "x".repeat(500)],
  ["none", 0, 0, "y".repeat(200)],
  ["the first 400", 400, 400, "x".repeat(400) + "y".repeat(200)],
] as const)("a part that is opened again keeps %s", async (_, keep, at, expected) => {
  using folder = new Folder();
  const path = join(folder.path, "part");
  fs.writeFileSync(path, "x".repeat(1000));
  const part = new PartFile(path, keep);
  const writer = part.writer(at);
  writer.push(Buffer.alloc(200, "y"));
  await writer.flush();
  await part.sync();
  part.close();
  part.close();
  expect(writer.position).toBe(at + 200);
  expect(String(folder.read("part"))).toBe(expected);
});
