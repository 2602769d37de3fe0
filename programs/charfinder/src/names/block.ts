/*
 * Blocks: the named parts that Unicode is divided into.
 */
import type { Span } from "./span.ts";

/** A block, with its first and last code point. */
export type Block = readonly [...Span, name: string];

/** The names that the rules below would not get right. */
const EXCEPTIONS: Record<string, string> = {
  Latin_1_Supplement: "Latin-1 Supplement",
  Phags_Pa: "Phags-pa",
  Cypro_Minoan: "Cypro-Minoan",
  Tulu_Tigalari: "Tulu-Tigalari",
};

/** The name as Blocks.txt has it, of the one that serves as an identifier: `Arrows_And_Such_Extended_A`. */
export function blockName(identifier: string): string {
  return (
    EXCEPTIONS[identifier] ??
    identifier
      .replaceAll("_", " ")
      .replaceAll(/ (?:And|For) /g, (word) => word.toLowerCase())
      .replace(/(Extended|Arrows|Symbols|Forms|Area) ([A-Z])$/, "$1-$2")
  );
}
