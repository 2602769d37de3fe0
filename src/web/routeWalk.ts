/*
 * A walk through a tree of routes, after one path.
 *
 * Strategy: one loop over the segments, which looks only where something can lead on; where more than one way does, it
 * tries one after the other, and goes back from what led nowhere. The path is looked at as it was sent; a segment with a
 * `%` is decoded before it's compared, so `%2F` is never a slash. A value of a parameter stands at the parameter's index,
 * from left to right: what a way in vain has left there is written over by the next.
 */
import { type Branch, type Leaf, type RouteNode, segmentEnd } from "./routeNode.ts";

/** The leaf that a path leads to; puts the values of its parameters. @internal */
export function walk<T>(
  root: RouteNode<T>,
  path: string,
  escaped: boolean,
  values: unknown[],
): Leaf<T> | null {
  if (path.length > 1) return on(root, path, 0, escaped, values, 0);
  return root.bare ?? empty(root, values, 0);
}

/** On from a node whose segment ends at `behind`; the first `known` values are there. */
function on<T>(
  from: RouteNode<T>,
  path: string,
  behind: number,
  escaped: boolean,
  values: unknown[],
  known: number,
): Leaf<T> | null {
  let node = from;
  let end = behind;
  let count = known;
  for (;;) {
    if (end === path.length) return node.bare ?? bareRest(node, values, count);
    if (end === path.length - 1 && node.slashed !== null) return node.slashed;
    const at = end + 1;
    const twig = escaped ? node.twigs.get(segmentAt(path, at)) : node.twigAt(path, at);
    if (twig !== undefined) {
      const behindIt = escaped ? segmentEnd(path, at) : at + twig.text.length;
      if (node.textsOnly) {
        node = twig.node;
        end = behindIt;
        continue;
      }
      const leaf = on(twig.node, path, behindIt, escaped, values, count);
      if (leaf !== null) return leaf;
    } else if (node.textsOnly) return null;
    const { branches, onlyBranch: branch } = node;
    if (branches.length === 0) return restOf(node, path, at, escaped, values, count);
    end = segmentEnd(path, at);
    if (end === at) return restOf(node, path, at, escaped, values, count);
    const segment = escaped ? segmentAt(path, at) : path.slice(at, end);
    if (branch === null) {
      return (
        branchOff(branches, segment, path, end, escaped, values, count) ??
        restOf(node, path, at, escaped, values, count)
      );
    }
    if (!fits(branch, segment, values, count)) return null;
    node = branch.node;
    count += branch.count;
  }
}

/** Decoded. */
function segmentAt(path: string, at: number): string {
  const sent = path.slice(at, segmentEnd(path, at));
  return sent.includes("%") ? decodeURIComponent(sent) : sent;
}

function branchOff<T>(
  branches: readonly Branch<T>[],
  segment: string,
  path: string,
  end: number,
  escaped: boolean,
  values: unknown[],
  known: number,
): Leaf<T> | null {
  for (let index = 0; index < branches.length; index++) {
    const branch = branches[index] as Branch<T>;
    if (!fits(branch, segment, values, known)) continue;
    const leaf = on(branch.node, path, end, escaped, values, known + branch.count);
    if (leaf !== null) return leaf;
  }
  return null;
}

/** Puts the values if it does. */
function fits<T>(branch: Branch<T>, segment: string, values: unknown[], at: number): boolean {
  if (!branch.anyText) return branch.match(segment, values, at);
  values[at] = segment;
  return true;
}

function restOf<T>(
  node: RouteNode<T>,
  path: string,
  at: number,
  escaped: boolean,
  values: unknown[],
  known: number,
): Leaf<T> | null {
  const leaf = at < path.length ? (node.rest ?? node.restOrNothing) : node.restOrNothing;
  if (leaf === null) return null;
  const sent = path.slice(at);
  values[known] = escaped ? decodeURIComponent(sent) : sent;
  return leaf;
}

/** `/files` is `/files/` to a route `/files/*` that does not take slashes strictly. */
function bareRest<T>(node: RouteNode<T>, values: unknown[], known: number): Leaf<T> | null {
  const leaf = node.restOrNothing;
  return leaf === null || leaf.strictSlashes ? null : empty(node, values, known);
}

function empty<T>(node: RouteNode<T>, values: unknown[], known: number): Leaf<T> | null {
  if (node.restOrNothing !== null) values[known] = "";
  return node.restOrNothing;
}
