/*
 * The folder that flags are saved in. It is made when missing, and tried out at once with a file
 * that is removed again: a folder that takes no files is found out before the first request, also
 * by root, whom permission bits do not tell.
 *
 * Closing it leaves no traces: temporary files of this process are removed, and folders that were
 * made for the run and are still empty. The same is done when the process exits without closing
 * (second Ctrl-C), as then a worker thread may have been stopped in the middle of a file.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

import { temporarySuffix } from "./fileSaver.ts";
import { storageError } from "./storageError.ts";

/** An output folder that is known to take files. */
export class OutputFolder {
  readonly path: string;
  readonly #made: string | undefined;
  readonly #onExit = (): void => this.#sweep();

  /** @throws {@link StorageError} when the folder cannot be made or takes no files */
  constructor(path: string) {
    this.path = resolve(path);
    this.#made = makeFolder(this.path);
    process.on("exit", this.#onExit);
    this.#tryOut();
  }

  close(): void {
    process.off("exit", this.#onExit);
    this.#sweep();
  }

  #tryOut(): void {
    const probe = join(this.path, `.probe${temporarySuffix()}`);
    try {
      writeFileSync(probe, "");
      rmSync(probe);
    } catch (error) {
      this.close();
      throw storageError(`cannot write into the output folder ${this.path}`, error);
    }
  }

  #sweep(): void {
    try {
      for (const name of readdirSync(this.path)) {
        if (name.endsWith(temporarySuffix())) rmSync(join(this.path, name), { force: true });
      }
      if (this.#made !== undefined) removeEmpty(this.path, this.#made);
    } catch {
      // The folder was taken away meanwhile: nothing of ours is left in it.
    }
  }
}

/**
 * Makes the folder; tells the topmost one that had to be made. Level by level, since the recursive
 * mkdir of Node 20 never returns from a place like /proc, where folders cannot be made.
 */
function makeFolder(path: string): string | undefined {
  const missing = missingFolders(path);
  try {
    for (const folder of missing) mkdirSync(folder);
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: "EEXIST" });
    return missing[0];
  } catch (error) {
    if (missing[0] !== undefined) removeEmpty(path, missing[0]);
    throw storageError(`cannot use ${path} as the output folder`, error);
  }
}

/** What is not there of `path`, from the top down. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  return missing;
}

/** Removes empty folders from `path` up to `top`; stops at the first that is in use. */
function removeEmpty(path: string, top: string): void {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      if (readdirSync(folder).length > 0) return;
      rmdirSync(folder);
    }
    if (folder === top) return;
  }
}
