/*
 * RouteNode: a place in a tree of routes, and what leads on from it.
 *
 * Strategy: at each segment text goes first, then patterns, those that say most first, then the rest of the path. What a
 * walk looks at on its way is settled once, when all routes are there: most nodes leave no choice, and need no way back.
 */
import { ANY_TEXT } from "./parameters.ts";
import type { PathPattern, Segment } from "./pathPattern.ts";
import { precedence, type SegmentMatcher, segmentMatcher } from "./segmentMatcher.ts";

/** What was found. @internal */
export interface Found<T> {
  readonly entry: T;
  readonly params: Readonly<Record<string, unknown>>;
}

/** A route as the tree wants it. @internal */
export interface Planted<T> {
  readonly entry: T;
  readonly pattern: PathPattern;
  /** Whether `/a` and `/a/` are two things. */
  readonly strictSlashes: boolean;
}

type Parts = Extract<Segment, { kind: "parts" }>["parts"];
type Rest = Extract<Segment, { kind: "rest" }>;

/** Where a route ends. @internal */
export interface Leaf<T> extends Planted<T> {
  /** Found already, where the path holds no parameters. */
  readonly found: Found<T> | null;
}

/** Up to so many texts are compared one by one. */
const FEW = 8;
const SLASH = 47;

/** A segment that is text, and what is behind it. @internal */
export interface Twig<T> {
  readonly text: string;
  /** The code of its first character. */
  readonly first: number;
  readonly node: RouteNode<T>;
}

/** A segment with parameters, and what is behind it. @internal */
export interface Branch<T> {
  /** Whether any segment fits as it is. */
  readonly anyText: boolean;
  readonly parts: Parts;
  /** How many parameters it has. */
  readonly count: number;
  readonly match: SegmentMatcher;
  readonly node: RouteNode<T>;
}

/** @internal */
export class RouteNode<T> {
  readonly twigs: Map<string, Twig<T>> = new Map();
  readonly branches: Branch<T>[] = [];
  /** What ends here without a slash, and with one. */
  bare: Leaf<T> | null = null;
  slashed: Leaf<T> | null = null;
  /** What takes the rest, if there is any, and what takes also an empty one. */
  rest: Leaf<T> | null = null;
  restOrNothing: Leaf<T> | null = null;
  /** Whether only text leads on: who has found it need not come back. */
  textsOnly = true;
  /** The one branch, where nothing could take what it leads to nowhere. */
  onlyBranch: Branch<T> | null = null;
  /** The texts that stand in a path as they are, in their order. */
  readonly #few: Twig<T>[] = [];

  /** The node behind that segment. */
  below(segment: Exclude<Segment, Rest>): RouteNode<T> {
    return segment.kind === "text" ? this.#text(segment.text) : this.#branch(segment.parts);
  }

  #text(text: string): RouteNode<T> {
    const there = this.twigs.get(text);
    if (there !== undefined) return there.node;
    const twig: Twig<T> = { text, first: text.charCodeAt(0), node: new RouteNode() };
    this.twigs.set(text, twig);
    // One that has a slash in it is escaped in a request, and found by its text.
    if (!text.includes("/")) this.#few.push(twig);
    return twig.node;
  }

  #branch(parts: Parts): RouteNode<T> {
    const there = this.branches.find((branch) => sameParts(branch.parts, parts));
    if (there !== undefined) return there.node;
    const node = new RouteNode<T>();
    const [only] = parts;
    const anyText = parts.length === 1 && typeof only === "object" && only.type === ANY_TEXT;
    const count = parts.filter((part) => typeof part === "object").length;
    this.branches.push({ anyText, parts, count, match: segmentMatcher(parts), node });
    this.branches.sort((one, other) => compare(precedence(one.parts), precedence(other.parts)));
    return node;
  }

  /** Settles what leads on, here and below. To be called when all routes are there. */
  finish(): void {
    const { branches } = this;
    const [branch] = branches;
    const rests = this.rest !== null || this.restOrNothing !== null;
    this.textsOnly = branches.length === 0 && !rests;
    this.onlyBranch = branch === undefined || branches.length > 1 || rests ? null : branch;
    for (const { node } of this.twigs.values()) node.finish();
    for (const { node } of branches) node.finish();
  }

  /**
   * The text that the segment at `at` is, and what is behind it. A few are compared where they stand, each by its first
   * character and then whole: so the end of the segment need not be known.
   */
  twigAt(path: string, at: number): Twig<T> | undefined {
    const few = this.#few;
    if (few.length > FEW) return this.twigs.get(path.slice(at, segmentEnd(path, at)));
    const first = path.charCodeAt(at);
    for (let index = 0; index < few.length; index++) {
      const twig = few[index] as Twig<T>;
      if (twig.first !== first || !path.startsWith(twig.text, at)) continue;
      const end = at + twig.text.length;
      if (end === path.length || path.charCodeAt(end) === SLASH) return twig;
    }
    return undefined;
  }
}

/** Where the segment at `at` ends: before a slash, or with the path. @internal */
export function segmentEnd(path: string, at: number): number {
  const slash = path.indexOf("/", at);
  return slash === -1 ? path.length : slash;
}

function sameParts(one: Parts, other: Parts): boolean {
  return (
    one.length === other.length &&
    one.every((part, index) => {
      const its = other[index];
      if (typeof part === "string" || typeof its !== "object") return part === its;
      return part.type.identity === its.type.identity;
    })
  );
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, value] of one.entries()) {
    const difference = value - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
