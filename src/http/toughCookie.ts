/*
 * tough-cookie, loaded when the first Set-Cookie comes: with its list of public suffixes it takes
 * longer to load than most programs take to start.
 */
import { createRequire } from "node:module";

type ToughCookie = Pick<
  typeof import("tough-cookie"),
  "Cookie" | "canonicalDomain" | "defaultPath" | "getPublicSuffix"
>;

const requireHere = createRequire(import.meta.url);
let loaded: ToughCookie | null = null;

/** @internal */
export function toughCookie(): ToughCookie {
  loaded ??= requireHere("tough-cookie") as ToughCookie;
  return loaded;
}
