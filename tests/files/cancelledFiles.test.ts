/**
 * Cancelled at every await point: nothing is torn, lost or doubled. In memory, where every call of
 * the system takes a turn and brings as little as it likes; then with real files.
 */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createTask, isCancelled, sleep, taskGroup } from "ambit";
import { type BinaryFile, open, readText, type TextFile, writeText } from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOver, FakeRaw, textOver, uneven } from "./fakeRaw.ts";
import { folders } from "./folder.ts";

const fresh = folders();

/** The pieces that the content is made of, in order, each whole; throws when it is not. */
function piecesIn(content: string, pieces: readonly string[]): string[] {
  const found: string[] = [];
  let rest = content;
  for (const piece of pieces) {
    if (!rest.startsWith(piece)) continue;
    found.push(piece);
    rest = rest.slice(piece.length);
  }
  if (rest !== "") throw new Error(`torn: ${rest}`);
  return found;
}

/** For clean-ups, which may not throw themselves. */
function must(holds: boolean, otherwise: () => string): void {
  if (!holds) throw new Error(otherwise());
}

describe("a write that is cancelled", () => {
  const pieces = [
    "<1>",
    `<2${"x".repeat(30)}>`,
    "<3>",
    "<4yyyyyyy>",
    `<5${"z".repeat(50)}>`,
    "<6>",
  ];

  test.each([0, 4, 16, 1000])(
    "is done in whole or not at all, with a buffer of %i",
    async (buffering) => {
      const points = await cancelEverywhere(async () => {
        const raw = new FakeRaw(undefined, uneven(7));
        const file = bytesOver(raw, "wb", buffering);
        const accepted: string[] = [];
        try {
          for (const piece of pieces) {
            await file.write(Buffer.from(piece));
            accepted.push(piece);
          }
        } finally {
          await file.close();
          const found = piecesIn(String(raw.content), pieces);
          const lost = accepted.filter((piece) => !found.includes(piece));
          must(lost.length === 0, () => `lost ${lost.join()}`);
          must(raw.closed === 1 && raw.faults.length === 0, () => raw.faults.join());
        }
      });
      expect(points).toBeGreaterThan(2);
    },
  );

  test("of text, too, in a file that is also read", async () => {
    const points = await cancelEverywhere(async () => {
      const raw = new FakeRaw(Buffer.from("0123456789"), uneven(3));
      const file = textOver(raw, "r+", 8);
      const accepted: string[] = [];
      try {
        if ((await file.read(2)) !== "01") throw new Error("misread");
        for (const piece of ["aä", "€€€€€€€€€", "b"]) {
          await file.write(piece);
          accepted.push(piece);
        }
      } finally {
        await file.close();
        const written = String(raw.content).slice(2).replace(/\d+$/, "");
        must(written.startsWith(accepted.join("")), () => `lost: ${String(raw.content)}`);
        piecesIn(written, ["aä", "€€€€€€€€€", "b"]);
      }
    });
    expect(points).toBeGreaterThan(5);
  });

  test("leaves the others in their order when it waited in line", async () => {
    const points = await cancelEverywhere(
      async () => {
        const raw = new FakeRaw(undefined, uneven(2));
        const file = bytesOver(raw, "wb", 0);
        const done: number[] = [];
        await taskGroup(async (group) => {
          for (let task = 0; task < 4; task++) {
            group.spawn(
              async () => {
                await file.write(Buffer.from(`<${task}>`));
                done.push(task);
              },
              { name: `writer ${task}` },
            );
          }
        }).catch((error: unknown) => {
          if (!isCancelled(error)) throw error;
        });
        await file.close();
        const found = piecesIn(String(raw.content), ["<0>", "<1>", "<2>", "<3>"]);
        if (done.some((task) => !found.includes(`<${task}>`))) throw new Error("lost");
      },
      { only: (task) => task.name === "writer 1" },
    );
    expect(points).toBeGreaterThan(1);
  });
});

