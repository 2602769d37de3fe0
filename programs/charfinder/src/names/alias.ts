/*
 * Aliases: the other names that a character has in the standard (NameAliases.txt).
 */

/** In the order in which they stand in for a name that is missing. */
export const aliasKinds = [
  "control",
  "figment",
  "correction",
  "alternate",
  "abbreviation",
] as const;

export type AliasKind = (typeof aliasKinds)[number];

/** Another name of a character. */
export type Alias = readonly [kind: AliasKind, name: string];
