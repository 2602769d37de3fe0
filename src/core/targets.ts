/*
 * What objects tell of themselves to who draws pictures of waits: methods under keys of their own, so that the floors
 * above can answer and the kernel knows none of them.
 */
import type { Future } from "./future.ts";

/** Under this key a primitive tells who holds it: a list of tasks; null is code outside any. @internal */
export const HOLDERS: unique symbol = Symbol("ambit.holders");

/** Under this key what waits for several futures at once tells which of them are not done. @internal */
export const AWAITED: unique symbol = Symbol("ambit.awaited");

/** Under this key the body of a scope tells how it limits the waits in it: `deadline in 99 ms`. @internal */
export const LIMIT: unique symbol = Symbol("ambit.limit");

/** Under this key what stands for work elsewhere, a call in a worker, has a picture made of it. @internal */
export const ELSEWHERE: unique symbol = Symbol("ambit.elsewhere");

/** @internal */
export interface Held {
  [HOLDERS](): readonly (object | null)[];
}

/** @internal */
export interface Awaiting {
  [AWAITED](): readonly Future<unknown>[];
}

/** @internal */
export interface Limiting {
  [LIMIT](): string | null;
}

/** How many milliseconds all parts of a picture may still be waited for, together. Who waits takes off what it took. @internal */
export interface Patience {
  left: number;
}

/** A part of a task tree that comes from elsewhere. @internal */
export interface Picture {
  /** What it shows: a line for itself, then the branches below it, indented. Waits for it while there is patience left. */
  lines(): readonly string[];
}

/** @internal */
export interface Elsewhere {
  /**
   * Asks for the picture, and does not wait for it.
   * @param patience how long the picture's `lines` may wait for it
   */
  [ELSEWHERE](patience: Patience): Picture;
}

/** @internal */
export function isHeld(target: unknown): target is Held {
  return has(target, HOLDERS);
}

/** @internal */
export function isAwaiting(target: unknown): target is Awaiting {
  return has(target, AWAITED);
}

/** @internal */
export function isLimiting(body: unknown): body is Limiting {
  return has(body, LIMIT);
}

/** @internal */
export function isElsewhere(target: unknown): target is Elsewhere {
  return has(target, ELSEWHERE);
}

function has(object: unknown, key: symbol): boolean {
  return typeof object === "object" && object !== null && key in object;
}
