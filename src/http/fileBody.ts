/*
 * A body that is a file, or a range of one, named by its path.
 *
 * Strategy: its size is asked for when the body is made, so that the server can be told the length;
 * the file is opened when the body is sent, each time anew, and read piece by piece.
 */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { FileChunks } from "./fileChunks.ts";
import type { RequestBody } from "./requestBody.ts";

/** Which bytes of a file, and what they are. */
export interface FileBodyOptions {
  /** Bytes to leave out at the beginning. Default 0. */
  readonly start?: number;
  /** Where to end: the position after the last byte, as for `slice`. Default: the file's end. */
  readonly end?: number;
  /** Default: none. */
  readonly contentType?: string;
}

/**
 * A body that is a file, read while it is sent, with back-pressure; can be sent again. The server is
 * told its length. A file that has become shorter or longer meanwhile fails the request with a
 * RequestBodyError; with `end`, it may grow.
 *
 * The file's size is asked for now, it is opened when the body is sent. Of what has no size, such as
 * a named pipe, everything up to its end is sent, and the server is not told the length.
 *
 * **Cancellation:** the file is closed before the request throws.
 *
 * @throws Error of Node's (`ENOENT`, `EACCES`, …) when there is no such file
 * @throws TypeError when it is a folder
 * @throws RangeError when `start` and `end` are no range of it
 *
 * @example
 * ```ts
 * import { fileBody } from "ambit/http";
 *
 * const body = fileBody("package.json", { end: 1, contentType: "application/json" });
 * body.length; // => 1
 * ```
 */
export function fileBody(path: string | URL, options: FileBodyOptions = {}): FileBody {
  return new FileBody(path, options);
}

/** What {@link fileBody} makes. */
export class FileBody implements RequestBody {
  readonly length: number | null;
  readonly contentType: string | null;
  readonly replayable: boolean = true;
  readonly #path: string;
  readonly #start: number | null;
  readonly #toEnd: boolean;

  /** @internal */
  constructor(path: string | URL, options: FileBodyOptions) {
    const { start = 0, end, contentType = null } = options;
    this.#path = pathOf(path);
    expectInteger("options.start", start, 0);
    if (end !== undefined) expectInteger("options.end", end, start);
    if (contentType !== null && typeof contentType !== "string")
      throw wrongType("options.contentType", "a string", contentType);
    const size = sizeOf(this.#path);
    if (size === null && (start > 0 || end !== undefined))
      throw new TypeError(`fileBody: ${this.#path} has no size, so there is no range of it`);
    if (size !== null && (end ?? start) > size)
      throw outOfRange("options", `a range of the ${size} bytes of ${this.#path}`, options);
    this.length = size === null ? null : (end ?? size) - start;
    this.contentType = contentType;
    this.#start = size === null ? null : start;
    this.#toEnd = end === undefined;
  }

  /** The last part of the path. */
  get name(): string {
    return basename(this.#path);
  }

  /** The bytes of the file, read as they are asked for. */
  open(): AsyncIterable<Uint8Array> {
    return new FileChunks(this.#path, this.#start, this.length, this.#toEnd);
  }
}

function pathOf(path: string | URL): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path === "string") return path;
  throw wrongType("path", "a string or a file URL", path);
}

/** In bytes; null for what has none, such as a pipe. */
function sizeOf(path: string): number | null {
  const stats = statSync(path);
  if (stats.isDirectory())
    throw new TypeError(`fileBody: ${path} is a folder: send its files one by one`);
  return stats.isFile() ? stats.size : null;
}
