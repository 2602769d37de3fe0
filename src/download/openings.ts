/*
 * What a run opens on the disk before its first file; where that cannot be had, the disk is to blame.
 */
import { DiskError } from "./errors.ts";
import { Journal } from "./journal.ts";
import type { Rules } from "./options.ts";
import { OutputFolder } from "./outputFolder.ts";

/** @throws DiskError @internal */
export function openFolder({ folder: path, journal }: Rules): OutputFolder {
  try {
    return new OutputFolder(path, journal);
  } catch (error) {
    throw new DiskError(
      `cannot use the folder ${JSON.stringify(path)}: ${(error as Error).message}`,
      error,
    );
  }
}

/**
 * @throws DiskError
 * @throws RangeError when the file is something else
 * @internal
 */
export function openJournal({ journal, durable }: Rules): Journal | null {
  if (journal === null) return null;
  try {
    return new Journal(journal, durable);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new DiskError(
      `cannot use the journal ${JSON.stringify(journal)}: ${(error as Error).message}`,
      error,
    );
  }
}
