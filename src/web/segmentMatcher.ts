/*
 * SegmentMatcher: what tells whether a segment of a path is one of a pattern, and takes its parameters out.
 *
 * Strategy: a parameter that is followed by text ends at the first place where that text stands and all behind it fits;
 * places that were tried in vain are remembered, so the work is bounded however the text repeats itself.
 * Limits: a segment with several parameters fits up to 255 characters, as names of files do: what is longer is no match.
 */
import type { Parameter, Segment, SegmentPart } from "./pathPattern.ts";

/** The longest segment that is split up among several parameters. */
const LONGEST = 255;

type Parts = Extract<Segment, { kind: "parts" }>["parts"];

/** Takes a decoded segment's parameters, putting their values from `at` on; false when it's none of the pattern. @internal */
export type SegmentMatcher = (segment: string, values: unknown[], at: number) => boolean;

/** @internal */
export function segmentMatcher(parts: Parts): SegmentMatcher {
  const [first, second] = parts;
  if (parts.length === 1) return whole(first as Parameter);
  if (parts.filter((part) => typeof part === "object").length > 1) return several(parts);
  const prefix = typeof first === "string" ? first : "";
  const suffix = parts.at(-1) as SegmentPart;
  return surrounded(
    prefix,
    (prefix === "" ? first : second) as Parameter,
    typeof suffix === "string" ? suffix : "",
  );
}

function whole({ type: { parse } }: Parameter): SegmentMatcher {
  return (segment, values, at) => put(parse(segment), values, at);
}

function put(value: unknown, values: unknown[], at: number): boolean {
  if (value === undefined) return false;
  values[at] = value;
  return true;
}

function surrounded(prefix: string, { type }: Parameter, suffix: string): SegmentMatcher {
  const least = prefix.length + suffix.length + 1;
  return (segment, values, at) =>
    segment.length >= least &&
    segment.startsWith(prefix) &&
    segment.endsWith(suffix) &&
    put(type.parse(segment.slice(prefix.length, segment.length - suffix.length)), values, at);
}

function several(parts: Parts): SegmentMatcher {
  return (segment, values, at) => {
    if (segment.length > LONGEST) return false;
    if (new Split(parts, segment, values, at).from(0, 0)) return true;
    values.length = at;
    return false;
  };
}

/** One try of splitting one segment. */
class Split {
  readonly #parts: Parts;
  readonly #segment: string;
  readonly #values: unknown[];
  /** Where the next value goes. */
  #next: number;
  /** Where it was tried in vain: the part's index and the place, as one number. */
  readonly #failed: Set<number> = new Set();

  constructor(parts: Parts, segment: string, values: unknown[], at: number) {
    this.#next = at;
    this.#parts = parts;
    this.#segment = segment;
    this.#values = values;
  }

  from(index: number, at: number): boolean {
    const part = this.#parts[index];
    if (part === undefined) return at === this.#segment.length;
    const key = index * (LONGEST + 1) + at;
    if (this.#failed.has(key)) return false;
    const fits = typeof part === "string" ? this.#text(part, index, at) : this.#value(index, at);
    if (!fits) this.#failed.add(key);
    return fits;
  }

  #text(text: string, index: number, at: number): boolean {
    return this.#segment.startsWith(text, at) && this.from(index + 1, at + text.length);
  }

  /** At least one character; what follows is text, or the end. */
  #value(index: number, at: number): boolean {
    const { type } = this.#parts[index] as Parameter;
    const text = this.#parts[index + 1] as string | undefined;
    for (let end = this.#end(text, at + 1); end !== -1; end = this.#end(text, end + 1)) {
      const value = type.parse(this.#segment.slice(at, end));
      if (value === undefined) continue;
      this.#values[this.#next++] = value;
      if (this.from(index + 1, end)) return true;
      this.#next--;
    }
    return false;
  }

  #end(text: string | undefined, least: number): number {
    if (text !== undefined) return this.#segment.indexOf(text, least);
    return least <= this.#segment.length ? this.#segment.length : -1;
  }
}

/** Those that say more come first: more text, then narrower types. @internal */
export function precedence(parts: Parts): number[] {
  const text = parts.reduce((sum, part) => sum + (typeof part === "string" ? part.length : 0), 0);
  const ranks = parts.map((part) => (typeof part === "string" ? 0 : part.type.rank));
  return [-text, ...ranks];
}
