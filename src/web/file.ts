/*
 * `file`: an answer that is a file.
 *
 * Strategy: the file is opened here, so that what is missing is thrown where the handler can catch it; which of it is
 * sent is settled when the handler has answered (see fileBody.ts), for only then the request is at hand: a handler need
 * not pass it.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import { fileURLToPath } from "node:url";
import { basename } from "node:path";
import { type CacheInput, cacheControlOf } from "./cacheControl.ts";
import { contentDisposition } from "./disposition.ts";
import { type FileVersion, fileTag } from "./etag.ts";
import { FileBody, type FileSettings, USUAL } from "./fileBody.ts";
import { type Dotfiles, pathBelow, Root } from "./fileRoot.ts";
import { NotFound } from "./httpError.ts";
import { mediaTypeOf } from "./mediaType.ts";
import { OpenFile } from "./openFile.ts";
import { Reply, type ReplyInit } from "./reply.ts";

/** How a file is told from another version of it. */
export interface FileVersionOptions {
  /**
   * Whether an `ETag` is sent, or what makes it: the default one differs between machines. Default true.
   */
  readonly etag?: boolean | ((version: FileVersion) => string);
  /** Whether `Last-Modified` is sent. Default true. */
  readonly lastModified?: boolean;
  /** Whether parts may be asked for. Default true. */
  readonly ranges?: boolean;
  /**
   * Whether the file may grow while it's sent, as a log does: what it was at the beginning is sent. Default false: a
   * change breaks the connection off, for the client must not take a mix of two versions for one.
   */
  readonly growing?: boolean;
}

/** How a file is answered with. */
export interface FileOptions extends ReplyInit, FileVersionOptions {
  /**
   * A folder that the file must lie in, links followed. The path is then relative to it and may come from a visitor,
   * decoded: what leads out of the folder, and what begins with a dot, is a 404.
   */
  readonly root?: string;
  /** Makes browsers save it: under its own name, or under this one. */
  readonly download?: boolean | string;
  /** How long it may be kept. Default: nothing is said, and caches guess. */
  readonly cache?: CacheInput;
}

/**
 * An answer that is a file: with its media type, `ETag`, `Last-Modified`; conditional requests and ranges are answered as
 * RFC 9110 has it, when the request is a GET or HEAD and the status 200.
 *
 * Without `root`, the path must not be made of what a visitor has sent.
 *
 * **Cancellation:** the file is closed.
 *
 * @param path relative to `root`, or to the current folder; or a file URL
 * @throws {@link NotFound} when there is no such file, or it's a folder, a device or a pipe, or not in `root`
 * @throws {@link Forbidden} when the system doesn't let us read it
 * @throws {@link ServiceUnavailable} when too many files have been open for five seconds
 * @throws TypeError or RangeError when an option is not as it should be
 *
 * @example
 * ```ts
 * import { file } from "ambit/web";
 *
 * const reply = await file("package.json", { download: "our package.json" });
 * reply.type; // => "application/json"
 * reply.headers.get("content-disposition"); // => 'attachment; filename="our package.json"'
 * ```
 */
export async function file(path: string | URL, options: FileOptions = NONE): Promise<Reply> {
  const { root, download = false, cache } = options;
  const settings = versionSettings(options);
  const folder = root === undefined ? null : new Root("options.root", root);
  const place = placeOf(path, folder);
  const reply = new Reply(null, options);
  reply.type ??= mediaTypeOf(place);
  if (download !== false)
    reply.headers.set(
      "content-disposition",
      contentDisposition("attachment", download === true ? basename(place) : download),
    );
  if (cache !== undefined)
    reply.headers.set("cache-control", cacheControlOf("options.cache", cache));
  const opened = await OpenFile.open(place, folder, options.growing ?? false);
  reply.body = new FileBody(opened, settings);
  return reply;
}

const NONE: FileOptions = {};
const DOTFILES: Dotfiles = "ignore";

function placeOf(path: string | URL, root: Root | null): string {
  const text = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof text !== "string" || text === "")
    throw wrongType("path", "the path of a file or a file URL", path);
  if (root === null) return text;
  const place = pathBelow(root, text, DOTFILES);
  if (place === null || text.endsWith("/")) throw new NotFound();
  return place;
}

/** @internal */
export function versionSettings(options: FileVersionOptions): FileSettings {
  const { etag = true, lastModified = true, ranges = true } = options;
  if (etag === true && lastModified && ranges) return USUAL;
  if (typeof etag === "boolean") return { tag: etag ? fileTag : null, lastModified, ranges };
  expectFunction("options.etag", etag);
  return { tag: etag, lastModified, ranges };
}
