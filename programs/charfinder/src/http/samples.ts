/*
 * Queries to begin with: each shows something that one would not have thought of.
 */

/** A query, what it shows, and one of the characters that it finds. */
export interface Sample {
  readonly query: string;
  readonly title: string;
  /** Empty for what cannot be seen. */
  readonly glyph: string;
}

export const samples: readonly Sample[] = [
  { query: "cat face", title: "two words, both in the name", glyph: "🐱" },
  { query: "chess", title: "all pieces, turned pieces included", glyph: "♞" },
  { query: "heart", title: "in all colours", glyph: "💛" },
  { query: "smil*", title: "smile, smiling and smiley", glyph: "😊" },
  { query: "arrow right*", title: "a word and the beginning of one", glyph: "→" },
  { query: "vulgar fraction", title: "one half and its kin", glyph: "½" },
  { query: "roman numeral", title: "one to a hundred thousand", glyph: "Ⅻ" },
  { query: "greek omega", title: "large, small, with accents", glyph: "Ω" },
  { query: "playing card ace", title: "of four suits", glyph: "🂡" },
  { query: "die face", title: "one to six", glyph: "⚅" },
  { query: "clock twelve", title: "noon and midnight", glyph: "🕛" },
  { query: "snow*", title: "man, flake, board and capped mountain", glyph: "☃" },
  { query: "braille dots 12", title: "a number in the name", glyph: "⠃" },
  { query: "hangul syllable ga*", title: "syllables by the sound they begin with", glyph: "가" },
  { query: "cjk 4E00", title: "by code point, as it is part of the name", glyph: "一" },
  { query: "block:box-drawing", title: "a whole block", glyph: "╬" },
  { query: "zwj", title: "by an abbreviation", glyph: "" },
  { query: "U+1F408", title: "by code point", glyph: "🐈" },
  { query: "¿Qué?", title: "what is in a text", glyph: "¿" },
];
