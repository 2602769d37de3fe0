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

function has(object: unknown, key: symbol): boolean {
  return typeof object === "object" && object !== null && key in object;
}
