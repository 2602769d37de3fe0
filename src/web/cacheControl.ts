/*
 * Cache-Control for files: how long a copy may be used without asking (RFC 9111, RFC 8246).
 */
import { expectMilliseconds, outOfRange, wrongType } from "../core/arguments.ts";

/** How long a copy may be kept. */
export interface CacheOptions {
  /** In milliseconds, sent as whole seconds. */
  readonly maxAge: number;
  /** The file never changes under this name, so that not even a reload asks. Default false. */
  readonly immutable?: boolean;
  /** Only the visitor's own browser may keep it. Default false: proxies, too. */
  readonly private?: boolean;
}

/** The value of the header, or what it is made of. */
export type CacheInput = string | CacheOptions;

/** The value of the header; checked. @internal */
export function cacheControlOf(name: string, input: CacheInput): string {
  if (typeof input === "string") return input;
  if (typeof input !== "object" || input === null)
    throw wrongType(name, "a value of Cache-Control, or `{ maxAge }`", input);
  const { maxAge } = input;
  expectMilliseconds(`${name}.maxAge`, maxAge);
  if (maxAge < 0 || maxAge === Infinity)
    throw outOfRange(`${name}.maxAge`, "a number of milliseconds of at least 0", maxAge);
  const who = input.private === true ? "private" : "public";
  const immutable = input.immutable === true ? ", immutable" : "";
  return `${who}, max-age=${Math.floor(maxAge / 1000)}${immutable}`;
}
