/*
 * The words of a name: what stands between spaces and hyphens.
 */

/** The words, each once, in capitals. */
export function wordsOf(name: string): string[] {
  return [...new Set(name.toUpperCase().split(/[\s-]+/))].filter((word) => word !== "");
}
