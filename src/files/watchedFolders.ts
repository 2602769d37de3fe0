/*
 * WatchedFolders: a folder, or a tree of folders, and the system's watch of each.
 *
 * Strategy: Node's own recursive watch exists on some systems only and is slow and lossy on others; so here each folder is
 * watched by itself, and folders that come are found, with what is in them: that may have come before the watch did.
 * The system tells what happens to a watched folder itself under the folder's own name, as if it were something in it:
 * where that could be, it is looked up.
 * Limits: the system tells nothing of what it had no room to remember, nor anything at all on most network file systems.
 */
import { type Dirent, type FSWatcher, lstat, readdir, type Stats, watch } from "node:fs";
import { basename } from "node:path";
import { within } from "./dirEntry.ts";
import { FileError, fileError } from "./errors.ts";

/** Who is told. @internal */
export interface WatchListener {
  heard(type: "change" | "rename", path: string): void;
  /** The top folder is not there any more. */
  gone(): void;
  failed(error: FileError): void;
  /** All folders that there are, are watched. */
  ready(): void;
}

/** @internal */
export class WatchedFolders {
  readonly #listener: WatchListener;
  readonly #top: string;
  readonly #deep: boolean;
  readonly #inode: number;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Folders that are being listed. */
  #listings = 0;
  #closed = false;

  /**
   * @param status of the top
   * @param deep with the folders in it
   */
  constructor(top: string, status: Stats, deep: boolean, listener: WatchListener) {
    this.#top = top;
    this.#inode = status.ino;
    this.#deep = deep;
    this.#listener = listener;
  }

  /** Begins. */
  open(): void {
    this.#add(this.#top, false);
    if (this.#listings === 0) this.#listener.ready();
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Whether the process stays for it. */
  hold(yes: boolean): void {
    const watcher = this.#watchers.get(this.#top);
    if (yes) watcher?.ref();
    else watcher?.unref();
  }

  #add(path: string, tellContent: boolean): void {
    if (this.#watchers.has(path)) return;
    try {
      const watcher = watch(path, { persistent: false });
      watcher.on("change", (type, name) =>
        this.#hear(path, type as "change", name as string | null),
      );
      watcher.on("error", () => this.#drop(path));
      this.#watchers.set(path, watcher);
    } catch (error) {
      return this.#failed(path, error as NodeJS.ErrnoException);
    }
    if (this.#deep) this.#list(path, tellContent);
  }

  #failed(path: string, error: NodeJS.ErrnoException): void {
    const { code } = error;
    if (path !== this.#top && (code === "ENOENT" || code === "ENOTDIR")) return; // It has gone meanwhile.
    const isFull = code === "ENOSPC" || code === "EMFILE";
    const words =
      "the system allows no more watches: watch fewer folders, or have the limit raised";
    const failure = { operation: "watch", path, code: code as string };
    this.#listener.failed(
      isFull ? new FileError(words, failure, { cause: error }) : fileError("watch", path, error),
    );
  }

  #list(path: string, tell: boolean): void {
    this.#listings++;
    readdir(path, { withFileTypes: true }, (error, entries) => {
      this.#listings--;
      if (this.#closed) return;
      if (error === null) for (const entry of entries) this.#found(path, entry, tell);
      if (this.#listings === 0) this.#listener.ready();
    });
  }

  #found(folder: string, entry: Dirent, tell: boolean): void {
    const path = within(folder, entry.name);
    if (tell) this.#listener.heard("rename", path);
    if (entry.isDirectory()) this.#add(path, tell);
  }

  #hear(folder: string, type: "change" | "rename", name: string | null): void {
    if (this.#closed) return;
    if (name === null) return this.#listener.heard(type, folder);
    if (name === basename(folder)) return this.#hearOfItself(folder, type, name);
    this.#tell(type, within(folder, name));
  }

  #tell(type: "change" | "rename", path: string): void {
    this.#listener.heard(type, path);
    if (this.#deep && type === "rename") this.#examine(path);
  }

  /** What happened to the folder, or to something in it that is called like it. */
  #hearOfItself(folder: string, type: "change" | "rename", name: string): void {
    const inner = within(folder, name);
    lstat(inner, (error) => {
      if (this.#closed) return;
      if (error === null || this.#watchers.has(inner)) this.#tell(type, inner);
      else if (folder === this.#top) this.#expectTop(type);
    });
  }

  #expectTop(type: "change" | "rename"): void {
    lstat(this.#top, (error, status) => {
      if (this.#closed) return;
      this.#listener.heard(type, this.#top);
      if (error !== null || status.ino !== this.#inode) this.#listener.gone();
    });
  }

  /** Something came, went or was replaced: if it is a folder, what is known of it is old. */
  #examine(path: string): void {
    lstat(path, (error, status) => {
      if (this.#closed) return;
      if (this.#watchers.has(path)) this.#dropBelow(path);
      if (error === null && status.isDirectory()) this.#add(path, true);
    });
  }

  #dropBelow(path: string): void {
    const above = within(path, "");
    for (const each of this.#watchers.keys())
      if (each === path || each.startsWith(above)) this.#drop(each);
  }

  #drop(path: string): void {
    this.#watchers.get(path)?.close();
    this.#watchers.delete(path);
  }
}