describe("a read that is cancelled", () => {
  const content = Array.from(
    { length: 12 },
    (_, index) => `${index}${"ä€😀".repeat(index % 4)}\r\n`,
  );

  test.each([
    ["read", (file: TextFile) => file.read(5)],
    ["read to the end", (file: TextFile) => file.read()],
    ["readline", (file: TextFile) => file.readline()],
    ["readline in parts", (file: TextFile) => file.readline(3)],
    ["lines", async (file: TextFile) => (await file[Symbol.asyncIterator]().next()).value ?? ""],
    ["batches", async (file: TextFile) => ((await file.batches().next()).value ?? []).join("")],
  ] as const)("takes nothing: %s", async (_name, read) => {
    const whole = content.join("").replaceAll("\r\n", "\n");
    const points = await cancelEverywhere(async () => {
      const raw = new FakeRaw(Buffer.from(content.join("")), uneven(5));
      const file = textOver(raw, "r", 8);
      const parts: string[] = [];
      const go = async (): Promise<void> => {
        for (let part = await read(file); part !== ""; part = await read(file)) parts.push(part);
      };
      try {
        await go();
      } catch (error) {
        if (!isCancelled(error)) throw error;
        await go();
      }
      await file.close();
      if (parts.join("") !== whole) throw new Error(`read ${JSON.stringify(parts)}`);
      if (raw.closed !== 1 || raw.faults.length > 0) throw new Error(raw.faults.join());
    });
    expect(points).toBeGreaterThan(5);
  });

  test("takes nothing: bytes", async () => {
    const whole = Buffer.from(content.join(""));
    const reads = [
      (file: BinaryFile) => file.read(50),
      (file: BinaryFile) => file.read(),
      (file: BinaryFile) => file.readline(),
      async (file: BinaryFile) => {
        const target = Buffer.alloc(20);
        return target.subarray(0, await file.readinto(target));
      },
    ];
    const points: number[] = [];
    for (const read of reads) {
      const count = await cancelEverywhere(async () => {
        const file = bytesOver(new FakeRaw(whole, uneven(9)), "rb", 16);
        const parts: Buffer[] = [];
        const go = async (): Promise<void> => {
          for (let part = await read(file); part.length > 0; part = await read(file))
            parts.push(part);
        };
        await go().catch((error: unknown) =>
          isCancelled(error) ? go() : Promise.reject(error as Error),
        );
        await file.close();
        must(Buffer.concat(parts).equals(whole), () => "lost or doubled");
      });
      points.push(count);
    }
    expect(Math.min(...points)).toBeGreaterThan(5);
  });
});

test("what a program reads and writes in one file, cut and cancelled anywhere, is what it would be in memory", async () => {
  const step = fc.oneof(
    fc.tuple(fc.constant("read"), fc.nat(30)),
    fc.tuple(fc.constant("write"), fc.nat(30)),
    fc.tuple(fc.constant("seek"), fc.nat(60)),
    fc.tuple(fc.constant("truncate"), fc.nat(60)),
  );
  const scenario = fc.tuple(
    fc.array(step, { maxLength: 12 }),
    fc.nat(20),
    fc.integer({ min: 1, max: 9 }),
  );
  await fc.assert(
    fc.asyncProperty(scenario, async ([steps, buffering, most]) => {
      const raw = new FakeRaw(Buffer.from("0123456789".repeat(4)), uneven(most));
      const file = bytesOver(raw, "rb+", buffering);
      let model = Buffer.from(raw.content);
      let at = 0;
      for (const [index, [kind, amount]] of steps.entries()) {
        if (kind === "read") {
          const expected = model.subarray(at, at + amount);
          // The first attempt may be cancelled at any moment; it takes nothing then.
          const reading = createTask(() => file.read(amount), { eager: index % 2 === 0 });
          if (index % 3 === 0) reading.cancel();
          const got = await reading.then(
            (bytes) => bytes,
            () => file.read(amount),
          );
          must(got.equals(expected), () => `read ${String(got)}, not ${String(expected)}`);
          at += expected.length;
        } else if (kind === "write") {
          const bytes = Buffer.alloc(amount, "abc"[index % 3]);
          await file.write(bytes);
          if (amount > 0) {
            const next = Buffer.alloc(Math.max(model.length, at + amount));
            model.copy(next);
            next.set(bytes, at);
            model = next;
          }
          at += amount;
        } else if (kind === "seek") {
          at = await file.seek(amount);
        } else {
          await file.truncate(amount);
          const next = Buffer.alloc(amount);
          model.copy(next);
          model = next;
        }
      }
      expect(await file.tell()).toBe(at);
      await file.close();
      expect(String(raw.content)).toBe(String(model));
      expect([raw.closed, raw.faults]).toEqual([1, []]);
    }),
    { numRuns: 300 },
  );
});

