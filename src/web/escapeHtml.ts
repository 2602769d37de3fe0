/*
 * What a text must become before it stands in HTML.
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * The text as it may stand in HTML: between tags, and in an attribute that has quotes around it. Not in a script, a
 * style, or a URL of an attribute such as `href`, where other rules hold.
 *
 * @example
 * ```ts
 * import { escapeHtml } from "ambit/web";
 *
 * escapeHtml(`<a href="x">`); // => "&lt;a href=&quot;x&quot;&gt;"
 * ```
 */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
