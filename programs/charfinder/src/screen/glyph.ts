/*
 * A character in a form that can be shown anywhere: on a line of a terminal, in the cell of a table.
 *
 * Controls would move the cursor or worse, so their pictures stand for them; a mark needs something to sit on, for which
 * the standard has the dotted circle (section 5.13); what has no ink, changes the direction of what follows, or cannot
 * be encoded at all, is left out: the code point and the name say what it is.
 */
import type { Character } from "../search/character.ts";

const DOTTED_CIRCLE = "\u{25cc}";
const PICTURES = 0x2400;
const DELETE = 0x7f;

/** What to show for a character; empty where nothing can be shown. */
export function glyphOf({ codePoint, category }: Character): string {
  switch (category) {
    case "graphic":
    case "private use":
      return String.fromCodePoint(codePoint);
    case "mark":
      return DOTTED_CIRCLE + String.fromCodePoint(codePoint);
    case "control":
      return pictureOf(codePoint);
    case "separator":
    case "format":
    case "surrogate":
    case "unassigned":
      return "";
  }
}

function pictureOf(codePoint: number): string {
  if (codePoint < 0x20) return String.fromCodePoint(PICTURES + codePoint);
  return codePoint === DELETE ? "\u{2421}" : "";
}
