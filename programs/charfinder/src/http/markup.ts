/*
 * HTML as text: a template that escapes what is put into it, so that forgetting it takes an effort.
 *
 * Text comes from strangers: besides what HTML gives a meaning, controls and lone surrogates, which a page must not hold,
 * become the replacement character.
 */

/** Text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may be put into HTML: text is escaped; nothing comes of null and false. */
export type Piece = string | number | Markup | null | false | readonly Piece[];

/** HTML, with what is put in escaped. For text and for the values of attributes in double quotes. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const fixed = compactParts(parts);
  let text = fixed[0] ?? "";
  pieces.forEach((piece, at) => (text += textOf(piece) + (fixed[at + 1] ?? "")));
  return new Markup(text);
}

const compacted = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The indentation of the source is of no use in the page. */
function compactParts(parts: TemplateStringsArray): readonly string[] {
  const known = compacted.get(parts);
  if (known !== undefined) return known;
  const fixed = parts.map((part) => part.replaceAll(/\n\s*/g, "\n"));
  compacted.set(parts, fixed);
  return fixed;
}

function textOf(piece: Piece): string {
  if (piece === null || piece === false) return "";
  if (typeof piece === "number") return String(piece);
  if (typeof piece === "string") return escape(piece);
  if (piece instanceof Markup) return piece.text;
  return piece.map(textOf).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Controls but for tab and line feed, lone surrogates, noncharacters. */
const UNFIT = /(?![\t\n])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** The text as it may stand in a page. */
export function escape(text: string): string {
  return text
    .replaceAll(UNFIT, "\u{fffd}")
    .replaceAll(/[&<>"']/g, (each) => ESCAPES[each] as string);
}
