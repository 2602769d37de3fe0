/*
 * Saves small files so that none is ever seen half-written under its final name: each is written
 * under a temporary name in the same folder, then renamed. Files that are saved together get their
 * names only when all are written; after a failure no temporary file is left.
 *
 * Synchronous on purpose. For files of some kilobytes a thread pool costs more than the write, and a
 * call that cannot be interrupted cannot be cancelled halfway.
 */
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

import { storageError } from "./storageError.ts";

/** A file to be: its name inside the folder, and what is in it. */
export interface NewFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Saves files into one folder, each whole or not at all. */
export class FileSaver {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws {@link StorageError} when a file cannot be written or named */
  save(files: readonly NewFile[]): void {
    const written: string[] = [];
    const changed = files.filter((file) => !this.#isThere(file));
    let name = "";
    try {
      for (const file of changed) {
        name = file.name;
        written.push(this.#temporary(name));
        writeWhole(this.#temporary(name), file.content);
      }
      for (const file of changed) {
        name = file.name;
        renameSync(this.#temporary(name), join(this.#folder, name));
      }
    } catch (error) {
      for (const path of written) discard(path);
      throw storageError(`cannot save ${join(this.#folder, name)}`, error);
    }
  }

  /** Replacing a file costs a flush of the disk on some file systems: not for the same content. */
  #isThere({ name, content }: NewFile): boolean {
    return hasContent(join(this.#folder, name), content);
  }

  #temporary(name: string): string {
    return join(this.#folder, `.${name}${temporarySuffix(threadId)}`);
  }
}

function hasContent(path: string, content: Uint8Array): boolean {
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    return size === content.length && readFileSync(path).equals(content);
  } catch {
    // What cannot be read is to be replaced.
    return false;
  }
}

/** What the temporary names of this process end in; of one thread of it, if given. */
export function temporarySuffix(thread: number | "" = ""): string {
  return `${thread === "" ? "" : `.${thread}`}.${process.pid}.part`;
}

/** Removes what there may be of a file; why that fails is told by what made it necessary. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A name that could not be created cannot be removed either.
  }
}

function writeWhole(path: string, content: Uint8Array): void {
  const file = openSync(path, "w");
  try {
    let at = 0;
    while (at < content.length) at += writeSync(file, content, at);
  } finally {
    closeSync(file);
  }
}
