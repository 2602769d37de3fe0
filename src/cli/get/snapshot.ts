/*
 * How far a run is, at one moment: all that the display knows.
 */

/** A run at one moment. */
export interface Snapshot {
  /** How many files there will be; null while nobody knows, for the list is still being read. */
  readonly total: number | null;
  /** Files that are there now. */
  readonly done: number;
  /** Files that were there before. */
  readonly skipped: number;
  readonly failed: number;
  /** Bytes that came, of finished and of unfinished files. */
  readonly bytes: number;
  /** What is going on now, longest first. */
  readonly active: readonly Transfer[];
}

/** One file that is being downloaded. */
export interface Transfer {
  /** What it is called on the screen; may hold anything. */
  readonly name: string;
  /** Bytes of the file that are there. */
  readonly bytes: number;
  /** How many there will be; null where the server does not say. */
  readonly length: number | null;
  /** What it does instead of receiving, such as `waits 3 s`. */
  readonly note?: string;
}

/** How many have ended, well or badly. */
export function ended({ done, skipped, failed }: Snapshot): number {
  return done + skipped + failed;
}
