/*
 * `Retry-After`: when a server wants to be asked again (RFC 9110, 10.2.3).
 *
 * In seconds, or as a date in any of the three forms of HTTP (RFC 9110, 5.6.7). A date is measured
 * against the answer's own `Date` where it has one, so that a client whose clock is wrong still waits
 * as long as the server meant. What is neither is as good as no header.
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = String.raw`(\d\d):(\d\d):(\d\d)`;
/** Sun, 06 Nov 1994 08:49:37 GMT */
const FIXED = new RegExp(String.raw`^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) ${TIME} GMT$`);
/** Sunday, 06-Nov-94 08:49:37 GMT */
const RFC_850 = new RegExp(String.raw`^[A-Z][a-z]+, (\d\d)-([A-Z][a-z]{2})-(\d\d) ${TIME} GMT$`);
/** Sun Nov  6 08:49:37 1994 */
const ASCTIME = new RegExp(String.raw`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([\d ]\d) ${TIME} (\d{4})$`);

/** Milliseconds since 1970 of a date of HTTP; null when it is none. `now` tells the century. @internal */
export function httpDate(text: string, now: number): number | null {
  const fixed = FIXED.exec(text);
  if (fixed !== null) {
    const [, day, month, year, ...time] = fixed;
    return moment(Number(year), month, day, time);
  }
  const old = RFC_850.exec(text);
  if (old !== null) {
    const [, day, month, year, ...time] = old;
    return moment(fullYear(Number(year), now), month, day, time);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return null;
  const [, month, day, hours, minutes, seconds, year] = asctime;
  return moment(Number(year), month, day, [hours, minutes, seconds]);
}

function moment(
  year: number,
  month: string | undefined,
  day: string | undefined,
  time: readonly (string | undefined)[],
): number | null {
  const index = MONTHS.indexOf(month ?? "");
  const [hours, minutes, seconds] = time.map(Number) as [number, number, number];
  if (index < 0 || hours > 23 || minutes > 59 || seconds > 60) return null;
  return Date.UTC(year, index, Number(day), hours, minutes, seconds);
}

/** Two digits that seem more than 50 years ahead are of the past (RFC 9110, 5.6.7). */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

/**
 * How long a server wants not to be asked, in milliseconds of at least 0; null when it does not say.
 * `now` is in milliseconds since 1970.
 * @internal
 */
export function retryAfter(headers: Headers, now: number): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const when = httpDate(text, now);
  if (when === null) return null;
  const asked = httpDate(headers.get("date")?.trim() ?? "", now) ?? now;
  return Math.max(0, when - asked);
}
