/*
 * JSON, put together from text: spans are encoded by the thousand.
 *
 * Strategy: names come again and again, and most of them with the value that they had the last time: what was made of
 * them then is kept.
 */
import type { AttributeList, AttributeValue } from "./attributes.ts";

/** What has to be escaped in a string; half of a surrogate pair is, so that it stays valid UTF-8. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** A string in JSON. @internal */
export function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** What is kept must not fill the memory, whatever somebody makes up. */
const MOST_KEPT = 1000;
const LONGEST_KEPT = 64;

const lowered = new Map<string, string>();

/** A name in lower case, in JSON. @internal */
export function quotedLower(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const made = quoted(name.toLowerCase());
  if (lowered.size < MOST_KEPT && name.length <= LONGEST_KEPT) lowered.set(name, made);
  return made;
}

/** An attribute's name, and what was made of it and its value the last time. */
class LastPair {
  readonly key: string;
  value: AttributeValue | undefined = undefined;
  text = "";

  constructor(name: string) {
    this.key = `,${quoted(name)}:`;
  }
}

const pairs = new Map<string, LastPair>();

/**
 * Names and values as members of an object whose values are text, each with a comma before it.
 * @param leftOut names that are told elsewhere
 * @internal
 */
export function textMembers(list: AttributeList, leftOut: readonly string[] = NONE): string {
  let text = "";
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] as string;
    if (!leftOut.includes(name)) text += member(name, list[at + 1] as AttributeValue);
  }
  return text;
}

const NONE: readonly string[] = [];

function member(name: string, value: AttributeValue): string {
  let last = pairs.get(name);
  if (last === undefined) {
    last = new LastPair(name);
    if (pairs.size < MOST_KEPT && name.length <= LONGEST_KEPT) pairs.set(name, last);
  }
  if (last.value === value) return last.text;
  const text = last.key + valueText(value);
  // An array may be changed by whoever has it; a long text is not likely to come again.
  if (typeof value === "object" || text.length > 2 * LONGEST_KEPT) return text;
  last.value = value;
  last.text = text;
  return text;
}

function valueText(value: AttributeValue): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "object" ? quoted(JSON.stringify(value)) : `"${value}"`;
}
