/*
 * rmtree: removes a folder with all that is in it.
 *
 * Strategy: depth first; folders one after the other, the files of a folder several at a time. A folder that got something
 * new meanwhile is gone through again, as long as that removes something. Names are handled as the bytes that the system
 * has, so that one that is no text can be removed too. Links are removed, never followed: not even one that is put in a
 * folder's place meanwhile, where the system allows for it (`treeCursor.ts`).
 * A few trees are removed at a time: each holds a folder open while it waits for another, and all descriptors together
 * could be held so.
 * Limits: on other systems than Linux, don't remove trees of people that you don't trust as another user than they are.
 */
import { lstat, rmdir, type Stats, unlink } from "node:fs";
import { expectFunction } from "../core/arguments.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { FileError } from "./errors.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";
import { type Done, systemCall } from "./systemCall.ts";
import { atOnce } from "./atOnce.ts";
import { FolderReader } from "./folderReader.ts";
import { inside, type TreeCursor, treeCursor } from "./treeCursor.ts";

/** How a tree is removed. */
export interface RmtreeOptions {
  /** Whether it is fine when there is nothing at the path. Default false. */
  readonly missingOk?: boolean;
  /** Told of what cannot be removed; the rest is. Without it, the first such error ends the removal. */
  readonly onError?: (error: FileError) => void;
}

/** Files that are removed at a time. */
const AT_ONCE = 16;
/** Trees. */
const TREES = 4;

const turns = new WeakMap<Loop, Semaphore>();

/**
 * Removes a folder and everything below it (`shutil.rmtree`). Links in it are removed, not what they lead to. What others
 * remove meanwhile is no error.
 *
 * On Linux, nobody can lead it out of the tree by putting a link in a folder's place meanwhile
 * (`rmtree.avoids_symlink_attacks`); on other systems, who may write to the tree can.
 *
 * **Cancellation:** stops after the calls that the system has begun; the rest of the tree stays.
 *
 * @throws {@link FileError} `ENOENT` unless `missingOk`; `ENOTDIR` when it is a file or a link; `EACCES`; `EINVAL` when
 * the path ends with `.` or `..`; `ESTALE` when a folder was moved away while it was being removed
 *
 * @example
 * ```ts
 * import { exists, makedirs, rmtree, temporaryDirectory } from "ambit/files";
 *
 * await using folder = await temporaryDirectory();
 * await makedirs(`${folder.path}/a/b/c`);
 * await rmtree(`${folder.path}/a`);
 * await exists(`${folder.path}/a`); // => false
 * ```
 */
export async function rmtree(path: FilePath, options: RmtreeOptions = {}): Promise<void> {
  expectPath("path", path);
  if (options.onError !== undefined) expectFunction("options.onError", options.onError);
  const name = nameOf(pathOf(path));
  try {
    await expectFolder(name);
  } catch (error) {
    if (options.missingOk === true && codeOf(error) === "ENOENT") return;
    throw error;
  }
  await turn().run(() => new Removal(options.onError ?? fail).removeTree(Buffer.from(name)));
}

/** A link with a separator behind it would be followed; and `.` can be emptied, but not removed. */
function nameOf(path: string): string {
  const name = path.replace(TRAILING, "");
  if (!/(?:^|[/\\])\.\.?$/.test(name)) return name;
  const words = "a path that ends with . or .. cannot be removed: name the folder itself";
  throw new FileError(words, { operation: "rmtree", path, code: "EINVAL" });
}

const TRAILING = process.platform === "win32" ? /(?<=[^/\\:])[/\\]+$/ : /(?<=[^/])\/+$/;

function turn(): Semaphore {
  const loop = getRunningLoop();
  let semaphore = turns.get(loop);
  if (semaphore === undefined) turns.set(loop, (semaphore = new Semaphore(TREES)));
  return semaphore;
}

async function expectFolder(path: string): Promise<void> {
  const status = await systemCall<Stats>("rmtree", path, (done) => lstat(path, done));
  if (status.isDirectory()) return;
  const what = status.isSymbolicLink() ? "it is a link" : "it is no folder";
  throw new FileError(`${what}: remove() takes it`, { operation: "rmtree", path, code: "ENOTDIR" });
}

