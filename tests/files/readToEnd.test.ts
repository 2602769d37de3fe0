/**
 * What is left of a file in one call, whatever was read before: all of it, decoded in whatever chunks it comes; or, when
 * it fails, none of it. And how many calls of the system that takes. In memory, but for files of several chunks.
 */
import { CancelledError, createTask } from "ambit";
import { open, readBytes, readText } from "ambit/files";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Newlines } from "../../src/files/newlines.ts";
import { bytesOver, FakeRaw, textOver, uneven } from "./fakeRaw.ts";
import { filesWith, folders } from "./folder.ts";

const fileWith = filesWith(folders());

/** Counts what is read of it. */
class CountedRaw extends FakeRaw {
  reads = 0;
  during: (reads: number) => void = () => {};

  override read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    this.during(++this.reads);
    return super.read(buffer, offset, length, position);
  }
}

const parts = fc.constantFrom("a", "ä", "€", "😀", "\r", "\n", "\r\n", "words ".repeat(3));
const texts = fc.array(parts, { maxLength: 25 }).map((all) => all.join(""));

test.each(["utf-8", "utf-16-le"])(
  "the rest of a text in %s is what the whole decodes to, however it comes and wherever reading began",
  async (encoding) => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.record({
          buffering: fc.integer({ min: 2, max: 40 }),
          most: fc.integer({ min: 1, max: 9 }),
          before: fc.integer({ min: 0, max: 9 }),
        }),
        async (text, { buffering, most, before }) => {
          const content = Buffer.from(text, encoding === "utf-16-le" ? "utf16le" : "utf8");
          for (const newline of [null, "", "\r\n"] as const) {
            const raw = new FakeRaw(content, uneven(most));
            const file = textOver(raw, "r", buffering, {
              encoding,
              newlines: new Newlines(newline),
            });
            const read = (await file.read(before)) + (await file.read());
            expect(read).toBe(newline === null ? text.replaceAll(/\r\n?/g, "\n") : text);
            expect(await file.tell()).toBe(content.length);
          }
        },
      ),
      { numRuns: 150 },
    );
  },
);

test("what means nothing, far behind, is told by its place, and nothing was taken", async () => {
  const good = "äöü line\r\n".repeat(300_000);
  const at = Buffer.byteLength(good);
  const path = fileWith(
    Buffer.concat([Buffer.from(good), Buffer.from([0xe2, 0x82]), Buffer.from("x")]),
  );
  await using file = await open(path);
  const first = await file.readline();
  const place = await file.tell();
  await expect(file.read()).rejects.toMatchObject({ name: "UnicodeDecodeError", position: at });
  expect([first, await file.tell()]).toEqual(["äöü line\n", place]);
  expect(await file.readline()).toBe(first);
  await expect(readText(path, { errors: "replace" })).resolves.toHaveLength(
    good.length - 300_000 + 2,
  );
});

test("a read of the rest that fails leaves what was decoded before, with its place", async () => {
  const text = "äbc\r\ndef\nghi";
  const raw = new FakeRaw(Buffer.concat([Buffer.from(text), Buffer.from([0xff])]));
  const file = textOver(raw, "r", 10);
  expect(await file.read(2)).toBe("äb");
  await expect(file.read()).rejects.toMatchObject({ name: "UnicodeDecodeError" });
  expect(await file.tell()).toBe(3);
  expect(await file.readline()).toBe("c\n");
  expect(await file.tell()).toBe(6);
});

test("a cancel between any two calls takes nothing", async () => {
  const text = "äöü line\n".repeat(5);
  for (let call = 1; ; call++) {
    const raw = new CountedRaw(Buffer.from(text), uneven(5));
    const file = textOver(raw, "r", 16);
    const task = createTask(() => file.read());
    raw.during = (reads) => reads === call && task.cancel();
    const outcome = await task.then(null, (error: unknown) => error);
    if (outcome === text) return;
    expect(outcome).toBeInstanceOf(CancelledError);
    expect([await file.tell(), await file.read()]).toEqual([0, text]);
  }
});

test("one call brings a file whose size is known, in text and in bytes; its end needs none", async () => {
  const raw = new CountedRaw(Buffer.from("line\n".repeat(40)));
  expect(await textOver(raw, "r", 65_536).read()).toHaveLength(200);
  expect(await bytesOver(raw, "rb", 65_536).read()).toHaveLength(200);
  expect(raw.reads).toBe(2);
});

test("an end that was seen is looked for again by the next read", async () => {
  const raw = new CountedRaw(Buffer.from("one\n"));
  const file = textOver(raw, "r", 65_536);
  expect(await file.read()).toBe("one\n");
  raw.content = Buffer.from("one\ntwo\n");
  expect(await file.read()).toBe("two\n");
  expect(await file.read()).toBe("");
});

test("what the system makes up when it is read is read to its end", async () => {
  expect(await readText("/proc/self/status")).toMatch(
    /^Name:.*\nnonvoluntary_ctxt_switches:\t\d+\n$/s,
  );
  expect(String(await readBytes("/proc/self/status"))).toMatch(
    /nonvoluntary_ctxt_switches:\t\d+\n$/,
  );
});

test("going back within a file that is read on and on finds the bytes that stand there", async () => {
  // Beyond the chunks of growing size, where the next one is fetched ahead.
  const content = Buffer.alloc(5 << 20);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(at, at);
  await using file = await open(fileWith(content), "rb");
  let position = 0;
  while (position < content.length - 10_000) {
    position += (await file.read(7001)).length;
    if (position < 3 << 20) continue;
    // Shorter than what is left free before what was fetched ahead.
    await file.seek(position - 7500);
    expect((await file.read(7500)).equals(content.subarray(position - 7500, position))).toBe(true);
  }
});
