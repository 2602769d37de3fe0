/**
 * What the compiler must know about the os family, temporary files, copies, locks, watches and tails. Checked by
 * tests/project/types.test.ts; never run.
 */
import type { BigIntStats, Stats } from "node:fs";
import {
  access,
  atomicWrite,
  type BinaryFile,
  copyFile,
  copyTree,
  type DirEntry,
  type FileLock,
  fileLock,
  namedTemporaryFile,
  scandir,
  type SpooledTemporaryFile,
  spooledTemporaryFile,
  type SpooledTemporaryTextFile,
  stat,
  tail,
  temporaryFile,
  type TextFile,
  utime,
  walk,
  type WalkEntry,
  watch,
  type WatchEvent,
} from "ambit/files";
import { expectTypeOf, test } from "vitest";

test("a status is of numbers, or of bigints where those are asked for", () => {
  expectTypeOf(stat("x")).resolves.toEqualTypeOf<Stats>();
  expectTypeOf(stat(new URL("file:///x"), { bigint: true })).resolves.toEqualTypeOf<BigIntStats>();
  // @ts-expect-error a path is text or a URL
  void stat(3);
  // @ts-expect-error letters, in this order
  void access("x", "xr");
  // @ts-expect-error both times are needed
  void utime("x", { atime: 0 });
});

test("a temporary file is of bytes, or of text by its mode", () => {
  expectTypeOf(temporaryFile()).resolves.toEqualTypeOf<BinaryFile>();
  expectTypeOf(temporaryFile({ mode: "w+b" })).resolves.toEqualTypeOf<BinaryFile>();
  expectTypeOf(namedTemporaryFile({ mode: "w+" })).resolves.toEqualTypeOf<TextFile>();
  expectTypeOf(spooledTemporaryFile({ maxSize: 5 })).toEqualTypeOf<SpooledTemporaryFile>();
  expectTypeOf(spooledTemporaryFile({ mode: "w+" })).toEqualTypeOf<SpooledTemporaryTextFile>();
  // @ts-expect-error bytes have no encoding
  void temporaryFile({ encoding: "utf-8" });
  // @ts-expect-error it could not be written
  void temporaryFile({ mode: "r" });
});

test("a body is text, bytes, or pieces of both", () => {
  const pieces = ["a", new Uint8Array(1)];
  expectTypeOf(atomicWrite("x", pieces)).resolves.toBeVoid();
  expectTypeOf(atomicWrite("x", new ReadableStream<string>())).resolves.toBeVoid();
  // @ts-expect-error numbers are neither
  void atomicWrite("x", [1]);
});

test("copies know their options", () => {
  expectTypeOf(copyFile("a", "b", { reflink: "always", preserve: true })).resolves.toBeVoid();
  // @ts-expect-error a tree has no single total
  void copyTree("a", "b", { progress: (copied: number, total: number) => [copied, total] });
  // @ts-expect-error one of three
  void copyFile("a", "b", { reflink: "never" });
});

test("iterators give what they iterate over", () => {
  expectTypeOf(scandir().next()).resolves.toEqualTypeOf<IteratorResult<DirEntry, undefined>>();
  expectTypeOf(walk("x").next()).resolves.toEqualTypeOf<IteratorResult<WalkEntry, undefined>>();
  expectTypeOf(tail("x").next()).resolves.toEqualTypeOf<IteratorResult<string, undefined>>();
  expectTypeOf(watch("x")).resolves.toExtend<AsyncIterable<WatchEvent>>();
  expectTypeOf<WatchEvent["type"]>().toEqualTypeOf<"change" | "rename" | "overflow">();
});

test("a lock is held until it is released", () => {
  expectTypeOf(fileLock("x", { shared: true, timeout: 5 })).resolves.toEqualTypeOf<FileLock>();
  expectTypeOf<FileLock>().toExtend<AsyncDisposable>();
  // @ts-expect-error it is made by fileLock
  void new (null as unknown as typeof FileLock)();
});
