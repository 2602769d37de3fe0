/*
 * Text on a terminal: how wide it is, how it is cut to fit, and how it is made harmless.
 *
 * A name that a server gave may hold anything, a sequence that clears the screen as well. So what
 * comes from outside is shown only through `harmless`; and only text that went through it has a
 * width at all.
 * Limits: widths are those of most terminals (wide: East Asian and emoji; none: combining marks);
 * an emoji that is joined of several is counted as its parts, so that it is never too wide.
 */

// oxlint-disable-next-line no-control-regex -- those are what is looked for
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;
const LONE_SURROGATE = /[\uD800-\uDFFF]/gu;
// oxlint-disable-next-line no-control-regex -- plain text is told by it
const PLAIN = /^[ -~]*$/;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;

/** First and last of the ranges of East Asian Wide and Fullwidth, as far as they have letters. */
const WIDE: readonly (readonly [first: number, last: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x17000, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** The text with what could move the cursor, or turn the writing direction, made visible: `\x1B`. */
export function harmless(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, escaped).replace(LONE_SURROGATE, "\uFFFD");
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  const digits = code.toString(16).toUpperCase();
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
}

/** How many columns a harmless text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOfOne(character);
  return width;
}

function widthOfOne(character: string): 0 | 1 | 2 {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (NO_WIDTH.test(character)) return 0;
  if (WIDE.some(([first, last]) => code >= first && code <= last)) return 2;
  return EMOJI.test(character) ? 2 : 1;
}

/** The beginning of a text, at most `columns` wide; `mark` stands for what was cut off. */
export function cutEnd(text: string, columns: number, mark = "…"): string {
  if (widthOf(text) <= columns) return text;
  return fitting([...text], columns - mark.length).join("") + mark.slice(0, Math.max(0, columns));
}

/** The end of a text, at most `columns` wide: of a path, the end tells most. */
export function cutStart(text: string, columns: number, mark = "…"): string {
  if (widthOf(text) <= columns) return text;
  const end = fitting([...text].reverse(), columns - mark.length).reverse();
  // A mark that belongs to a letter that was cut off would sit on the wrong one.
  while (end[0] !== undefined && widthOfOne(end[0]) === 0) end.shift();
  return mark.slice(0, Math.max(0, columns)) + end.join("");
}

function fitting(characters: readonly string[], columns: number): string[] {
  let left = columns;
  let count = 0;
  while (count < characters.length) {
    left -= widthOfOne(characters[count] ?? "");
    if (left < 0) break;
    count++;
  }
  return characters.slice(0, count);
}

/** The text, filled up to `columns` with spaces. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}
