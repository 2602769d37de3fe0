/*
 * Filling a draft with the copy of a file.
 */
import type { Stats } from "node:fs";
import { protect } from "../core/shield.ts";
import { systemTime } from "./attributes.ts";
import { copyContents, type CopyProgress, type Reflink } from "./contents.ts";
import type { Draft } from "./draft.ts";
import { PlainFile } from "./plainFile.ts";

/** What is copied, and how. @internal */
export interface Filling {
  readonly operation: string;
  readonly source: string;
  /** Of the source. */
  readonly status: Stats;
  readonly reflink?: Reflink;
  readonly progress?: CopyProgress;
  readonly preserve?: boolean;
  readonly fsync?: boolean;
}

/** @internal */
export async function fillDraft(draft: Draft, filling: Filling): Promise<void> {
  const { operation, source, status, reflink = true, progress } = filling;
  const { path, target: name } = draft;
  await copyContents({ operation, source, target: path, name, status, reflink, progress });
  const { preserve = false, fsync = false } = filling;
  if (!preserve && !fsync) return;
  const file = await PlainFile.open(operation, path, "r", 0, name);
  try {
    if (preserve) await file.setTimes(systemTime(status.atimeMs), systemTime(status.mtimeMs));
    if (fsync) await file.sync();
  } finally {
    await protect(() => file.close());
  }
}
