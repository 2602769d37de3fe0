/*
 * One line of a journal.
 *
 * `done`: the file is complete under its `.part` name, or has its final name already: the line is
 * written before the file is renamed, so whoever reads it later can tell. `part`: a big file was
 * begun, and this is what may be added to.
 */
import type { Partial } from "./partial.ts";
import type { Stretch } from "./stretch.ts";

/** @internal */
export interface DoneRecord {
  readonly state: "done";
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly url: string;
  /** The file's size. */
  readonly size: number;
  readonly etag?: string;
  readonly modified?: string;
  readonly sha256?: string;
  /** The name came from the server, so the item is known by its URL. */
  readonly named?: true;
}

/** @internal */
export interface PartRecord {
  readonly state: "part";
  readonly path: string;
  readonly url: string;
  /** For If-Range. */
  readonly validator: string;
  /** The size of the whole; null when it is not known. */
  readonly size: number | null;
  /** Where it comes from: the URL itself, in full, or a mirror. */
  readonly place: string;
  /** First byte, end (exclusive) and next byte of each; without them the file's own size tells. */
  readonly stretches?: readonly (readonly [from: number, to: number, at: number])[];
  readonly named?: true;
}

/** @internal */
export type JournalRecord = DoneRecord | PartRecord;

/** What a record tells of a job. */
interface Named {
  readonly path: string | null;
  readonly url: string;
  readonly named: boolean;
}

/** The line of a file that is complete. @internal */
export function doneRecord(
  job: Named & {
    readonly received: number;
    readonly etag: string | null;
    readonly sha256: string | undefined;
  },
  modified: string | null,
): DoneRecord {
  const { path, url, received, etag, sha256, named } = job;
  return {
    state: "done",
    path: path as string,
    url,
    size: received,
    ...(etag === null ? undefined : { etag }),
    ...(modified === null ? undefined : { modified }),
    ...(sha256 === undefined ? undefined : { sha256 }),
    ...(named ? { named } : undefined),
  };
}

/** The line of a file that is begun. @internal */
export function partRecord(
  { path, url, named }: Named,
  { url: place, validator, length }: Partial,
  stretches: readonly Stretch[] | null,
): PartRecord {
  return {
    state: "part",
    path: path as string,
    url,
    place,
    validator,
    size: length,
    ...(stretches === null
      ? undefined
      : { stretches: stretches.map(({ from, to, at }) => [from, to, at] as const) }),
    ...(named ? { named } : undefined),
  };
}

/** What a record is found by: the path of its file, or the URL where that gives the name. @internal */
export function keyOf({ named, url, path }: JournalRecord): string {
  return named === true ? byUrl(url) : byPath(path);
}

/** @internal */
export function byUrl(url: string): string {
  return `u${url}`;
}

/** @internal */
export function byPath(path: string): string {
  return `p${path}`;
}

/** Reads a line; null when it is no record. @internal */
export function parseRecord(line: string): JournalRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  return isRecord(value) ? value : null;
}

function isRecord(value: unknown): value is JournalRecord {
  if (typeof value !== "object" || value === null) return false;
  const { state, path, url, size, place, validator, stretches } = value as Record<string, unknown>;
  if (typeof path !== "string" || typeof url !== "string") return false;
  if (state === "done") return isSize(size);
  if (state !== "part" || typeof validator !== "string" || typeof place !== "string") return false;
  return (size === null || isSize(size)) && (stretches === undefined || areStretches(stretches));
}

function areStretches(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((each) => Array.isArray(each) && each.length === 3 && each.every(isSize))
  );
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
