/*
 * Values of options: from text to numbers, times, sizes, headers and checksums. Each function gets
 * the option's name for its message, and throws a UsageError that says the name, what would be
 * right, and what came.
 */
import { UsageError } from "../usageError.ts";

function wrong(name: string, expected: string, text: string): UsageError {
  return new UsageError(`${name} must be ${expected}, not \`${text}\``);
}

/** A whole number from `least` to `most`. */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw wrong(name, `a whole number from ${least} to ${most}`, text);
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  "": 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds: `30` and `30s` are seconds, `500ms`, `2m`, `1h`; more than none. */
export function duration(name: string, text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? Number.NaN);
  // Node's timers take no more than 2^31 - 1 ms, which is 24 days.
  if (ms >= 1 && ms <= 2_147_483_647) return Math.round(ms);
  throw wrong(name, "a time such as 30, 30s, 500ms, 10m or 1h", text);
}

const POWERS = ["", "k", "m", "g", "t"];

/** Bytes: `500k`, `2M`, `1.5g`; k is 1024, as it is to curl and wget. */
export function byteSize(name: string, text: string): number {
  const [, number, letter = ""] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.round(Number(number) * 1024 ** POWERS.indexOf(letter.toLowerCase()));
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw wrong(name, "a number of bytes such as 100000, 500k or 2M", text);
}

/** `Name: value`. The value is not told back: it may be a secret. */
export function header(name: string, text: string): readonly [name: string, value: string] {
  const [, key, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) {
    throw new UsageError(
      `${name} must be \`Name: value\`, not \`${text.replace(/:.*/s, ": ...")}\``,
    );
  }
  // oxlint-disable-next-line no-control-regex -- those are what is looked for
  if (/[\u0000-\u0008\u000A-\u001F\u007F]|[^\u0000-\u00FF]/.test(value)) {
    throw new UsageError(`${name} \`${key}\` has a character in it that no header can have`);
  }
  return [key, value.trimEnd()];
}

const DIGITS: Readonly<Record<string, number>> = {
  md5: 32,
  sha1: 40,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/**
 * A checksum as `algorithm=hex`, the algorithm written `sha256`, `sha-256` or `SHA-256`; or hex
 * alone, whose length tells the algorithm. Gives `sha256=…`, in lower case.
 */
export function checksum(name: string, text: string): string {
  const [, typed, hex = ""] = /^(?:([A-Za-z0-9-]+)[=:])?([0-9a-fA-F]+)$/.exec(text.trim()) ?? [];
  const byLength = Object.keys(DIGITS).find((key) => DIGITS[key] === hex.length);
  const algorithm = typed === undefined ? byLength : typed.toLowerCase().replace("-", "");
  if (algorithm !== undefined && DIGITS[algorithm] === hex.length)
    return `${algorithm}=${hex.toLowerCase()}`;
  throw wrong(name, "a checksum such as sha256=9f86d0... (64 hex digits)", text);
}

/** A URL of one of the protocols. */
export function urlOf(name: string, text: string, protocols: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol) && url.host !== "") return url;
  const list = protocols.map((protocol) => `${protocol}//`).join(" or ");
  throw wrong(name, `a URL that begins with ${list}`, text.replace(/\/\/[^/@]*@/, "//***@"));
}

/** The URL of a Redis. It is not told back: it may hold a password. */
export function redisUrl(name: string, text: string): string {
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError(`${name} must be a URL such as \`redis://localhost:6379\``);
}

/** What a queue, or a prefix of keys, is called. */
export function queueName(name: string, text: string): string {
  if (/^[^:{}\s]+$/.test(text)) return text;
  throw new UsageError(`${name} must be a name without spaces, colons and braces, not \`${text}\``);
}
