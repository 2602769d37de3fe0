import * as fc from "fast-check";
import { expect, test } from "vitest";

import { LineInput } from "../../src/tcp/lineInput.ts";

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === "number" ? Buffer.of(part) : Buffer.from(part))),
  );

/** What comes of these bytes, in short: texts of lines, kinds of the rest. */
function hear(input: LineInput, data: Uint8Array): string[] {
  return input
    .push(data)
    .map((each) =>
      each.kind === "line"
        ? each.text
        : each.kind === "reply"
          ? [...each.bytes].join(" ")
          : `<${each.kind}>`,
    );
}

test("lines end with LF, CR LF, CR NUL or CR", () => {
  const input = new LineInput(100);
  expect(hear(input, bytes("one\ntwo\r\nthree\r\0four\rfive\n"))).toEqual([
    "one",
    "two",
    "three",
    "four",
    "five",
  ]);
});

test("the client's way to end lines is learnt", () => {
  const input = new LineInput(100);
  expect(input.newline).toBe("\r\n");
  input.push(bytes("cat\n"));
  expect(input.newline).toBe("\n");
  input.push(bytes("cat\r\n"));
  expect(input.newline).toBe("\r\n");
});

test("what telnet asks for is refused, and leaves no trace in the line", () => {
  const input = new LineInput(100);
  const asked = bytes(
    255,
    251,
    31,
    "ca",
    255,
    253,
    6,
    "t",
    255,
    250,
    31,
    0,
    80,
    255,
    240,
    255,
    241,
  );
  expect(hear(input, asked)).toEqual(["255 254 31", "255 252 6"]);
  expect(hear(input, bytes(255, 252, 1, 255, 254, 3, "\r\n"))).toEqual(["cat"]);
});

test("Ctrl-C drops the line, by itself and as telnet sends it", () => {
  const input = new LineInput(100);
  expect(hear(input, bytes("dog", 3, "cat\n"))).toEqual(["<interrupt>", "cat"]);
  expect(hear(input, bytes("dog", 255, 244, 255, 253, 6, "cat\n"))).toEqual([
    "<interrupt>",
    "255 252 6",
    "cat",
  ]);
});

test("Ctrl-D ends the conversation", () => {
  expect(hear(new LineInput(100), bytes("cat\n", 4))).toEqual(["cat", "<end>"]);
});

test("other controls are left out, backspace takes a whole character back", () => {
  const input = new LineInput(100);
  expect(hear(input, bytes(7, "ca", 27, "x", 8, "t🐈", 127, " 1", 0, "\n"))).toEqual(["cat 1"]);
  expect(hear(input, bytes(8, 127, "\n"))).toEqual([""]);
});

test("a line that is too long is dropped as a whole", () => {
  const input = new LineInput(8);
  expect(hear(input, bytes("12345678\n123456789\n1\n"))).toEqual(["12345678", "<too long>", "1"]);
});

test("what has no end when the client ends is a line", () => {
  const input = new LineInput(8);
  input.push(bytes("cat"));
  expect(input.finish()).toEqual([{ kind: "line", text: "cat" }]);
  expect(input.finish()).toEqual([]);
});

test("it does not matter how the bytes are cut", () => {
  const texts = fc.array(
    fc.constantFrom("cat", "\n", "\r\n", "🐈", "\xff\xfb\x1f", "\x03", "\x04", "\x7f"),
  );
  fc.assert(
    fc.property(texts, fc.infiniteStream(fc.integer({ min: 1, max: 5 })), (parts, sizes) => {
      const data = Buffer.concat(
        parts.map((part) => Buffer.from(part, part.startsWith("\xff") ? "latin1" : "utf8")),
      );
      const whole = hear(new LineInput(20), data);
      const cut = new LineInput(20);
      const heard: string[] = [];
      for (let at = 0; at < data.length;) {
        const size = sizes.next().value as number;
        heard.push(...hear(cut, data.subarray(at, at + size)));
        at += size;
      }
      expect(heard).toEqual(whole);
    }),
  );
});
