/*
 * Scans: all keys, or all members of a collection, page by page, as async iterators.
 *
 * Strategy: a page is asked for when the one before is used up, so a slow loop holds nothing on the server; the iterator
 * is written by hand. SCAN's promise: what was there from beginning to end comes at least once; what came or went
 * meanwhile may come or not; an item may come twice.
 */
import { expectInteger, wrongType } from "../core/arguments.ts";

/** What a scan looks for. */
export interface ScanOptions {
  /** Only names that match this pattern, such as `"user:*"`. */
  readonly match?: string;
  /** How many the server looks at for one page, an integer of at least 1. Default 100. */
  readonly count?: number;
}

/** What a scan of all keys looks for. */
export interface ScanKeysOptions extends ScanOptions {
  /** Only keys that hold this type, such as `"hash"`. */
  readonly type?: string;
}

/** One page: the cursor of the next, `"0"` after the last, and what is on it. @internal */
export type Page = readonly [cursor: string, items: string[]];

/** Asks for the page at a cursor. @internal */
export type Pager = (cursor: string) => Promise<Page>;

/** The options of a scan, as arguments of a command. @internal */
export function scanArguments({ match, count = 100, type }: ScanKeysOptions): unknown[] {
  expectInteger("options.count", count, 1);
  const args: unknown[] = ["COUNT", count];
  if (match !== undefined) args.push("MATCH", expectText("options.match", match));
  if (type !== undefined) args.push("TYPE", expectText("options.type", type));
  return args;
}

function expectText(name: string, value: unknown): string {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
  return value;
}

/** A scan that goes on, an async iterator. @internal */
export class Scan<T> implements AsyncIterableIterator<T> {
  readonly #pagers: Iterator<Pager>;
  readonly #itemAt: (items: readonly string[], at: number) => T;
  readonly #step: number;
  #pager: Pager | null = null;
  #cursor = "0";
  #items: readonly string[] = [];
  #at = 0;
  #ended = false;

  /** One pager for each server; `step` is how many strings of a page make one item. */
  constructor(
    pagers: Iterable<Pager>,
    step: number,
    itemAt: (items: readonly string[], at: number) => T,
  ) {
    this.#pagers = pagers[Symbol.iterator]();
    this.#step = step;
    this.#itemAt = itemAt;
  }

  async next(): Promise<IteratorResult<T>> {
    while (this.#at >= this.#items.length && !this.#ended) await this.#turn();
    if (this.#ended) return { done: true, value: undefined };
    const value = this.#itemAt(this.#items, this.#at);
    this.#at += this.#step;
    return { done: false, value };
  }

  async #turn(): Promise<void> {
    this.#pager ??= this.#nextPager();
    if (this.#pager === null) return;
    const [cursor, items] = await this.#pager(this.#cursor);
    this.#items = items;
    this.#at = 0;
    this.#cursor = cursor;
    if (cursor === "0") this.#pager = null;
  }

  #nextPager(): Pager | null {
    const next = this.#pagers.next();
    if (next.done !== true) return next.value;
    this.#ended = true;
    return null;
  }

  return(): Promise<IteratorResult<T>> {
    this.#ended = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The item itself. @internal */
export function single(items: readonly string[], at: number): string {
  return items[at] as string;
}

/** A field and its value. @internal */
export function pair(items: readonly string[], at: number): [string, string] {
  return [items[at] as string, items[at + 1] as string];
}

/** A member and its score. @internal */
export function scored(items: readonly string[], at: number): [string, number] {
  const score = items[at + 1] as string;
  return [
    items[at] as string,
    score === "inf" ? Infinity : score === "-inf" ? -Infinity : Number(score),
  ];
}
