/*
 * What the keys of one store begin with, so that stores may share a server.
 */
import { wrongType } from "../core/arguments.ts";

/** The prefix that was asked for, or the usual one. @internal @throws TypeError when it is no text */
export function keyPrefix(prefix: unknown, usual: string): string {
  if (prefix === undefined) return usual;
  if (typeof prefix !== "string") throw wrongType("options.prefix", "text", prefix);
  return prefix;
}
