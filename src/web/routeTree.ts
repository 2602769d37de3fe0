/*
 * RouteTree: the routes of one method as a tree of segments.
 *
 * Strategy: a tree of nodes (`routeNode.ts`), which a walk looks through (`routeWalk.ts`). A leaf knows its parameters'
 * names, so that routes whose parameters are named differently share their nodes.
 * Paths without parameters need no tree: they are in one map, by their text.
 */
import type { Segment } from "./pathPattern.ts";
import { type Found, type Leaf, type Planted, RouteNode } from "./routeNode.ts";
import { walk } from "./routeWalk.ts";

type Rest = Extract<Segment, { kind: "rest" }>;

/** @internal */
export const NO_PARAMS: Readonly<Record<string, never>> = Object.freeze({});

/** @internal */
export class RouteTree<T> {
  readonly #root = new RouteNode<T>();
  readonly #texts: Map<string, Found<T>> = new Map();
  readonly #sameMethod: (one: T, other: T) => boolean;

  /** @param sameMethod whether two routes of one place contradict each other; else the first is kept */
  constructor(sameMethod: (one: T, other: T) => boolean) {
    this.#sameMethod = sameMethod;
  }

  /**
   * Adds a route. Those for its own method come first, then those that stand in for it.
   * @returns what stands there already, of the same method
   */
  add(planted: Planted<T>): T | null {
    const { entry, pattern, strictSlashes } = planted;
    const { names, segments, trailingSlash } = pattern;
    const found = names.length === 0 ? { entry, params: NO_PARAMS } : null;
    const leaf: Leaf<T> = { ...planted, found };
    let node = this.#root;
    for (const segment of segments) {
      if (segment.kind === "rest") return this.#addRest(node, segment, leaf);
      node = node.below(segment);
    }
    return (
      (!strictSlashes || !trailingSlash ? this.#claim(node, "bare", leaf) : null) ??
      (!strictSlashes || trailingSlash ? this.#claim(node, "slashed", leaf) : null)
    );
  }

  /** To be called when all are there. */
  finish(): void {
    this.#root.finish();
    this.#index(this.#root, "");
  }

  /** @param escaped whether there is a `%` in the path, whose escapes are well-formed */
  find(path: string, escaped: boolean): Found<T> | null {
    const found = escaped ? undefined : this.#texts.get(path);
    if (found !== undefined) return found;
    // Room for most: an array that grows takes much more.
    const values: unknown[] = [undefined, undefined, undefined, undefined];
    const leaf = walk(this.#root, path, escaped, values);
    return leaf === null
      ? null
      : (leaf.found ?? { entry: leaf.entry, params: named(leaf, values) });
  }

  #addRest(node: RouteNode<T>, { mayBeEmpty }: Rest, leaf: Leaf<T>): T | null {
    return this.#claim(node, mayBeEmpty ? "restOrNothing" : "rest", leaf);
  }

  /** A route that takes slashes strictly goes before one that takes both. */
  #claim(
    node: RouteNode<T>,
    place: "bare" | "slashed" | "rest" | "restOrNothing",
    leaf: Leaf<T>,
  ): T | null {
    const there = node[place];
    if (there === null) node[place] = leaf;
    else if (this.#sameMethod(there.entry, leaf.entry)) {
      const rest = place === "rest" || place === "restOrNothing";
      if (rest || there.strictSlashes === leaf.strictSlashes) return there.entry;
      if (leaf.strictSlashes) node[place] = leaf;
    }
    return null;
  }

  #index(node: RouteNode<T>, path: string): void {
    // What would be escaped in a request is found by the tree.
    if (path.includes("%")) return;
    if (node.bare?.found != null) this.#texts.set(path === "" ? "/" : path, node.bare.found);
    if (node.slashed?.found != null) this.#texts.set(`${path}/`, node.slashed.found);
    for (const [text, twig] of node.twigs)
      if (!text.includes("/")) this.#index(twig.node, `${path}/${text}`);
  }
}

function named<T>({ pattern: { names } }: Leaf<T>, values: readonly unknown[]): Found<T>["params"] {
  const params: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index++) params[names[index] as string] = values[index];
  return params;
}
