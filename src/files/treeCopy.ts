/*
 * TreeCopy: the copying of a tree, folder by folder. See `copyTree.ts`, which puts the copy in its place.
 *
 * Paths are bytes, so that a name that is no text is copied too.
 */
import {
  chmod,
  type Dirent,
  lstat,
  lutimes,
  mkdir,
  readlink,
  rename,
  stat,
  type Stats,
  symlink,
  unlink,
  unlinkSync,
  utimes,
} from "node:fs";
import { sep } from "node:path";
import { protect } from "../core/shield.ts";
import { atOnce } from "./atOnce.ts";
import { systemTime } from "./attributes.ts";
import { copyContents } from "./contents.ts";
import { type EntryKind, kindOf } from "./dirEntry.ts";
import { FileError } from "./errors.ts";
import { atProcessExit } from "./exitCleanup.ts";
import { FolderReader } from "./folderReader.ts";
import { type Done, systemCall } from "./systemCall.ts";
import { randomName } from "./temporaryName.ts";
import type { TreeOptions } from "./treeOptions.ts";

/** A folder that is being copied, and those that it lies in. */
interface Folder {
  readonly source: Buffer;
  readonly target: Buffer;
  readonly status: Stats;
  readonly above: Folder | null;
}

/** Something in a folder. */
interface Item {
  readonly source: Buffer;
  readonly target: Buffer;
  readonly kind: EntryKind;
}

const SEPARATOR = Buffer.from(sep);

/** @internal */
export class TreeCopy {
  readonly #operation: string;
  readonly #options: TreeOptions;
  readonly #merge: boolean;
  /** The copy, and what errors call it: nobody knows the name of a draft. */
  #target = "";
  #name = "";
  #files = 0;
  #bytes = 0;

  /**
   * @param operation that errors name
   * @param merge whether what is there already is replaced
   */
  constructor(operation: string, options: TreeOptions, merge: boolean) {
    this.#operation = operation;
    this.#options = options;
    this.#merge = merge;
  }

  /** @param name what errors call the copy */
  copy(source: string, target: string, name = target): Promise<void> {
    this.#target = target;
    this.#name = name;
    return this.#copyFolder(Buffer.from(source), Buffer.from(target), null);
  }

  async #copyFolder(source: Buffer, target: Buffer, above: Folder | null): Promise<void> {
    const status = await this.#status(source);
    const folder: Folder = { source, target, status, above };
    this.#expectNoCircle(folder);
    await this.#call(target, (done) =>
      mkdir(target, 0o700, (error) => {
        if (this.#merge && error?.code === "EEXIST") done(null);
        else done(error);
      }),
    );
    for (const inner of await this.#copyFiles(folder)) {
      await this.#copyFolder(inner.source, inner.target, folder);
    }
    await this.#call(target, (done) => chmod(target, status.mode & 0o7777, done));
    await this.#preserve(target, status);
  }

  /** Copies what is no folder; gives the folders. */
  async #copyFiles(folder: Folder): Promise<Item[]> {
    const { limit = 8 } = this.#options;
    const folders: Item[] = [];
    const reader = new FolderReader(this.#operation, folder.source, "buffer");
    try {
      while (!reader.ended) {
        const batch = await reader.read();
        const items = this.#wanted(folder, batch);
        await atOnce(items, limit, (item) => this.#copyItem(item, folders));
      }
    } finally {
      reader.close();
    }
    return folders;
  }

  #wanted({ source, target }: Folder, batch: readonly Dirent[]): Item[] {
    const items: Item[] = [];
    for (const entry of batch) {
      const name = entry.name as unknown as Buffer;
      const item: Item = {
        source: inside(source, name),
        target: inside(target, name),
        kind: kindOf(entry),
      };
      const asked = { path: String(item.source), name: String(name), kind: item.kind };
      if (this.#options.filter?.(asked) ?? true) items.push(item);
    }
    return items;
  }

  async #copyItem(item: Item, folders: Item[]): Promise<void> {
    if (item.kind === "directory") return void folders.push(item);
    if (item.kind === "symlink" && this.#options.followSymlinks !== true)
      return await this.#copyLink(item);
    const status = await this.#status(item.source);
    if (status.isDirectory()) return void folders.push(item);
    if (status.isFile()) return await this.#copyFile(item, status);
    const words = "it is neither a file nor a folder nor a link: leave it out by `filter`";
    throw new FileError(words, {
      operation: this.#operation,
      path: String(item.source),
      code: "EINVAL",
    });
  }

  async #copyFile({ source, target }: Item, status: Stats): Promise<void> {
    const { reflink = true } = this.#options;
    const name = this.#nameOf(target);
    await this.#place(target, async (path) => {
      await copyContents({
        operation: this.#operation,
        source,
        target: path,
        name,
        status,
        reflink,
      });
      await this.#preserve(path, status);
    });
    this.#count(status.size);
  }

  async #copyLink({ source, target }: Item): Promise<void> {
    const text = await this.#call<Buffer>(source, (done) => readlink(source, "buffer", done));
    const isPreserved = this.#options.preserve === true;
    const status = isPreserved
      ? await this.#call<Stats>(source, (done) => lstat(source, done))
      : null;
    await this.#place(target, async (path) => {
      await this.#call<void>(path, (done) => symlink(text, path, null, done));
      if (status !== null) await this.#preserve(path, status, lutimes);
    });
    this.#count(0);
  }

  /** Where something may be in the way, it is made beside its place, and replaces that in one step. */
  async #place(target: Buffer, make: (path: Buffer) => Promise<void>): Promise<void> {
    if (!this.#merge) return await make(target);
    const folder = target.subarray(0, target.lastIndexOf(SEPARATOR));
    const draft = inside(folder, Buffer.from(`.ambit-${randomName()}.tmp`));
    const takeBack = atProcessExit(() => unlinkSync(draft));
    try {
      await make(draft);
      await this.#call<void>(target, (done) => rename(draft, target, done));
    } catch (error) {
      await protect(() => this.#call<void>(draft, (done) => unlink(draft, () => done(null))));
      throw error;
    } finally {
      takeBack();
    }
  }

  async #preserve(path: Buffer, { atimeMs, mtimeMs }: Stats, set = utimes): Promise<void> {
    if (this.#options.preserve !== true) return;
    const [accessed, modified] = [systemTime(atimeMs), systemTime(mtimeMs)];
    await this.#call<void>(path, (done) => set(path, accessed, modified, done));
  }

  #count(size: number): void {
    this.#files++;
    this.#bytes += size;
    this.#options.progress?.({ files: this.#files, bytes: this.#bytes });
  }

  #expectNoCircle({ source, status, above }: Folder): void {
    for (let at = above; at !== null; at = at.above) {
      if (at.status.dev !== status.dev || at.status.ino !== status.ino) continue;
      const failure = { operation: this.#operation, path: String(source), code: "ELOOP" };
      throw new FileError("it leads back to a folder that it lies in", failure);
    }
  }

  #status(path: Buffer): Promise<Stats> {
    return this.#call<Stats>(path, (done) => stat(path, done));
  }

  #call<T>(path: Buffer, begin: (done: Done<T>) => void): Promise<T> {
    return systemCall<T>(this.#operation, this.#nameOf(path), begin);
  }

  #nameOf(path: Buffer): string {
    const text = String(path);
    return text.startsWith(this.#target) ? this.#name + text.slice(this.#target.length) : text;
  }
}

function inside(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, SEPARATOR, name]);
}
