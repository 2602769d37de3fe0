/*
 * staticFiles: the handler that serves a folder; what `app.static(prefix, folder)` puts at `prefix/*path`.
 *
 * Strategy: the path of the request was decoded once, by the router, and never is again: `%252e` is a name with a percent
 * sign. It passes both gates of fileRoot.ts. What isn't there, what must not be seen and what is no file are one and the
 * same 404, so that nobody learns which. The reply is fitted to the request here already: middlewares see the 304 or 206
 * that is sent.
 * A folder without its `/` is redirected by a relative reference, which can't lead to another host and holds behind any
 * proxy.
 */
import { basename } from "node:path";
import { expectFunction, wrongType } from "../core/arguments.ts";
import { type CacheInput, cacheControlOf } from "./cacheControl.ts";
import { directoryListing } from "./directoryListing.ts";
import { type FileVersionOptions, versionSettings } from "./file.ts";
import { FileBody, type FileSettings } from "./fileBody.ts";
import { type Dotfiles, pathBelow, Root } from "./fileRoot.ts";
import type { Handler } from "./handler.ts";
import { NotFound } from "./httpError.ts";
import { isCompressible, mediaTypeOf } from "./mediaType.ts";
import { IsFolder, OpenFile } from "./openFile.ts";
import { type FileCoding, openCoded } from "./precompressed.ts";
import { Reply } from "./reply.ts";
import { type HeadersInput, ReplyHeaders } from "./replyHeaders.ts";

/** How a folder is served. */
export interface StaticOptions extends FileVersionOptions {
  /** The file that stands for its folder; several are tried in turn; false for none. Default `index.html`. */
  readonly index?: string | readonly string[] | false;
  /** Whether a folder without such a file is shown as a list of its names. Default false: 404. */
  readonly listing?: boolean;
  /** Whether what begins with a dot is served. Default `ignore`: 404. */
  readonly dotfiles?: Dotfiles;
  /** Whether links may lead out of the folder. Default false: 404. */
  readonly followSymlinks?: boolean;
  /**
   * Whether `app.js.br` and `app.js.gz`, where they lie beside `app.js`, are sent to who accepts them; or which, best
   * first. Default false.
   */
  readonly precompressed?: boolean | readonly FileCoding[];
  /**
   * How long copies may be kept: for all, or by a function of the path below the folder. Default: nothing is said, and
   * caches guess.
   */
  readonly cache?: CacheInput | ((path: string) => CacheInput | undefined);
  /** Headers of every file. */
  readonly headers?: HeadersInput;
  /** More media types, by extension without the dot: `{ gpx: "application/gpx+xml" }`. */
  readonly types?: Readonly<Record<string, string>>;
}

/**
 * A handler that serves the files of a folder, for a route that ends in `*path`. `app.static` makes the route, too.
 *
 * **Cancellation:** the file is closed, and nothing more is sent.
 *
 * @throws TypeError when an option is not as it should be
 *
 * @example
 * ```ts
 * import { staticFiles } from "ambit/web";
 *
 * const handler = staticFiles("public", { cache: { maxAge: 3_600_000 } });
 * typeof handler; // => "function"
 * ```
 */
export function staticFiles(
  folder: string,
  options: StaticOptions = {},
): Handler<{ readonly path?: string }> {
  const files = new Folder(folder, options);
  return (request) => files.answer(request);
}

