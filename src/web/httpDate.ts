/*
 * Dates as HTTP writes them (RFC 9110, section 5.6.7).
 *
 * Strategy: the three forms that a recipient must understand, and no other: what `Date.parse` makes of anything else
 * differs between engines, and a condition on a date that isn't one must be passed over.
 * Limits: whole seconds, which is all that the format has. A year of two digits is the nearest one that is not more than
 * fifty years ahead, as the rule has it.
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = String.raw`(\d\d):(\d\d):(\d\d)`;
/** `Sun, 06 Nov 1994 08:49:37 GMT`: the one that is sent. */
const FIXED = new RegExp(
  String.raw`^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), (\d\d) ([A-Z][a-z]{2}) (\d{4}) ${TIME} GMT$`,
);
/** `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850). */
const OLD = new RegExp(
  String.raw`^(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) ${TIME} GMT$`,
);
/** `Sun Nov  6 08:49:37 1994`, of C's `asctime`. */
const ASCTIME = new RegExp(
  String.raw`^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) ([A-Z][a-z]{2}) ([ \d]\d) ${TIME} (\d{4})$`,
);

/**
 * A date of HTTP's, in milliseconds since 1970; null when it is none.
 * @param now milliseconds since 1970: what a year of two digits is near to
 * @internal
 */
export function parseHttpDate(text: string, now: number): number | null {
  const fixed = FIXED.exec(text);
  if (fixed !== null) return instant(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const old = OLD.exec(text);
  if (old !== null) return instant(fullYear(old[3] as string, now), old[2], old[1], old.slice(4));
  const c = ASCTIME.exec(text);
  return c === null ? null : instant(c[6], c[1], c[2], c.slice(3, 6));
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, for milliseconds since 1970. @internal */
export function formatHttpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}

function instant(
  year: string | number | undefined,
  name: string | undefined,
  day: string | undefined,
  time: readonly string[],
): number | null {
  const month = MONTHS.indexOf(name ?? "");
  const [hours, minutes, seconds] = time.map(Number) as [number, number, number];
  // A leap second is the next minute's first.
  if (month === -1 || hours > 23 || minutes > 59 || seconds > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month, Number(day));
  // The 31st of June is the 1st of July to JavaScript, and no day to HTTP.
  if (date.getUTCMonth() !== month || Number(day) === 0) return null;
  return date.setUTCHours(hours, minutes, seconds);
}

function fullYear(digits: string, now: number): number {
  const current = new Date(now).getUTCFullYear();
  const year = current - (current % 100) + Number(digits);
  return year > current + 50 ? year - 100 : year;
}
