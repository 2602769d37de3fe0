/*
 * DirEntry: what a folder says of one thing in it: its name, and what it is.
 *
 * Strategy: the system tells the kind together with the name, so that asking for it costs nothing.
 */
import type { Dirent, Stats } from "node:fs";
import { sep } from "node:path";
import { INSPECT } from "../core/inspection.ts";
import { lstat, stat } from "./status.ts";

/** What something is; `other` for pipes, sockets and devices. */
export type EntryKind = "file" | "directory" | "symlink" | "other";

/** @internal */
export function kindOf(entry: Dirent): EntryKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "symlink" : "other";
}

/** @internal */
export function within(folder: string, name: string): string {
  return folder.endsWith(sep) || folder.endsWith("/") ? folder + name : folder + sep + name;
}

/** One of the things in a folder (`os.DirEntry`). What it is was true when the folder was read. */
export class DirEntry {
  /** Its name in the folder. */
  readonly name: string;
  /** The folder that it is in, as that was given. */
  readonly parentPath: string;
  /** What it is itself: a link is a link, whatever it leads to. */
  readonly kind: EntryKind;

  /** @internal */
  constructor(parentPath: string, name: string, kind: EntryKind) {
    this.parentPath = parentPath;
    this.name = name;
    this.kind = kind;
  }

  /** The folder's path and the name. */
  get path(): string {
    return within(this.parentPath, this.name);
  }

  /** Whether it is a regular file itself. */
  isFile(): boolean {
    return this.kind === "file";
  }

  /** Whether it is a folder itself. */
  isDir(): boolean {
    return this.kind === "directory";
  }

  /** Whether it is a symbolic link. */
  isSymlink(): boolean {
    return this.kind === "symlink";
  }

  /**
   * Its status now.
   *
   * **Cancellation:** waits for the system's answer, which is then given.
   *
   * @param options.followSymlinks whether a link is followed; default true
   * @throws {@link FileError} `ENOENT` when it is gone, or a link that leads nowhere
   */
  stat(options: { readonly followSymlinks?: boolean } = {}): Promise<Stats> {
    return (options.followSymlinks ?? true) ? stat(this.path) : lstat(this.path);
  }

  /** @internal */
  [INSPECT](): string {
    return `<${this.constructor.name} ${this.kind} '${this.path}'>`;
  }
}