test("closing waits for what was called before, refuses what comes after, and happens once", async () => {
  const raw = new FakeRaw(Buffer.from("0123456789"), uneven(3));
  const file = bytesOver(raw, "rb", 2);
  const reading = file.read(10);
  const closing = [file.close(), file.close()];
  expect(String(await reading)).toBe("0123456789");
  await Promise.all(closing);
  expect([raw.closed, raw.faults]).toEqual([1, []]);
});

test("a failed write is told once, keeps what was gathered before, and the next flush writes it", async () => {
  const raw = new FakeRaw();
  const file = bytesOver(raw, "wb", 16);
  await file.write(Buffer.from("gathered"));
  raw.failures = 2;
  await expect(file.write(Buffer.from("too much for the buffer"))).rejects.toThrow(
    "the disk is full",
  );
  await expect(file.flush()).rejects.toThrow("the disk is full");
  expect(await file.tell()).toBe(8);
  await file.flush();
  expect(String(raw.content)).toBe("gathered");
  raw.failures = 1;
  await file.write(Buffer.from("lost"));
  await expect(file.close()).rejects.toThrow("the disk is full");
  expect([raw.closed, raw.faults, file.closed]).toEqual([1, [], true]);
});

describe.skipIf(process.platform !== "linux")("a real file", () => {
  /** Which descriptors of this process lead to that path. */
  function descriptorsOf(path: string): string[] {
    return readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
      } catch {
        return false;
      }
    });
  }

  test("is closed whenever it is cancelled, and never twice", async () => {
    const path = fresh();
    const points = await cancelEverywhere(async () => {
      writeFileSync(path, "one\ntwo\nthree\n");
      let intruder = -1;
      try {
        await using file = await open(path, "r+", { buffering: 5 });
        const first = await file.readline();
        await file.seek(0, 2);
        await file.write(first.repeat(5));
        await file.sync();
      } finally {
        // Would be closed by a second close of the same number.
        intruder = openSync(path, "r");
        await sleep(0).catch(() => {});
        closeSync(intruder);
        const left = descriptorsOf(path);
        must(left.length === 0, () => `left open: ${left.join()}`);
        const text = readFileSync(path, "utf8");
        const before = "one\ntwo\nthree\n";
        must(text === before || text === before + "one\n".repeat(5), () => `torn: ${text}`);
      }
    });
    expect(points).toBeGreaterThan(4);
  });

  test("that is read or written in one call is whole, and closed", async () => {
    const path = fresh();
    mkdirSync(join(path, ".."), { recursive: true });
    const text = "line\n".repeat(50_000);
    const points = await cancelEverywhere(async () => {
      writeFileSync(path, "before");
      try {
        await writeText(path, text);
        await readText(path);
      } finally {
        const after = readFileSync(path, "utf8");
        must(after === "before" || after === text, () => `half: ${after.length}`);
        must(descriptorsOf(path).length === 0, () => "left open");
      }
    });
    expect(points).toBeGreaterThan(3);
  });

  test("is not closed under what reads it ahead", async () => {
    const path = fresh();
    writeFileSync(path, "0123456789abcde\n".repeat(400_000));
    const points = await cancelEverywhere(
      async () => {
        const file = await open(path);
        try {
          let count = 0;
          for await (const lines of file.batches()) if ((count += lines.length) > 390_000) break;
          await sleep(0);
        } finally {
          await file.close();
        }
        if (descriptorsOf(path).length > 0) throw new Error("left open");
      },
      { most: 200 },
    );
    expect(points).toBeGreaterThan(10);
  });
});
