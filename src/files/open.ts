/*
 * open: files, as Python's `open` opens them.
 */
import type { Stats } from "node:fs";
import { expectInteger, expectMilliseconds, outOfRange } from "../core/arguments.ts";
import type { BinaryFile } from "./binaryFile.ts";
import { type BufferOptions, type EncodingOptions, FilePlan } from "./filePlan.ts";
import type { BinaryMode, TextMode } from "./mode.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { openAny } from "./pipeRaw.ts";
import type { RawFile } from "./rawFile.ts";
import type { TextFile } from "./textFile.ts";
import { placeOfOpening } from "./unclosed.ts";

/** How a file of bytes is opened. */
export interface OpenOptions extends BufferOptions {
  /** The permission bits of a file that is created, less the process's umask. Default 0o666. */
  readonly permissions?: number;
  /**
   * When this process has no descriptor left (`EMFILE`), opening waits for one to be closed, first come, first served;
   * it fails when for so many milliseconds nobody got one. Default 5000.
   */
  readonly patience?: number;
}

/** How a file of text is opened. */
export interface TextOptions extends OpenOptions, EncodingOptions {}

/**
 * Opens a file (`open`, `aiofiles.open`); `await using` closes it.
 *
 * A named pipe holds nobody up but who opens it to write, until somebody reads, and who reads it.
 *
 * **Cancellation:** before the system was asked: nothing happens. After that the file is given, to be closed.
 *
 * @param mode with `"b"` for bytes, else for text. Default `"r"`: text, to be read
 * @throws {@link FileError} `ENOENT`, `EEXIST`, `EACCES`, `EISDIR`, `EMFILE` …
 * @throws TypeError, RangeError for a bad path, mode or option
 *
 * @example
 * ```ts
 * import { open } from "ambit/files";
 *
 * await using file = await open("package.json");
 * JSON.parse(await file.read()).name; // => "ambit"
 * ```
 */
export async function open(
  path: FilePath,
  mode?: TextMode,
  options?: TextOptions,
): Promise<TextFile>;
export async function open(
  path: FilePath,
  mode: BinaryMode,
  options?: OpenOptions,
): Promise<BinaryFile>;
export async function open(
  path: FilePath,
  mode: TextMode | BinaryMode = "r",
  options: TextOptions = {},
): Promise<TextFile | BinaryFile> {
  const opened = placeOfOpening(open);
  const { plan, raw, stats } = await openPlanned(path, mode, options);
  return plan.build(raw, plan.rules.appending ? stats.size : 0, opened);
}

/** A file that was opened, of which nothing was made yet. @internal */
export interface PlannedFile {
  readonly plan: FilePlan;
  readonly raw: RawFile;
  readonly stats: Stats;
}

/** The same, for who makes something else of it, and closes it. @internal */
export async function openPlanned(
  path: FilePath,
  mode: TextMode | BinaryMode,
  options: TextOptions,
): Promise<PlannedFile> {
  expectPath("path", path);
  const plan = new FilePlan(mode, options);
  const { permissions = 0o666, patience = 5000 } = options;
  expectInteger("options.permissions", permissions, 0);
  if (permissions > 0o7777) throw outOfRange("options.permissions", "at most 0o7777", permissions);
  expectMilliseconds("options.patience", patience);
  const { raw, stats } = await openAny(pathOf(path), plan.rules, { permissions, patience });
  return { plan, raw, stats };
}
