/*
 * Entity tags: which version of a thing an answer holds (RFC 9110, section 8.8.3).
 *
 * Strategy: a list of tags is read with one expression, tag by tag, for commas may stand inside of a tag. What breaks
 * the rules ends the reading: the tags before it count. For If-None-Match that means a whole answer, for If-Match a
 * refusal: both are the safe side.
 *
 * The tag of a file is made of its size, the time of its last change and its inode, and is strong: two files that were
 * put in one place one after the other differ in their inodes, and a file that is written over in place differs in its
 * time, to the clock tick of the file system (some milliseconds; 2 s on FAT). It differs between machines, too: who
 * serves the same files from several gives `etag` a function of his own.
 */
import { wrongType } from "../core/arguments.ts";

/** One tag of a list. @internal */
export interface EntityTag {
  readonly weak: boolean;
  /** Without the quotes. */
  readonly value: string;
}

/** What `If-Match` and `If-None-Match` hold. @internal */
export type EntityTags = "*" | readonly EntityTag[];

/** Of a list so many tags are looked at: a cache sends those of the versions that it has. */
const MOST_TAGS = 100;
/** A tag and what separates it from the next; empty elements are allowed (RFC 9110, section 5.6.1). */
const NEXT = /[\t ,]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*(?=,|$))?/y;
const WHOLE = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/** The tags in a header's value, up to the first that is none. @internal */
export function parseEntityTags(text: string): EntityTags {
  if (text.trim() === "*") return "*";
  const tags: EntityTag[] = [];
  NEXT.lastIndex = 0;
  while (tags.length < MOST_TAGS) {
    const match = NEXT.exec(text);
    if (match?.[2] === undefined) break;
    tags.push({ weak: match[1] !== undefined, value: match[2] });
  }
  return tags;
}

/** Whether one of them is the version that is there, as a cache compares: weak ones may match. @internal */
export function matchesWeakly(tags: EntityTags, current: string | null): boolean {
  if (tags === "*") return true;
  if (current === null) return false;
  const value = valueOf(current);
  return tags.some((tag) => tag.value === value);
}

/** Whether one of them is, byte by byte, the version that is there: no weak one is. @internal */
export function matchesStrongly(tags: EntityTags, current: string | null): boolean {
  if (tags === "*") return true;
  if (current === null || isWeak(current)) return false;
  const value = valueOf(current);
  return tags.some((tag) => !tag.weak && tag.value === value);
}

/** @internal */
export function isWeak(tag: string): boolean {
  return tag.startsWith("W/");
}

/** The tag of what means the same, but is not the same byte by byte. @internal */
export function weakened(tag: string): string {
  return isWeak(tag) ? tag : `W/${tag}`;
}

/** @throws TypeError when it is no tag @internal */
export function expectEntityTag(name: string, tag: unknown): void {
  if (typeof tag === "string" && WHOLE.test(tag)) return;
  throw wrongType(name, 'an entity tag in its quotes, such as `"v7"` or `W/"v7"`', tag);
}

function valueOf(tag: string): string {
  return tag.slice(tag.indexOf('"') + 1, -1);
}

/** What the tag of a file is made of. */
export interface FileVersion {
  /** In bytes. */
  readonly size: number;
  /** Of the last change, in milliseconds since 1970, with a fraction. */
  readonly mtimeMs: number;
  readonly ino: number;
}

/** The tag of a file. @internal */
export function fileTag({ size, mtimeMs, ino }: FileVersion): string {
  // The fraction of a double holds the time to a quarter of a microsecond, which is finer than file systems are.
  const time = Math.round(mtimeMs * 4096).toString(36);
  return `"${size.toString(36)}-${time}-${ino.toString(36)}"`;
}
