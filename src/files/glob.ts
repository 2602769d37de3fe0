/*
 * glob, iglob: the paths that a pattern means, found by a walk that goes into no folder in vain.
 *
 * Strategy: the walk is asked for those entries only that the pattern means (`globPattern.ts`). Whether a link leads to a
 * folder is looked up only where that makes a difference.
 * Limits: names that are no text are not found as they are. A link back to a folder that it lies in is not gone into.
 */
import { isAbsolute } from "node:path";
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { rethrowIfCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { within } from "./dirEntry.ts";
import { FileError } from "./errors.ts";
import { GlobPattern, type Verdict } from "./globPattern.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { isDir, lstat } from "./status.ts";
import { type WalkEntries, walkSelected } from "./walk.ts";
import type { WalkEntry } from "./walkEntry.ts";

/** What a pattern means, and where it is looked for. */
export interface GlobOptions {
  /** Where a relative pattern begins; paths are told from there. Default: the working directory. */
  readonly rootDir?: FilePath;
  /** Whether `**` means any folders, however deep, or none; otherwise it means what `*` means. Default false. */
  readonly recursive?: boolean;
  /** Whether `*`, `?`, `[…]` and `**` mean names that begin with a dot, too. Default false. */
  readonly includeHidden?: boolean;
  /** How many folders are read at a time; an integer of at least 1. Default 8. */
  readonly limit?: number;
}

/** The paths that a pattern means; leaving its `for await`, or its `await using` block, ends the search. */
export interface GlobPaths extends AsyncIterableIterator<string, undefined>, AsyncDisposable {
  /** Ends the search. A step that waits ends, done. */
  return(): Promise<IteratorResult<string, undefined>>;
}

/**
 * The paths that a pattern means (`glob.glob`), in no order; each once. For many there is {@link iglob}.
 *
 * `*` means any part of a name, `?` one character, `[abc]`, `[a-z]` one of these, `[!abc]` none of these, and with
 * `recursive` `**` any folders; a separator at the end, folders only. Names that begin with a dot are meant by patterns
 * that begin with one, unless `includeHidden`. Only folders are read in which something can be that is meant. Links to
 * folders are followed. What cannot be read, or is not there, has nothing in it.
 *
 * **Cancellation:** ends the search; nothing is changed.
 *
 * @param pattern with the rules of CPython's `glob`: no braces, and no backslashes on systems where these are names
 * @throws RangeError for a pattern that is empty, or has `.` or `..` behind a part with `*`, `?` or `[`
 *
 * @example
 * ```ts
 * import { glob } from "ambit/files";
 *
 * const paths = await glob("**\/walk*.ts", { rootDir: "src", recursive: true });
 * paths.sort(); // => ["files/walk.ts", "files/walkAgenda.ts", "files/walkEntry.ts"]
 * ```
 */
export async function glob(pattern: string, options: GlobOptions = {}): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of iglob(pattern, options)) paths.push(path);
  return paths;
}

/**
 * Iterates over the paths that a pattern means (`glob.iglob`), as {@link glob} finds them, and goes no further ahead than
 * `limit` batches of some hundred entries. An iterator that is not iterated over to its end, or by a `for await`, must be
 * closed by `return()` or `await using`.
 *
 * **Cancellation:** of a step: waits for the calls that the system has begun, closes the folders and ends the search.
 *
 * @throws RangeError as of {@link glob}
 *
 * @example
 * ```ts
 * import { iglob } from "ambit/files";
 *
 * let first = "";
 * for await (const path of iglob("src/files/walkA*.ts")) {
 *   first = path;
 *   break;
 * }
 * first; // => "src/files/walkAgenda.ts"
 * ```
 */
