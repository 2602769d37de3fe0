/*
 * What is known of a character.
 */
import type { Alias } from "../names/alias.ts";
import type { Category } from "../names/category.ts";

/** A character, or a code point that is none. */
export interface Character {
  readonly codePoint: number;
  /** `U+1F408` */
  readonly notation: string;
  /** Its name; of one that has none, an alias or a label: `<private-use-E000>`. */
  readonly name: string;
  readonly aliases: readonly Alias[];
  /** The block's name; null outside of all. */
  readonly block: string | null;
  readonly category: Category;
}
