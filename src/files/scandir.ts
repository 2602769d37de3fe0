/*
 * scandir: the things in a folder, one by one, without holding all of them.
 */
import type { Dirent } from "node:fs";
import { BatchedItems } from "./batchedItems.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { DirEntry, kindOf } from "./dirEntry.ts";
import { FolderReader } from "./folderReader.ts";

/** The things in a folder; leaving its `for await`, or its `await using` block, closes it. */
export interface DirEntries extends AsyncIterableIterator<DirEntry, undefined>, AsyncDisposable {
  /** Closes the folder. A step that waits ends, done. */
  return(): Promise<IteratorResult<DirEntry, undefined>>;
}

/**
 * Iterates over what is in a folder (`os.scandir`), in the order in which the system gives it; `.` and `..` are left out.
 *
 * The folder is opened by the first step and read as far as is asked for, some hundred entries at a time. What comes or
 * goes meanwhile may be told or not. An iterator that is not iterated over to its end, or by a `for await`, must be closed
 * by `return()` or `await using`.
 *
 * **Cancellation:** of the scope that called `scandir`: closes the folder, at the step that waits. A narrower one, around
 * one step, loses nothing; the next step goes on.
 *
 * @param path default: the working directory
 * @throws {@link FileError} `ENOENT`, `ENOTDIR`, `EACCES`, from the first step
 *
 * @example
 * ```ts
 * import { scandir } from "ambit/files";
 *
 * const folders: string[] = [];
 * for await (const entry of scandir()) if (entry.isDir()) folders.push(entry.name);
 * folders.includes("src"); // => true
 * ```
 */
export function scandir(path: FilePath = "."): DirEntries {
  expectPath("path", path);
  return new Scan(pathOf(path));
}

class Scan extends BatchedItems<DirEntry> implements DirEntries {
  protected readonly label: string;
  readonly #path: string;
  readonly #reader: FolderReader;

  constructor(path: string) {
    super(true);
    this.label = `scandir '${path}'`;
    this.#path = path;
    this.#reader = new FolderReader("scandir", path);
  }

  protected async fetch(): Promise<DirEntry[] | null> {
    const entries = await this.#reader.read();
    return entries.length === 0 ? null : entries.map(this.#entry);
  }

  readonly #entry = (entry: Dirent): DirEntry =>
    new DirEntry(this.#path, entry.name, kindOf(entry));

  protected close(): void {
    this.#reader.close();
  }
}