export function iglob(pattern: string, options: GlobOptions = {}): GlobPaths {
  if (typeof pattern !== "string") throw wrongType("pattern", "a string", pattern);
  if (pattern === "" || pattern.includes("\0"))
    throw outOfRange("pattern", "a pattern that is not empty, without a zero byte", pattern);
  const { rootDir = ".", recursive = false, includeHidden = false, limit = 8 } = options;
  expectPath("options.rootDir", rootDir);
  expectInteger("options.limit", limit, 1);
  for (const [name, value] of Object.entries({ recursive, includeHidden }))
    if (typeof value !== "boolean") throw wrongType(`options.${name}`, "true or false", value);
  const compiled = new GlobPattern(pattern, recursive, includeHidden);
  if (compiled.hasDots)
    throw outOfRange("pattern", "a pattern without . and .. behind a part with *, ? or [", pattern);
  return new Glob(pattern, compiled, pathOf(rootDir), limit);
}

/**
 * A pattern that means this text only (`glob.escape`).
 *
 * @example
 * ```ts
 * import { globEscape } from "ambit/files";
 *
 * globEscape("what [draft].txt?"); // => "what [[]draft].txt[?]"
 * ```
 */
export function globEscape(text: string): string {
  if (typeof text !== "string") throw wrongType("text", "a string", text);
  return text.replace(/[*?[]/g, "[$&]");
}

type Step = IteratorResult<string, undefined>;

const DONE: Step = Object.freeze({ done: true, value: undefined });

/** Why there may be nothing to be found. */
const NOTHING = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP", "ENAMETOOLONG"]);

class Glob implements GlobPaths {
  readonly #text: string;
  readonly #pattern: GlobPattern;
  readonly #top: string;
  readonly #entries: WalkEntries;
  #isBegun = false;

  constructor(text: string, pattern: GlobPattern, root: string, limit: number) {
    this.#text = text;
    this.#pattern = pattern;
    this.#top = topOf(root, pattern.base);
    const walkOptions = {
      limit,
      followSymlinks: true,
      enter: (entry: WalkEntry) => pattern.leadsInto(this.#folderOf(entry), entry.name),
      onError: ignoreNothing,
    };
    this.#entries = walkSelected(this.#top, walkOptions, (entry) => this.#judge(entry) !== "none");
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Step> {
    if (!this.#isBegun) {
      this.#isBegun = true;
      const base = await this.#ofBase();
      if (base !== null) return { done: false, value: base };
    }
    if (!this.#pattern.isMagic) return DONE;
    try {
      return await this.#more();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      ignoreNothing(error);
      return DONE;
    }
  }

  async #more(): Promise<Step> {
    for (;;) {
      const { done, value: entry } = await this.#entries.next();
      if (done === true) return DONE;
      const asFolder = this.#pattern.foldersOnly || this.#judge(entry) === "folder";
      if (!asFolder) return { done: false, value: this.#told(entry) };
      if (entry.isDir() || (entry.isSymlink() && (await isDir(entry.path))))
        return { done: false, value: within(this.#told(entry), "") };
    }
  }

  /** What the pattern means without any folder being read. */
  async #ofBase(): Promise<string | null> {
    const { base, isMagic, foldersOnly, takesBase } = this.#pattern;
    if (isMagic)
      return takesBase && base !== "" && (await isDir(this.#top)) ? within(base, "") : null;
    const isThere = foldersOnly ? await isDir(this.#top) : await isThereItself(this.#top);
    return isThere ? this.#text : null;
  }

  #judge(entry: WalkEntry): Verdict {
    return this.#pattern.judge(this.#folderOf(entry), entry.name);
  }

  /** The path of its folder below the top. */
  #folderOf({ parentPath }: WalkEntry): string {
    return parentPath.slice(within(this.#top, "").length);
  }

  #told({ path }: WalkEntry): string {
    const below = path.slice(within(this.#top, "").length);
    const { base } = this.#pattern;
    return base === "" ? below : within(base, below);
  }

  async return(): Promise<Step> {
    this.#isBegun = true;
    await this.#entries.return();
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  [INSPECT](): string {
    return `<iglob '${this.#text}'>`;
  }
}

/** Not normalised: behind a link, `..` is not where it seems to be. */
function topOf(root: string, base: string): string {
  if (base === "") return root;
  return root === "." || isAbsolute(base) ? base : within(root, base);
}

function ignoreNothing(error: FileError): void {
  if (!NOTHING.has(error.code)) throw error;
}

async function isThereItself(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    rethrowIfCancelled(error);
    return false;
  }
}