function fail(error: FileError): void {
  throw error;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof FileError ? error.code : undefined;
}

/** What came of going through a folder. */
type Pass = "nothing there" | "removed some" | "some is left";

type Remove = (path: Buffer, done: Done<void>) => void;

/** One removal; names are bytes. */
class Removal {
  readonly #onError: (error: FileError) => void;

  constructor(onError: (error: FileError) => void) {
    this.#onError = onError;
  }

  async removeTree(path: Buffer): Promise<void> {
    const cursor = await this.#reported(() => treeCursor("rmtree", path));
    try {
      await this.#remove(
        () => (cursor === null ? Promise.resolve("some is left") : this.#empty(cursor)),
        () => this.#attempt(path, path, rmdir),
      );
    } finally {
      cursor?.close();
    }
  }

  /** Says whether it is gone. */
  async #remove(
    empty: () => Promise<Pass>,
    removeItself: () => Promise<FileError | null>,
  ): Promise<boolean> {
    for (;;) {
      const pass = await empty();
      const error = await removeItself();
      if (error === null) return true;
      const mayGoOn = pass === "removed some" && isNotEmpty(error);
      if (!mayGoOn) return this.#report(error);
    }
  }

  /** Removes what is in the folder that the cursor is in. */
  async #empty(cursor: TreeCursor): Promise<Pass> {
    const folders: Buffer[] = [];
    let pass = (await this.#reported(() => this.#removeFiles(cursor, folders))) ?? "some is left";
    for (const name of folders) {
      const path = inside(cursor.path, name);
      const isGone = await this.#remove(
        () => this.#emptyFolder(cursor, name),
        () => this.#attempt(path, cursor.at(name), rmdir),
      );
      if (!isGone) pass = "some is left";
      else if (pass === "nothing there") pass = "removed some";
    }
    return pass;
  }

  async #emptyFolder(cursor: TreeCursor, name: Buffer): Promise<Pass> {
    const isIn = await this.#reported(() => cursor.down(name).then(() => true));
    if (isIn === null) return "some is left";
    const pass = await this.#empty(cursor);
    await cursor.up();
    return pass;
  }

  /** Removes what is no folder, and finds the names of what is one. */
  async #removeFiles(cursor: TreeCursor, folders: Buffer[]): Promise<Pass> {
    const reader = new FolderReader("rmtree", cursor.here, "buffer", String(cursor.path));
    let pass: Pass = "nothing there";
    try {
      while (!reader.ended) {
        const batch = await reader.read();
        const files: Buffer[] = [];
        for (const entry of batch)
          (entry.isDirectory() ? folders : files).push(entry.name as unknown as Buffer);
        if (files.length > 0 && pass === "nothing there") pass = "removed some";
        if (!(await this.#removeAll(cursor, files))) pass = "some is left";
      }
    } finally {
      reader.close();
    }
    return pass;
  }

  /** Says whether all are gone. */
  async #removeAll(cursor: TreeCursor, names: readonly Buffer[]): Promise<boolean> {
    let areGone = true;
    await atOnce(names, AT_ONCE, async (name) => {
      const error = await this.#attempt(inside(cursor.path, name), cursor.at(name), unlink);
      if (error !== null) areGone = this.#report(error);
    });
    return areGone;
  }

  /** Null when it failed; that it is gone already need not be told. */
  async #reported<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.code !== "ENOENT") this.#report(error);
      return null;
    }
  }

  #report(error: FileError): false {
    this.#onError(error);
    return false;
  }

  /** What went wrong; that it is gone already is fine. */
  #attempt(name: Buffer, path: Buffer, remove: Remove): Promise<FileError | null> {
    return systemCall<void>("rmtree", String(name), (done) => remove(path, done)).then(
      () => null,
      (error: unknown) => {
        if (!(error instanceof FileError)) throw error;
        return error.code === "ENOENT" ? null : error;
      },
    );
  }
}

function isNotEmpty({ code }: FileError): boolean {
  return code === "ENOTEMPTY" || code === "EEXIST";
}
