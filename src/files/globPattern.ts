/*
 * GlobPattern: which paths a pattern means, and into which folders one has to go for them.
 *
 * Strategy: the pattern is a row of parts; to have come some way down a tree is to have reached some of them, several at
 * once behind a `**`. One name more leads from those to the next. So each folder is gone into once, only when there can
 * be something in it, and each path is found once. How far one has come with a folder is kept for the last ones.
 */
import { sep } from "node:path";
import { NamePattern } from "./namePattern.ts";

/** Any folders, or none. */
const ANY = "any";
type Part = typeof ANY | NamePart;

/** How a path is told: not at all, as it is, or as a folder, with a separator behind it. @internal */
export type Verdict = "none" | "plain" | "folder";

const SEPARATORS = sep === "\\" ? /[/\\]+/ : /\/+/;
const MAGIC = /[*?[]/;
/** Folders whose parts are kept. */
const KEPT = 64;

class NamePart {
  readonly #literal: string | null;
  readonly #pattern: NamePattern;
  readonly #takesHidden: boolean;

  constructor(text: string, includeHidden: boolean) {
    this.#literal = MAGIC.test(text) ? null : text;
    this.#pattern = new NamePattern(text);
    this.#takesHidden = includeHidden || text.startsWith(".");
  }

  matches(name: string): boolean {
    if (this.#literal !== null) return name === this.#literal;
    return (this.#takesHidden || !isHidden(name)) && this.#pattern.matches(name);
  }
}

/** @internal */
export class GlobPattern {
  /** What comes before the first part that is a pattern: "" for nothing. */
  readonly base: string;
  /** Whether there is any pattern in it. */
  readonly isMagic: boolean;
  /** Whether only folders are meant: it ends with a separator. */
  readonly foldersOnly: boolean;
  /** Parts behind the base that lead up or nowhere. */
  readonly hasDots: boolean;
  readonly #parts: Part[] = [];
  readonly #includeHidden: boolean;
  readonly #known = new Map<string, readonly number[]>();

  constructor(text: string, recursive: boolean, includeHidden: boolean) {
    const start = startOfMagic(text);
    this.isMagic = start < text.length;
    this.base = withoutEnd(text.slice(0, start));
    this.foldersOnly = SEPARATORS.test(text.slice(-1));
    this.#includeHidden = includeHidden;
    const names = text.slice(start).split(SEPARATORS).filter(Boolean);
    this.hasDots = names.includes(".") || names.includes("..");
    for (const name of names) {
      const isAny = recursive && name === "**";
      if (!isAny) this.#parts.push(new NamePart(name, includeHidden));
      else if (this.#parts.at(-1) !== ANY) this.#parts.push(ANY);
    }
  }

  /** Whether the base itself is meant, by a `**` that stands for nothing. */
  get takesBase(): boolean {
    return this.#parts.length === 1 && this.#parts[0] === ANY;
  }

  /** @param folder below the base; "" for that itself */
  judge(folder: string, name: string): Verdict {
    const before = this.#reached(folder);
    const after = this.#step(before, name);
    const last = this.#parts.length - 1;
    if (after.includes(last + 1)) return "plain";
    if (!after.includes(last) || this.#parts[last] !== ANY) return "none";
    return before.includes(last) ? "plain" : "folder";
  }

  /** Whether something that is meant may be in a folder. */
  leadsInto(folder: string, name: string): boolean {
    return this.#step(this.#reached(folder), name).some((part) => part < this.#parts.length);
  }

  #reached(folder: string): readonly number[] {
    let parts = this.#known.get(folder);
    if (parts !== undefined) return parts;
    parts = this.#opened([0]);
    if (folder !== "")
      for (const name of folder.split(sep)) parts = this.#opened(this.#step(parts, name));
    if (this.#known.size >= KEPT) this.#known.clear();
    this.#known.set(folder, parts);
    return parts;
  }

  /** With those behind a `**`, which may stand for nothing. */
  #opened(parts: readonly number[]): number[] {
    const all = new Set(parts);
    for (const part of all) if (this.#parts[part] === ANY) all.add(part + 1);
    return [...all];
  }

  #step(parts: readonly number[], name: string): number[] {
    const next: number[] = [];
    for (const at of parts) {
      const part = this.#parts[at];
      if (part === undefined) continue;
      if (part !== ANY) {
        if (part.matches(name)) next.push(at + 1);
      } else if (this.#includeHidden || !isHidden(name)) next.push(at);
    }
    return next;
  }
}

function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** Where the first part begins that is a pattern; the length of the text when none is. */
function startOfMagic(text: string): number {
  const magic = text.search(MAGIC);
  if (magic < 0) return text.length;
  return (
    Math.max(text.lastIndexOf("/", magic), sep === "\\" ? text.lastIndexOf(sep, magic) : -1) + 1
  );
}

/** Without the separators at its end, unless there is nothing else. */
function withoutEnd(path: string): string {
  return sep === "\\" ? path.replace(/(?<=[^/\\:])[/\\]+$/, "") : path.replace(/(?<=[^/])\/+$/, "");
}
