/*
 * One line for one character, as the table on a terminal and the line protocol have it.
 */
import type { Character } from "../search/character.ts";
import { glyphOf } from "./glyph.ts";
import type { Palette } from "./palette.ts";

/** `U+1F408<tab>🐈<tab>CAT`; other names follow in parentheses. */
export function resultLine(character: Character, palette: Palette = PLAIN): string {
  const others = otherNames(character);
  const name = others.length === 0 ? "" : ` ${palette.faint(`(${others.join("; ")})`)}`;
  const glyph = palette.character(glyphOf(character));
  return `${palette.faint(character.notation)}\t${glyph}\t${palette.strong(character.name)}${name}`;
}

/** What a character is called besides, without what is shown as its name. */
export function otherNames({ name, aliases }: Character): string[] {
  return [...new Set(aliases.map(([, alias]) => alias))].filter((alias) => alias !== name);
}

const same = (text: string): string => text;
const PLAIN: Palette = { character: same, faint: same, strong: same };
