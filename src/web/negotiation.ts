/*
 * Content negotiation: which of the forms that a server has the client would rather get.
 *
 * Rules: RFC 9110, section 12.5.1 for `Accept`, 12.5.4 and RFC 4647 for `Accept-Language`. A form's weight is that of
 * the most specific range that it falls under, so that `text/*, text/plain;q=0` is all text but the plain one. Of forms
 * with the same weight the one that the client named more closely goes first, then the one that the server has first:
 * the order in the header means nothing.
 * Limits: what is no range is passed over, and only the first 64 ranges are looked at.
 */
import { wrongType } from "../core/arguments.ts";

/** Something with the headers of a request: a `ServerRequest`, or a WHATWG `Request`. */
export interface Negotiable {
  readonly headers: { get(name: string): string | null };
}

/** A form that was chosen, and how closely it was asked for. @internal */
export interface Choice<T extends string = string> {
  readonly value: T;
  readonly weight: number;
  /** 0 when only by a range of everything, or by no header at all. */
  readonly closeness: number;
}

interface Range {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

const MOST_RANGES = 64;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * Which of those media types the client would rather get; null when it accepts none of them. Without an `Accept` it is
 * the first.
 *
 * An answer that depends on this should say so: `request.replyHeaders.vary("Accept")`.
 *
 * @param types in the order that the server would rather send them, such as `["application/json", "text/html"]`; a type
 *   may have parameters (`text/html; level=1`)
 * @throws TypeError when one of `types` is no media type
 *
 * @example
 * ```ts
 * import { accepts } from "ambit/web";
 *
 * const request = new Request("http://h/", { headers: { accept: "text/*, application/json;q=0.5" } });
 * accepts(request, ["application/json", "text/csv"]); // => "text/csv"
 * ```
 */
export function accepts<const T extends string>(
  request: Negotiable,
  types: readonly T[],
): T | null {
  return chosenType(request.headers.get("accept"), types)?.value ?? null;
}

/**
 * Which of those languages the client would rather get; null when it wants none of them, and the first without an
 * `Accept-Language`.
 *
 * A tag is what was asked for when it is the range, is below it (`de` gets `de-CH`, RFC 4647, section 3.3.1), or, when
 * nothing is closer, above it (`de-CH` gets `de`, section 3.4).
 *
 * @param tags in the order that the server would rather send them, such as `["en", "de-CH"]`
 * @throws TypeError when one of `tags` is no language tag
 *
 * @example
 * ```ts
 * import { acceptsLanguage } from "ambit/web";
 *
 * const request = new Request("http://h/", { headers: { "accept-language": "de-CH, en;q=0.8" } });
 * acceptsLanguage(request, ["en", "de"]); // => "de"
 * ```
 */
export function acceptsLanguage<const T extends string>(
  request: Negotiable,
  tags: readonly T[],
): T | null {
  for (const tag of tags)
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/i.test(tag)) throw wrongType("tags", "language tags", tag);
  return chosen(request.headers.get("accept-language"), tags, languageCloseness)?.value ?? null;
}

/** Like {@link accepts}, from the header's value, with how it was chosen. @internal */
export function chosenType<const T extends string>(
  header: string | null,
  types: readonly T[],
): Choice<T> | null {
  const offers = new Map<string, Range>(types.map((type) => [type, mediaType(type)]));
  return chosen(header, types, (type, range) => typeCloseness(offers.get(type) as Range, range));
}

/** How closely a range names a form: more is closer, undefined is not at all. */
type Closeness = (value: string, range: Range) => number | undefined;

function chosen<T extends string>(
  header: string | null,
  values: readonly T[],
  closenessOf: Closeness,
): Choice<T> | null {
  const ranges = header === null ? [] : rangesIn(header);
  let best: Choice<T> | null = null;
  for (const value of values) {
    const choice = weighed(value, ranges, closenessOf);
    if (choice.weight === 0) continue;
    if (
      best === null ||
      choice.weight > best.weight ||
      (choice.weight === best.weight && choice.closeness > best.closeness)
    )
      best = choice;
  }
  return best;
}

/** A value's weight: that of the closest range. */
function weighed<T extends string>(
  value: T,
  ranges: readonly Range[],
  closenessOf: Closeness,
): Choice<T> {
  if (ranges.length === 0) return { value, weight: 1, closeness: 0 };
  let weight = 0;
  let closest = -1;
  for (const range of ranges) {
    const closeness = closenessOf(value, range);
    if (closeness === undefined || closeness <= closest) continue;
    closest = closeness;
    ({ weight } = range);
  }
  return { value, weight, closeness: closest };
}

/** The ranges of a header, as far as they are some. */
function rangesIn(header: string): Range[] {
  const ranges: Range[] = [];
  for (const element of split(header, ",")) {
    const range = rangeIn(element);
    if (range !== null) ranges.push(range);
    if (ranges.length === MOST_RANGES) break;
  }
  return ranges;
}

function rangeIn(element: string): Range | null {
  const [name = "", ...rest] = split(element, ";");
  if (!name.split("/").every((part) => TOKEN.test(part))) return null;
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const [key = "", value = ""] = parameter.split(/\s*=\s*(.*)/s);
    if (key.toLowerCase() === "q") {
      if (!WEIGHT.test(value)) return null;
      return { name: name.toLowerCase(), parameters, weight: Number(value) };
    }
    parameters.set(key.toLowerCase(), unquoted(value).toLowerCase());
  }
  return { name: name.toLowerCase(), parameters, weight: 1 };
}

/** The pieces between separators that stand outside of quotes, trimmed; empty ones are left out. */
function split(text: string, separator: "," | ";"): string[] {
  const pieces: string[] = [];
  let quoted = false;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (quoted && character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (at >= text.length || (character === separator && !quoted)) {
      const piece = text.slice(from, at).trim();
      if (piece !== "") pieces.push(piece);
      from = at + 1;
    }
  }
  return pieces;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : value;
}

function mediaType(type: string): Range {
  const range = typeof type === "string" ? rangeIn(type) : null;
  if (range === null || !/^[^/*]+\/[^/*]+$/.test(range.name))
    throw wrongType("types", "media types such as `text/html`", type);
  return range;
}

function typeCloseness(offer: Range, range: Range): number | undefined {
  if (range.name === "*/*" || range.name === "*") return 0;
  if (range.name.endsWith("/*"))
    return offer.name.startsWith(range.name.slice(0, -1)) ? 1 : undefined;
  if (range.name !== offer.name) return undefined;
  for (const [key, value] of range.parameters)
    if (offer.parameters.get(key) !== value) return undefined;
  return 2 + range.parameters.size;
}

/** Above everything: a tag that is, or is below, the range. Then one that it is below of. */
function languageCloseness(value: string, range: Range): number | undefined {
  if (range.name === "*") return 0;
  const tag = value.toLowerCase();
  if (tag === range.name || tag.startsWith(`${range.name}-`)) return 1000 + range.name.length;
  return range.name.startsWith(`${tag}-`) ? tag.length : undefined;
}
