/*
 * Which flags: from what was typed to a sorted list of codes without doubles. A first letter
 * stands for all 26 codes that begin with it, whether a country has them or not: finding that out
 * is the server's business (they come back as "not found").
 */
import { UsageError } from "./args/usageError.ts";
import { mostPopulous } from "./catalogue/populous.ts";

/** What was asked for: all flags, all codes, the usual few, or these codes. */
export type Selection = "all" | "every" | "populous" | readonly string[];

const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** Expands country codes and first letters, in any case; doubles and order are kept. */
export function expandCodes(typed: readonly string[]): string[] {
  return typed.flatMap((argument) => {
    const code = argument.toUpperCase();
    if (/^[A-Z]$/.test(code)) return letters.map((letter) => code + letter);
    if (/^[A-Z]{2}(-[A-Z]{3})?$/.test(code)) return [code];
    throw new UsageError(
      `\`${argument}\` is no country code: give two letters (BR), a first letter (B for BA to BZ) or a part of GB (GB-SCT)`,
    );
  });
}

/** The codes of a selection, sorted, the first `limit` of them. `all` says what "all" means. */
export function selectCodes(
  selection: Selection,
  all: () => readonly string[],
  limit = Number.POSITIVE_INFINITY,
): string[] {
  return [...new Set(codesOf(selection, all))].sort().slice(0, limit);
}

function codesOf(selection: Selection, all: () => readonly string[]): readonly string[] {
  switch (selection) {
    case "all":
      return all();
    case "every":
      return expandCodes(letters);
    case "populous":
      return mostPopulous;
    default:
      return selection;
  }
}
