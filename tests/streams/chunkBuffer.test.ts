/**
 * The buffer of a reader, against a model that is one string, and what it copies.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkBuffer } from "../../src/streams/chunkBuffer.ts";

/** Sizes on both sides of what counts as tiny, and of a block. */
const chunk = fc
  .tuple(fc.constantFrom(0, 1, 2, 7, 511, 512, 513, 4095, 4097, 9000), fc.nat(25))
  .map(([size, seed]) => String.fromCharCode(97 + seed).repeat(size));
const step = fc.oneof(
  chunk.map((data) => ({ push: data })),
  fc.integer({ min: 0, max: 6000 }).map((count) => ({ take: count })),
);

test("it gives back what it was given, in order", () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buffer = new ChunkBuffer();
      let [model, given, expected] = ["", "", ""];
      for (const each of steps) {
        const pushed = "push" in each ? each.push : "";
        buffer.push(Buffer.from(pushed));
        model += pushed;
        const count = "take" in each ? Math.min(each.take, model.length) : 0;
        given += String(buffer.take(count));
        expected += model.slice(0, count);
        model = model.slice(count);
        expect(buffer.size).toBe(model.length);
      }
      expect(given).toBe(expected);
      expect(String(buffer.takeAll())).toBe(model);
    }),
    { numRuns: 200 },
  ));

test("it finds what the whole text holds, from any place", () =>
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 700 }), { maxLength: 6 }),
      fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 12 }),
      fc.nat(2000),
      fc.nat(50),
      (chunks, needle, from, taken) => {
        const buffer = new ChunkBuffer();
        for (const each of chunks) buffer.push(Buffer.from(each));
        const text = chunks.join("");
        const gone = Math.min(taken, text.length);
        buffer.take(gone);
        const place = Math.min(from, text.length - gone);
        expect(buffer.indexOf(Buffer.from(needle), place)).toBe(
          text.slice(gone).indexOf(needle, place),
        );
      },
    ),
    { numRuns: 300 },
  ));

describe("copies", () => {
  test("a chunk that is taken whole is the chunk itself", () => {
    const buffer = new ChunkBuffer();
    const whole = Buffer.alloc(1000, "x");
    buffer.push(whole);
    expect(buffer.take(1000)).toBe(whole);
  });

  test("a part of a chunk is a view of it", () => {
    const buffer = new ChunkBuffer();
    const whole = Buffer.alloc(1000, "x");
    buffer.push(whole);
    buffer.take(10);
    const part = buffer.take(20);
    expect(part.buffer).toBe(whole.buffer);
    expect(part.byteOffset - whole.byteOffset).toBe(10);
  });

  test("bytes that come one at a time are gathered, and what was taken of them stays as it is", () => {
    const buffer = new ChunkBuffer();
    buffer.push(Buffer.from("."));
    const seen: Buffer[] = [];
    for (let at = 0; at < 10_000; at++) {
      buffer.push(Buffer.from([at % 256]));
      if (at % 100 === 99) seen.push(buffer.take(100));
    }
    expect(seen.slice(1).every((part, index) => part[1] === ((index + 1) * 100) % 256)).toBe(true);
    const shared = new Set(seen.map((part) => part.buffer));
    expect(shared.size).toBeLessThan(seen.length);
  });
});

describe("what it costs", () => {
  /** Counts what is searched and walked, in place of measuring time. */
  test("many lines in few chunks are no more work than their length", () => {
    const line = Buffer.from(`${"x".repeat(15)}\n`);
    const chunks = Array.from({ length: 64 }, () =>
      Buffer.concat(Array.from({ length: 4096 }, () => line)),
    );
    const buffer = new ChunkBuffer();
    for (const each of chunks) buffer.push(each);
    let searched = 0;
    for (const each of chunks) {
      const original = each.indexOf.bind(each);
      each.indexOf = ((value: number, from: number) => {
        const found = original(value, from);
        searched += (found === -1 ? each.length : found) - from + 1;
        return found;
      }) as typeof each.indexOf;
    }
    let lines = 0;
    for (let end = buffer.indexOf(Buffer.from("\n"), 0); end !== -1; lines++) {
      buffer.take(end + 1);
      end = buffer.indexOf(Buffer.from("\n"), 0);
    }
    expect(lines).toBe(64 * 4096);
    expect(searched).toBe(64 * 4096 * 16);
  });
});
