/*
 * walk: everything below a folder, one by one.
 *
 * Strategy: the work is cut into readings of one batch of one folder (`walkAgenda.ts`); `mapConcurrent` does so many of
 * them at a time, holds them back when nobody asks, and ends them when the walk is left. A reading goes on with what it
 * found itself, as long as no other is in want of it. When it ends, all of it happens in one step (`#tell`): its entries
 * are put behind those of the readings that ended before, its folders left to others, those that it read to their end
 * counted off. So what one reading tells is never before what it rests on, whatever order the system answers in; and
 * bottom-up, a folder comes out of the reading that told the last of what is below it.
 * Limits: the names of folders that are still to be read are kept, however many; files are not. What comes or goes during
 * the walk may be told or not.
 */
import type { Dirent } from "node:fs";
import { expectFunction, expectInteger } from "../core/arguments.ts";
import { mapConcurrent } from "../flow/mapConcurrent.ts";
import { BatchedItems } from "./batchedItems.ts";
import { FileError } from "./errors.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { kindOf } from "./dirEntry.ts";
import { FolderReader } from "./folderReader.ts";
import { stat } from "./status.ts";
import { WalkAgenda, WalkFolder } from "./walkAgenda.ts";
import { WalkEntry } from "./walkEntry.ts";

/** How a folder is walked through. */
export interface WalkOptions {
  /** A folder comes before what is in it (default), or after all of it. */
  readonly topDown?: boolean;
  /**
   * Whether links to folders are gone into. Default false. A link that leads back to a folder that it lies in is told,
   * but not gone into.
   */
  readonly followSymlinks?: boolean;
  /** Asked for each folder (and each link, where those are followed): whether what is in it is wanted. */
  readonly enter?: (entry: WalkEntry) => boolean;
  /**
   * Told of folders that cannot be read; the walk goes on. Without it, the first such error ends the walk. That the
   * folder has gone meanwhile is no error.
   */
  readonly onError?: (error: FileError) => void;
  /** How many folders are read at a time; an integer of at least 1. Default 8; with 1, one after the other. */
  readonly limit?: number;
}

/** What is below a folder; leaving its `for await`, or its `await using` block, ends the walk. */
export interface WalkEntries extends AsyncIterableIterator<WalkEntry, undefined>, AsyncDisposable {
  /** Ends the walk and closes the folders. A step that waits ends, done. */
  return(): Promise<IteratorResult<WalkEntry, undefined>>;
}

/**
 * Iterates over everything below a folder, the folder itself left out (`os.walk`, entry by entry).
 *
 * What is in one folder comes in the order of the system; with a `limit` above 1, what is in several folders comes mixed.
 * The walk goes no further ahead than `limit` batches of some hundred entries. It begins with the first step; an iterator
 * that is not iterated over to its end, or by a `for await`, must be closed by `return()` or `await using`.
 *
 * **Cancellation:** of a step: waits for the calls that the system has begun, closes the folders and ends the walk.
 *
 * @throws {@link FileError} `ENOENT`, `ENOTDIR`, `EACCES`: of the top folder, or of any when there is no `onError`
 * @throws what `enter` or `onError` throws
 * @throws RangeError when `limit` is less than 1
 *
 * @example
 * ```ts
 * import { walk } from "ambit/files";
 *
 * const names: string[] = [];
 * for await (const entry of walk("src/files")) if (entry.isFile()) names.push(entry.name);
 * names.includes("walk.ts"); // => true
 * ```
 */
export function walk(top: FilePath, options: WalkOptions = {}): WalkEntries {
  expectPath("top", top);
  const { limit = 8, enter, onError } = options;
  expectInteger("options.limit", limit, 1);
  if (enter !== undefined) expectFunction("options.enter", enter);
  if (onError !== undefined) expectFunction("options.onError", onError);
  return new Walk(pathOf(top), options, limit);
}

/**
 * A walk that tells only the entries that are selected, and goes on below the others.
 * @internal
 */
export function walkSelected(
  top: string,
  options: WalkOptions,
  selects: (entry: WalkEntry) => boolean,
): WalkEntries {
  return new Walk(top, options, options.limit ?? 8, selects);
}

/** Folders and entries that are worth being told together: one by one, the telling costs more than the reading. */
const ENOUGH = 64;

/** What a reading has found. */
interface Finds {
  readonly entries: WalkEntry[];
  /** To be read, some of them further. */
  readonly folders: WalkFolder[];
  /** Read to their end. */
  readonly ended: WalkFolder[];
}

class Walk extends BatchedItems<WalkEntry> implements WalkEntries {
  protected readonly label: string;
  readonly #options: WalkOptions;
  readonly #selects: ((entry: WalkEntry) => boolean) | null;
  readonly #topDown: boolean;
  readonly #followSymlinks: boolean;
  readonly #agenda: WalkAgenda;
  /** Gives one result for each reading that has ended. */
  readonly #readings: AsyncIterableIterator<void, undefined>;
  /** What readings have told, in the order in which they ended. */
  readonly #told: WalkEntry[][] = [];
  readonly #opened = new Set<FolderReader>();

