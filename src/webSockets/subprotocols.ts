/*
 * The names of subprotocols, which a client offers and a server picks from (RFC 6455, section 1.9).
 */
import { outOfRange, wrongType } from "../core/arguments.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Whether they are the names of subprotocols: tokens, and none of them twice (RFC 6455, section 4.1). @internal */
export function areProtocols(names: readonly unknown[]): boolean {
  const tokens = names.every((name) => typeof name === "string" && TOKEN.test(name));
  return tokens && new Set(names).size === names.length;
}

/** Checks what a program names, and copies it. @internal */
export function checkedProtocols(protocols: readonly string[]): readonly string[] {
  const expected = "an array of different tokens";
  if (!Array.isArray(protocols)) throw wrongType("options.protocols", expected, protocols);
  if (areProtocols(protocols)) return [...protocols];
  throw outOfRange("options.protocols", expected, protocols);
}
