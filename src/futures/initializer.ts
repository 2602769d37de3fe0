/*
 * What is called in each worker of a pool before its first call.
 */
import { expectFunction } from "../core/arguments.ts";
import type { Callable } from "./reference.ts";

/** @internal */
export interface Initializer {
  readonly fn: Callable;
  readonly args: readonly unknown[];
}

/** Null when there is none. @internal */
export function initializerOf(
  fn: Callable | undefined,
  args: readonly unknown[] = [],
): Initializer | null {
  if (fn === undefined) return null;
  expectFunction("options.initializer", fn);
  return { fn, args };
}
