/*
 * TreeOptions: what of a tree is copied, and how, and what is told meanwhile.
 */
import type { CopyOptions } from "./copyFile.ts";
import type { EntryKind } from "./dirEntry.ts";

/** What of a tree is copied so far. */
export interface TreeProgress {
  /** Files and links. */
  readonly files: number;
  /** Of the files that are complete. */
  readonly bytes: number;
}

/** What is asked about. */
export interface TreeEntry {
  /** Its path in the tree that is copied. */
  readonly path: string;
  readonly name: string;
  readonly kind: EntryKind;
}

/** How a tree is copied. */
export interface TreeOptions extends CopyOptions {
  /** Whether what links lead to is copied, or the links (default). */
  readonly followSymlinks?: boolean;
  /** Asked for everything in the tree: whether it is wanted, with all that is in it. */
  readonly filter?: (entry: TreeEntry) => boolean;
  /** How many files are copied at a time; an integer of at least 1. Default 8. */
  readonly limit?: number;
  /** Told after each file. What it throws ends the copy. */
  readonly progress?: (copied: TreeProgress) => void;
}
