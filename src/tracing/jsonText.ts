/*
 * JSON, put together from text: spans are encoded by the thousand.
 */

/** What has to be escaped in a string; half of a surrogate pair is, so that it stays valid UTF-8. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A string in JSON. @internal */
export function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const names = new Map<string, string>();
/** A name that is made up by somebody must not fill the memory. */
const MOST_NAMES = 1000;

/** A name in JSON, with the colon behind it: names come again and again. @internal */
export function quotedName(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const made = `${quoted(name)}:`;
  if (names.size < MOST_NAMES) names.set(name, made);
  return made;
}
