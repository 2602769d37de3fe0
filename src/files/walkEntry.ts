/*
 * WalkEntry: what a walk has come across.
 */
import { DirEntry, type EntryKind } from "./dirEntry.ts";

/** Something that a walk has come across. */
export class WalkEntry extends DirEntry {
  /** 1 for what is in the top folder, 2 for what is in a folder of it, and so on. */
  readonly depth: number;

  /** @internal */
  constructor(parentPath: string, name: string, kind: EntryKind, depth: number) {
    super(parentPath, name, kind);
    this.depth = depth;
  }
}
