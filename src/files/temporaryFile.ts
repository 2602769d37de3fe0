/*
 * Files that are there as long as they are used: without a name, with one, and in memory as long as they are small.
 *
 * Strategy: see `openTemporary.ts` and `spooledRaw.ts`. One that has a name loses it when it is closed: with its block,
 * at the end of its run, or of the process.
 * Limits: see `exitCleanup.ts` for those that have a name; on Windows all have.
 */
import { expectInteger, outOfRange } from "../core/arguments.ts";
import { onRunnerEnd } from "../core/run.ts";
import type { BinaryFile } from "./binaryFile.ts";
import {
  type BufferOptions,
  type EncodingOptions,
  FilePlan,
  type PlanOptions,
} from "./filePlan.ts";
import type { BinaryMode, TextMode } from "./mode.ts";
import { openNamed, openNameless } from "./openTemporary.ts";
import { SpooledTemporaryFile, SpooledTemporaryTextFile } from "./spooledFile.ts";
import { SpooledRaw } from "./spooledRaw.ts";
import { type TemporaryOptions, temporaryPath } from "./temporaryName.ts";
import type { TextFile } from "./textFile.ts";
import { placeOfOpening } from "./unclosed.ts";

/** How a temporary file of bytes is made. */
export interface TemporaryFileOptions extends TemporaryOptions, BufferOptions {
  /** Bytes; the default. */
  readonly mode?: "w+b" | "wb+";
}

/** How a temporary file of text is made. */
export interface TemporaryTextOptions extends TemporaryOptions, BufferOptions, EncodingOptions {
  /** Text. */
  readonly mode: "w+" | "w+t" | "wt+";
}

interface AnyOptions extends TemporaryOptions, PlanOptions {
  readonly mode?: TextMode | BinaryMode;
}

function planOf({ mode = "w+b", ...options }: AnyOptions): FilePlan {
  const plan = new FilePlan(mode, options);
  if (/^w.*\+/.test(mode)) return plan;
  throw outOfRange("options.mode", "w+ or w+b: it is written and read", mode);
}

/**
 * Makes a file without a name, to be written and read (`tempfile.TemporaryFile`). Only this process can reach it; it is
 * gone when it is closed, and when the process ends, however that happens.
 *
 * **Cancellation:** waits until the system has made it; then it is given, to be closed.
 *
 * @throws {@link FileError} when no file can be made there
 *
 * @example
 * ```ts
 * import { temporaryFile } from "ambit/files";
 *
 * await using file = await temporaryFile();
 * await file.write(Buffer.from("notes"));
 * await file.seek(0);
 * String(await file.read()); // => "notes"
 * ```
 */
export async function temporaryFile(options: TemporaryTextOptions): Promise<TextFile>;
export async function temporaryFile(options?: TemporaryFileOptions): Promise<BinaryFile>;
export async function temporaryFile(options: AnyOptions = {}): Promise<TextFile | BinaryFile> {
  const opened = placeOfOpening(temporaryFile);
  const plan = planOf(options);
  return plan.build(await openNameless(options), 0, opened);
}

/**
 * Makes a file for this user alone, to be written and read, that is removed when it is closed
 * (`tempfile.NamedTemporaryFile`); `path` says where.
 *
 * `await using` closes it however the block ends. One that is not closed so goes at the end of its `run`, or of the
 * process when that ends by itself, by `process.exit`, or by a signal that the program handles (`run` handles SIGINT and
 * SIGTERM). A process that is killed leaves it where it is.
 *
 * **Cancellation:** waits until the system has made it; then it is given, to be closed.
 *
 * @throws {@link FileError} when no file can be made there
 *
 * @example
 * ```ts
 * import { exists, namedTemporaryFile } from "ambit/files";
 *
 * const file = await namedTemporaryFile({ mode: "w+", suffix: ".csv" });
 * await file.write("a;b\n");
 * await file.flush(); // now others find it at file.path
 * await file.close();
 * await exists(file.path); // => false
 * ```
 */
export async function namedTemporaryFile(options: TemporaryTextOptions): Promise<TextFile>;
export async function namedTemporaryFile(options?: TemporaryFileOptions): Promise<BinaryFile>;
export async function namedTemporaryFile(options: AnyOptions = {}): Promise<TextFile | BinaryFile> {
  const plan = planOf(options);
  const raw = await openNamed(options);
  const file = plan.build(raw, 0);
  raw.whenGone(onRunnerEnd(() => file.close()));
  return file;
}

/** What is kept in memory. */
export interface SpooledOptions {
  /** Bytes that are kept in memory, an integer of at least 0. Default 1 MiB. */
  readonly maxSize?: number;
}

/**
 * Makes a file in memory, to be written and read, that moves to the disk when it becomes larger than `maxSize`
 * (`tempfile.SpooledTemporaryFile`). On the disk it has no name; it is gone when it is closed.
 *
 * @throws RangeError when `maxSize` is no integer of at least 0
 *
 * @example
 * ```ts
 * import { spooledTemporaryFile } from "ambit/files";
 *
 * await using file = spooledTemporaryFile({ maxSize: 10 });
 * await file.write(Buffer.from("small"));
 * await file.flush();
 * file.rolled; // => false
 * await file.write(Buffer.from(" and larger"));
 * await file.flush();
 * file.rolled; // => true
 * ```
 */
export function spooledTemporaryFile(
  options: TemporaryTextOptions & SpooledOptions,
): SpooledTemporaryTextFile;
export function spooledTemporaryFile(
  options?: TemporaryFileOptions & SpooledOptions,
): SpooledTemporaryFile;
export function spooledTemporaryFile(
  options: AnyOptions & SpooledOptions = {},
): SpooledTemporaryTextFile | SpooledTemporaryFile {
  const { maxSize = 1024 * 1024 } = options;
  expectInteger("options.maxSize", maxSize, 0);
  temporaryPath(options); // Refuses bad options now, not when it moves.
  const plan = planOf(options);
  const raw = new SpooledRaw(maxSize, options);
  const buffered = plan.buffer(raw, 0);
  const text = plan.textRules(raw);
  if (text !== null) return new SpooledTemporaryTextFile(buffered, text, raw);
  return new SpooledTemporaryFile(buffered, plan.maxLineLength, raw);
}
