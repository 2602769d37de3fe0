/*
 * A count in words: `1 match`, `11,533 matches`.
 */

/** With the thousands apart; the plural is with `es` for words that need it. */
export function countWords(count: number, noun: "match" | "client" | "character"): string {
  const plural = noun === "match" ? "matches" : `${noun}s`;
  return `${groupDigits(count)} ${count === 1 ? noun : plural}`;
}

/** `11,533` */
export function groupDigits(count: number): string {
  return count.toLocaleString("en-US");
}