  constructor(
    top: string,
    options: WalkOptions,
    limit: number,
    selects: ((entry: WalkEntry) => boolean) | null = null,
  ) {
    super(false);
    this.#selects = selects;
    this.label = `walk '${top}'`;
    this.#options = options;
    this.#topDown = options.topDown ?? true;
    this.#followSymlinks = options.followSymlinks ?? false;
    this.#agenda = new WalkAgenda(new WalkFolder(top, null, null));
    const walkFolder = (folder: WalkFolder): Promise<void> => this.#read(folder);
    this.#readings = mapConcurrent(this.#agenda, walkFolder, { limit, ordered: false });
  }

  protected async fetch(): Promise<WalkEntry[] | null> {
    const { done } = await this.#readings.next();
    return done === true ? null : (this.#told.shift() ?? []);
  }

  protected async close(): Promise<void> {
    try {
      await this.#readings.return?.();
    } finally {
      for (const reader of this.#opened) reader.close();
    }
  }

  /** Batches of folders until it is worth telling. */
  async #read(first: WalkFolder): Promise<void> {
    const finds: Finds = { entries: [], folders: [], ended: [] };
    let seen = 0;
    for (let folder: WalkFolder | null = first; folder !== null;) {
      const entries = await this.#tryToRead(folder);
      this.#sort(folder, entries, finds);
      (folder.reader === null ? finds.ended : finds.folders).push(folder);
      seen += entries.length + 1;
      folder = seen < ENOUGH ? this.#goOn(finds) : null;
    }
    this.#tell(finds);
  }

  #goOn({ folders }: Finds): WalkFolder | null {
    if (folders.length > 1 && this.#agenda.isWanted) return null;
    return folders.pop() ?? this.#agenda.takeNow();
  }

  /** Bottom-up, folders that are complete now come now. */
  #tell({ entries, folders, ended }: Finds): void {
    for (const folder of ended) this.#complete(folder, entries);
    this.#told.push(entries);
    this.#agenda.finish(folders);
  }

  /** The next entries of a folder; closes it when they are the last, or it cannot be read. */
  async #tryToRead(folder: WalkFolder): Promise<readonly Dirent[]> {
    try {
      folder.reader ??= await this.#open(folder);
      const entries = (await folder.reader?.read()) ?? [];
      if (folder.reader?.ended === true) this.#close(folder);
      return entries;
    } catch (error) {
      this.#onError(folder, error);
      this.#close(folder);
      return [];
    }
  }

  /** Null when it is not to be gone into. */
  async #open(folder: WalkFolder): Promise<FolderReader | null> {
    if (this.#followSymlinks && (await this.#isCircle(folder))) return null;
    const reader = new FolderReader("walk", folder.path);
    this.#opened.add(reader);
    return reader;
  }

  #close(folder: WalkFolder): void {
    const { reader } = folder;
    folder.reader = null;
    if (reader !== null && this.#opened.delete(reader)) reader.close();
  }

  #onError(folder: WalkFolder, error: unknown): void {
    if (!(error instanceof FileError)) throw error;
    const isGone = error.code === "ENOENT" || error.code === "ENOTDIR";
    if (isGone && folder.above !== null) return;
    if (folder.above === null || this.#options.onError === undefined) throw error;
    this.#options.onError(error);
  }

  /** Whether a folder is one of those that it lies in. */
  async #isCircle(folder: WalkFolder): Promise<boolean> {
    const { dev, ino } = await stat(folder.path, { bigint: true });
    folder.identity = `${dev}:${ino}`;
    for (let at = folder.above; at !== null; at = at.above)
      if (at.identity === folder.identity) return true;
    return false;
  }

  /** What is told now, and what is to be read. */
  #sort(folder: WalkFolder, entries: readonly Dirent[], finds: Finds): void {
    for (const dirent of entries) {
      const entry = new WalkEntry(folder.path, dirent.name, kindOf(dirent), folder.depth + 1);
      const enters = this.#enters(entry);
      if (enters) finds.folders.push(new WalkFolder(entry.path, entry, folder));
      if (this.#selects?.(entry) === false) continue;
      if (this.#topDown || !enters) finds.entries.push(entry);
    }
  }

  #enters(entry: WalkEntry): boolean {
    if (!entry.isDir() && !(this.#followSymlinks && entry.isSymlink())) return false;
    return this.#options.enter?.(entry) ?? true;
  }

  /** All of a folder is told: bottom-up it comes now, and with it those that waited for it alone. */
  #complete(folder: WalkFolder, entries: WalkEntry[]): void {
    for (let at: WalkFolder | null = folder; at !== null && --at.open === 0; at = at.above)
      if (!this.#topDown && at.entry !== null) entries.push(at.entry);
  }
}