/** What of a request is looked at. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: { get(name: string): string | null };
  readonly params: { readonly path?: string };
}

class Folder {
  readonly #root: Root;
  /** Null when links may lead anywhere. */
  readonly #fence: Root | null;
  readonly #settings: FileSettings;
  readonly #growing: boolean;
  readonly #indexes: readonly string[];
  readonly #listing: boolean;
  readonly #dotfiles: Dotfiles;
  readonly #codings: readonly FileCoding[];
  readonly #cache: ((path: string) => string | undefined) | null;
  readonly #headers: HeadersInput | null;
  readonly #types: Readonly<Record<string, string>> | null;

  constructor(folder: string, options: StaticOptions) {
    this.#root = new Root("folder", folder);
    this.#fence = options.followSymlinks === true ? null : this.#root;
    this.#settings = versionSettings(options);
    this.#growing = options.growing ?? false;
    this.#indexes = indexesOf(options.index ?? "index.html");
    this.#listing = options.listing ?? false;
    this.#dotfiles = dotfilesOf(options.dotfiles ?? "ignore");
    this.#codings = codingsOf(options.precompressed ?? false);
    this.#cache = cacheOf(options.cache);
    this.#headers = options.headers === undefined ? null : [...new ReplyHeaders(options.headers)];
    this.#types = options.types ?? null;
  }

  async answer(request: Asked): Promise<Reply> {
    const name = request.params.path ?? "";
    const path = pathBelow(this.#root, name, this.#dotfiles);
    if (path === null) throw new NotFound();
    const isFolder = name === "" || name.endsWith("/");
    if (isFolder) return this.#folder(request, path, name);
    try {
      return await this.#file(request, path, name);
    } catch (error) {
      if (!(error instanceof IsFolder) || !(this.#listing || (await this.#hasIndex(path))))
        throw error;
      return new Reply(null, { status: 301, headers: { location: withSlash(request) } });
    }
  }

  async #folder(request: Asked, path: string, name: string): Promise<Reply> {
    for (const index of this.#indexes) {
      try {
        return await this.#file(request, `${path}/${index}`, name + index);
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
      }
    }
    if (!this.#listing) throw new NotFound();
    return this.#list(request, path, name);
  }

  async #list(request: Asked, path: string, name: string): Promise<Reply> {
    try {
      // Only opening it tells where it really lies.
      close(await this.#open(path));
    } catch (error) {
      if (!(error instanceof IsFolder)) throw error;
      return directoryListing(path, titleOf(request), this.#dotfiles, name === "");
    }
    throw new NotFound();
  }

  async #file(request: Asked, path: string, name: string): Promise<Reply> {
    const type = mediaTypeOf(path, this.#types);
    const codings = isCompressible(type) ? this.#codings : NONE;
    const accepted = codings === NONE ? null : request.headers.get("accept-encoding");
    const { coding, opened } = await openCoded(path, accepted, codings, (path) => this.#open(path));
    const reply = new Reply(new FileBody(opened, this.#settings), { type });
    if (this.#headers !== null) reply.headers.addAll(this.#headers);
    if (codings.length > 0) reply.headers.vary("Accept-Encoding");
    if (coding !== null) reply.headers.set("content-encoding", coding);
    const cache = this.#cache?.(name);
    if (cache !== undefined) reply.headers.set("cache-control", cache);
    await (reply.body as FileBody).fit(request, reply);
    return reply;
  }

  #open(path: string): Promise<OpenFile> {
    return OpenFile.open(path, this.#fence, this.#growing);
  }

  async #hasIndex(path: string): Promise<boolean> {
    for (const index of this.#indexes) {
      const found = await this.#open(`${path}/${index}`).then(close, notFound);
      if (found !== null) return true;
    }
    return false;
  }
}

const NONE: readonly FileCoding[] = [];

function close(file: OpenFile): undefined {
  file.close();
}

/** Null for what isn't there. */
function notFound(error: unknown): null {
  if (error instanceof NotFound) return null;
  throw error;
}

/** The last segment of the request's own path with a `/`, to be resolved against that path. */
function withSlash({ path, search }: Asked): string {
  return `./${path.slice(path.lastIndexOf("/") + 1)}/${search}`;
}

function titleOf({ path }: Asked): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function indexesOf(index: string | readonly string[] | false): readonly string[] {
  const names = index === false ? [] : typeof index === "string" ? [index] : index;
  for (const name of names)
    if (typeof name !== "string" || name === "" || basename(name) !== name)
      throw wrongType("options.index", "names of files", index);
  return names;
}

function dotfilesOf(dotfiles: Dotfiles): Dotfiles {
  if (dotfiles === "ignore" || dotfiles === "allow") return dotfiles;
  throw wrongType("options.dotfiles", "`ignore` or `allow`", dotfiles);
}

function codingsOf(input: boolean | readonly FileCoding[]): readonly FileCoding[] {
  if (typeof input === "boolean") return input ? ["br", "gzip"] : NONE;
  for (const coding of input)
    if (coding !== "br" && coding !== "gzip")
      throw wrongType("options.precompressed", "a list of `br` and `gzip`", input);
  return input;
}

function cacheOf(cache: StaticOptions["cache"]): ((path: string) => string | undefined) | null {
  if (cache === undefined) return null;
  if (typeof cache !== "function") {
    const value = cacheControlOf("options.cache", cache);
    return () => value;
  }
  expectFunction("options.cache", cache);
  return (path) => {
    const input = cache(path);
    return input === undefined ? undefined : cacheControlOf("options.cache()", input);
  };
}
