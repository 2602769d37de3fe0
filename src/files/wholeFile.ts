/*
 * Whole files in one call (`pathlib.Path.read_text` and its like).
 *
 * Strategy: nobody else has a file that is written so, and nothing is gathered: the bytes go straight to the descriptor.
 * Limits: what has no positions (a pipe, a terminal) is written as an open file is.
 */
import { wrongType } from "../core/arguments.ts";
import { protect } from "../core/shield.ts";
import type { BinaryFile } from "./binaryFile.ts";
import type { FilePlan } from "./filePlan.ts";
import { open, type OpenOptions, openPlanned, type TextOptions } from "./open.ts";
import type { FilePath } from "./path.ts";
import type { RawFile } from "./rawFile.ts";
import { MOST } from "./readBuffer.ts";
import type { TextFile, TextFileRules } from "./textFile.ts";
import { lengthOf } from "./textReader.ts";
import { contentOf } from "./textWriter.ts";

interface Closable {
  close(): Promise<void>;
}

/**
 * Reads a file as text (`Path.read_text`).
 *
 * **Cancellation:** the call of the system that runs is waited for; the file is closed.
 *
 * @throws {@link FileError} `ENOENT`, `EACCES`, `EISDIR` …
 * @throws {@link UnicodeDecodeError} when there are bytes that mean nothing, unless `errors` allows for them
 *
 * @example
 * ```ts
 * import { readText } from "ambit/files";
 *
 * JSON.parse(await readText("package.json")).name; // => "ambit"
 * ```
 */
export async function readText(path: FilePath, options: TextOptions = {}): Promise<string> {
  return await closing(await open(path, "r", options), (file) => file.read());
}

/**
 * Reads a file (`Path.read_bytes`).
 *
 * **Cancellation:** the call of the system that runs is waited for; the file is closed.
 *
 * @throws {@link FileError} `ENOENT`, `EACCES`, `EISDIR` …
 */
export async function readBytes(path: FilePath, options: OpenOptions = {}): Promise<Buffer> {
  return await closing(await open(path, "rb", options), (file) => file.read());
}

/**
 * Writes text as the content of a file (`Path.write_text`); what was in it before is gone. For a file that must never be
 * seen half written there is `atomicWrite`.
 *
 * **Cancellation:** before the file was opened: nothing happens. After that all is written.
 *
 * @returns how many characters: all
 * @throws {@link FileError} `EACCES`, `ENOSPC`, `EISDIR` …; the file may be empty or half written then
 * @throws {@link UnicodeEncodeError} when the encoding has not all of its characters; the file is empty then
 *
 * @example
 * ```ts
 * import { readText, temporaryDirectory, writeText } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await writeText(`${folder.path}/greeting`, "Grüße\n", { encoding: "latin-1" }); // => 6
 * await readText(`${folder.path}/greeting`, { encoding: "latin-1" }); // => "Grüße\n"
 * ```
 */
export async function writeText(
  path: FilePath,
  text: string,
  options: TextOptions = {},
): Promise<number> {
  if (typeof text !== "string") throw wrongType("text", "a string", text);
  const { plan, raw } = await openPlanned(path, "w", options);
  if (raw.seekable) return await protect(() => closing(raw, () => writeContent(plan, raw, text)));
  return await closing(plan.build(raw, 0) as TextFile, (file) => protect(() => file.write(text)));
}

/**
 * Writes bytes as the content of a file (`Path.write_bytes`); otherwise like {@link writeText}.
 *
 * **Cancellation:** before the file was opened: nothing happens. After that all is written.
 *
 * @returns how many bytes: all
 */
export async function writeBytes(
  path: FilePath,
  data: Uint8Array,
  options: OpenOptions = {},
): Promise<number> {
  if (!(data instanceof Uint8Array)) throw wrongType("data", "a Uint8Array", data);
  const { plan, raw } = await openPlanned(path, "wb", options);
  if (raw.seekable) return await protect(() => closing(raw, () => writeThrough(raw, data)));
  return await closing(plan.build(raw, 0) as BinaryFile, (file) => protect(() => file.write(data)));
}

async function writeContent(plan: FilePlan, raw: RawFile, text: string): Promise<number> {
  await writeThrough(raw, contentOf(text, plan.textRules(raw) as TextFileRules));
  return lengthOf(text);
}

async function writeThrough(raw: RawFile, data: Uint8Array): Promise<number> {
  for (let at = 0; at < data.length;)
    at += await raw.write(data, at, Math.min(data.length - at, MOST), at);
  return data.length;
}

/** With `await using`, the error of closing would hide the body's. */
async function closing<F extends Closable, T>(file: F, body: (file: F) => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await body(file);
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
  await file.close();
  return result;
}
