/*
 * Retry-After: when a server wants to be asked again (RFC 9110, 10.2.3).
 *
 * It is a number of seconds, or a date. The date is the server's clock's, so it is held against the
 * server's own Date where there is one: a clock that is wrong at either end then does no harm.
 */

/**
 * The milliseconds to wait; null when there is no such header, or nobody can read it.
 *
 * @param now the time of day here, for a server that tells none
 * @internal
 */
export function retryAfter(value: string | null, date: string | null, now: number): number | null {
  if (value === null) return null;
  const text = value.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const when = httpDate(text);
  if (when === null) return null;
  const from = date === null ? now : (httpDate(date) ?? now);
  return Math.max(0, when - from);
}

/** A date of HTTP in milliseconds since 1970, or null. @internal */
export function httpDate(text: string): number | null {
  // Date.parse takes much more than HTTP's three forms; all of those begin with a day's name.
  if (!/^(mon|tue|wed|thu|fri|sat|sun)/i.test(text)) return null;
  const isGmt = /GMT|UTC/i.test(text);
  const when = Date.parse(isGmt ? text : `${text} GMT`);
  return Number.isNaN(when) ? null : when;
}
