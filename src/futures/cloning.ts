/*
 * Finds what structured clone refuses, and says where it is: `args[0].options.onProgress`.
 *
 * Strategy: asked only after a message was refused, so it may be slow: it walks the value and tries each leaf alone.
 */
import { types } from "node:util";
import type { Medium } from "./medium.ts";

/** Deeper than this it names the branch. */
const DEPTH = 10;

/**
 * The path of the first part that cannot be cloned; undefined when all of it can.
 * @internal
 */
export function pathOfUncloneable(
  value: unknown,
  path: string,
  medium: Medium,
  depth: number = DEPTH,
): string | undefined {
  if (medium.takes(value)) return undefined;
  if (depth === 0 || typeof value !== "object" || value === null) return path;
  for (const [step, part] of partsOf(value)) {
    const found = pathOfUncloneable(part, `${path}${step}`, medium, depth - 1);
    if (found !== undefined) return found;
  }
  return path;
}

/** Between threads, by structured clone. @internal */
export const BETWEEN_THREADS: Medium = {
  noun: "thread",
  moves: true,
  takes: (value) => canBe(structuredClone, value),
};

/** @internal */
export function canBe(cloned: (value: unknown) => unknown, value: unknown): boolean {
  if (typeof value !== "object" || value === null)
    return !["function", "symbol"].includes(typeof value);
  try {
    cloned(value);
    return true;
  } catch {
    return false;
  }
}

function* partsOf(value: object): Iterable<readonly [step: string, part: unknown]> {
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) yield [`[${index}]`, part];
  } else if (types.isMap(value)) {
    for (const [key, part] of value) yield [`.get(${String(key)})`, part];
  } else if (types.isSet(value)) {
    for (const part of value) yield ["(an item of the set)", part];
  } else {
    for (const [key, part] of Object.entries(value)) yield [`.${key}`, part];
  }
}
