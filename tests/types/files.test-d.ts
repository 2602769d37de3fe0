/**
 * What the compiler must know about files: the mode says whether they are of bytes or of text. Checked by
 * tests/project/types.test.ts; never run.
 */
import {
  type BinaryFile,
  type BinaryMode,
  open,
  readBytes,
  readText,
  stdin,
  type TextFile,
  type TextMode,
  writeBytes,
  writeText,
} from "ambit/files";
import { expectTypeOf, test } from "vitest";

test("a mode with b gives bytes, another gives text", () => {
  expectTypeOf(open("x")).resolves.toEqualTypeOf<TextFile>();
  for (const mode of ["r", "w", "a", "x", "r+", "rt", "w+t", "at+"] as const)
    expectTypeOf(open("x", mode)).resolves.toEqualTypeOf<TextFile>();
  for (const mode of ["rb", "wb", "ab", "xb", "r+b", "rb+"] as const)
    expectTypeOf(open("x", mode)).resolves.toEqualTypeOf<BinaryFile>();
  expectTypeOf(open(new URL("file:///x"), "r")).resolves.toEqualTypeOf<TextFile>();
  expectTypeOf<TextMode & BinaryMode>().toBeNever();
});

test("modes that are none are refused", () => {
  // @ts-expect-error one purpose only
  void open("x", "rw");
  // @ts-expect-error bytes or text
  void open("x", "rbt");
  // @ts-expect-error a purpose is needed
  void open("x", "b");
  // @ts-expect-error once is enough
  void open("x", "r++");
  // @ts-expect-error universal newlines are the default, as in Python 3.11
  void open("x", "rU");
  // @ts-expect-error any text could be anything
  void open("x", "r" as string);
  expectTypeOf<"rw" | "b" | "rU">().not.toExtend<TextMode | BinaryMode>();
});

test("options are those of the mode", () => {
  const forText = {
    encoding: "latin-1",
    errors: "replace",
    newline: "\r\n",
    buffering: 1,
  } as const;
  expectTypeOf(open("x", "r", forText)).resolves.toEqualTypeOf<TextFile>();
  const forBytes = { buffering: 0, permissions: 0o600, patience: 0, maxLineLength: 100 };
  expectTypeOf(open("x", "wb", forBytes)).resolves.toEqualTypeOf<BinaryFile>();
  // @ts-expect-error bytes have no encoding
  void open("x", "rb", { encoding: "utf-8" });
  // @ts-expect-error bytes have no ends of lines
  void open("x", "rb", { newline: "\n" });
  // @ts-expect-error one of three
  void open("x", "r", { errors: "surrogateescape" });
  // @ts-expect-error one of five
  void open("x", "r", { newline: "\n\r" });
  // @ts-expect-error a path is text or a URL
  void open(3);
});

test("a file of text reads and takes text, one of bytes bytes", () => {
  const text = null as unknown as TextFile;
  const bytes = null as unknown as BinaryFile;
  expectTypeOf(text.read()).resolves.toBeString();
  expectTypeOf(bytes.read(5)).resolves.toEqualTypeOf<Buffer>();
  expectTypeOf(text.batches().next()).resolves.toEqualTypeOf<IteratorResult<string[], undefined>>();
  expectTypeOf(bytes.batches().next()).resolves.toEqualTypeOf<
    IteratorResult<Buffer[], undefined>
  >();
  expectTypeOf(text).toExtend<AsyncIterable<string> & AsyncDisposable>();
  expectTypeOf(bytes).toExtend<AsyncIterable<Buffer> & AsyncDisposable>();
  expectTypeOf(text.buffer).toEqualTypeOf<BinaryFile>();
  void bytes.write(new Uint8Array(1));
  void text.writelines(stdin);
  // @ts-expect-error bytes are not text
  void text.write(new Uint8Array(1));
  // @ts-expect-error text has to be encoded first
  void bytes.write("x");
  // @ts-expect-error lines of bytes for bytes
  void bytes.writelines(["x"]);
  // @ts-expect-error 0, 1 or 2
  void bytes.seek(0, 3);
  // @ts-expect-error readinto is for bytes
  void text.readinto(new Uint8Array(1));
});

test("whole files are text or bytes by their function", () => {
  expectTypeOf(readText("x", { encoding: "utf-16" })).resolves.toBeString();
  expectTypeOf(readBytes("x")).resolves.toEqualTypeOf<Buffer>();
  expectTypeOf(writeText("x", "y")).resolves.toBeNumber();
  // @ts-expect-error text is written by writeText
  void writeBytes("x", "y");
});
