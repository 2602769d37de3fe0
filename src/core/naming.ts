/*
 * Names of objects, for who reads a report: which of all these locks is it?
 *
 * Strategy: kept beside the objects, so that what is not named costs nothing.
 */
import { wrongType } from "./arguments.ts";

const names = new WeakMap<object, string>();

/**
 * Gives an object a name for reports and returns it: a deadlock diagnosis then says `Lock 'accounts'`.
 *
 * @throws TypeError when `name` is not a string, or `object` not an object
 *
 * @example
 * ```ts
 * import { Lock, named } from "ambit";
 *
 * const accounts = named("accounts", new Lock());
 * accounts.locked(); // => false
 * ```
 */
export function named<T extends object>(name: string, object: T): T {
  if (typeof name !== "string") throw wrongType("name", "a string", name);
  if (typeof object !== "object" || object === null) throw wrongType("object", "an object", object);
  names.set(object, name);
  return object;
}

/** The name that an object was given. @internal */
export function nameOf(object: object): string | undefined {
  return names.get(object);
}
