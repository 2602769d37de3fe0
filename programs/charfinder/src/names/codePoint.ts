/*
 * How code points are written: `1F408` in names, `U+1F408` for people.
 */

/** The highest there is. */
export const LAST_CODE_POINT = 0x10ffff;

/** At least four digits of capital hexadecimal. */
export function hexOf(codePoint: number): string {
  return codePoint.toString(16).toUpperCase().padStart(4, "0");
}

/** As the standard writes it: `U+1F408`. */
export function notationOf(codePoint: number): string {
  return `U+${hexOf(codePoint)}`;
}

/** The code point that is written so, in names; undefined when that is none. */
export function codePointOfHex(text: string): number | undefined {
  if (!/^(?:[1-9A-F]|10)?[0-9A-F]{4}$/.test(text)) return undefined;
  return Number.parseInt(text, 16);
}
