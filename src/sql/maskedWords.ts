/*
 * A server's words with the values taken out.
 *
 * Servers quote what they don't like: `invalid input syntax for type integer: "abc"`, `Duplicate entry 'a@b.c' for key`.
 * Every parameter that occurs in the words is masked; a short one only between quotes, since "1" or "a" occur in any
 * sentence.
 * Limits: what the server changed before it quoted it (cut it, joined it with others) is not recognised as a whole, so
 * the places where servers are known to put values are masked by whoever knows them.
 */

/** From how many characters on a value is masked wherever it occurs. */
const LONG = 4;

/** @internal */
export function maskedWords(words: string, values: readonly unknown[]): string {
  let masked = words;
  for (const value of values) {
    const text = textOf(value);
    if (text === "") continue;
    if (text.length >= LONG) masked = masked.replaceAll(text, "?");
    else for (const quote of [`"`, `'`]) masked = masked.replaceAll(quote + text + quote, "?");
  }
  return masked;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return "";
}
