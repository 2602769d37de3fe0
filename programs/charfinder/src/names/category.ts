/*
 * What has to be known of a character to show it: most just stand there, some need a carrier, some cannot be seen.
 */

/** The kinds that are not simply shown. */
export const categories = [
  "control",
  "surrogate",
  "private use",
  "format",
  "separator",
  "mark",
] as const;

/** `graphic` is what can be shown as it is; `unassigned` is no character. */
export type Category = (typeof categories)[number] | "graphic" | "unassigned";

/** The general categories of the data that each is made of. */
export const generalCategories: Record<
  (typeof categories)[number] | "unassigned",
  readonly string[]
> = {
  control: ["Control"],
  surrogate: ["Surrogate"],
  "private use": ["Private_Use"],
  format: ["Format"],
  separator: ["Space_Separator", "Line_Separator", "Paragraph_Separator"],
  mark: ["Nonspacing_Mark", "Enclosing_Mark", "Spacing_Mark"],
  unassigned: ["Unassigned"],
};
