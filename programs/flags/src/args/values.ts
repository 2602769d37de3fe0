/*
 * Reads the values of options. Each names the option and the offending value and says what would
 * do, so that one line is enough to get it right.
 */
import { UsageError } from "./usageError.ts";

/** A whole number from `least` to `most`. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`${option} must be a whole number ${range}, not \`${text}\``);
}

/** One of `names`, in any case. */
export function oneOf<T extends string | number>(
  option: string,
  text: string,
  names: readonly T[],
): T {
  const found = names.find((name) => String(name).toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new UsageError(`${option} must be one of ${names.join(", ")}, not \`${text}\``);
}

/** An http or https URL; placeholders in braces are left as they are. */
export function webUrl(option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return text.trim();
  throw new UsageError(`${option} must be an http or https URL, not \`${text}\``);
}

/** The URL of a Redis server. It is not told back: it may hold a password. */
export function redisUrl(option: string, text: string): string {
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError(`${option} must be a URL such as redis://localhost:6379`);
}
