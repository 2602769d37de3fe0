/*
 * What is known of a character, as JSON: for programs, on the command line and over HTTP.
 */
import type { Alias } from "../names/alias.ts";
import type { Character } from "./character.ts";

export interface CharacterRecord {
  readonly codePoint: number;
  readonly notation: string;
  /** The character itself; null for a surrogate, which no text can hold by itself. */
  readonly character: string | null;
  readonly name: string;
  readonly aliases: readonly { readonly type: Alias[0]; readonly name: string }[];
  readonly block: string | null;
  readonly category: Character["category"];
}

/** The character as plain data. */
export function recordOf(character: Character): CharacterRecord {
  const { codePoint, notation, name, aliases, block, category } = character;
  return {
    codePoint,
    notation,
    character: category === "surrogate" ? null : String.fromCodePoint(codePoint),
    name,
    aliases: aliases.map(([type, alias]) => ({ type, name: alias })),
    block,
    category,
  };
}
