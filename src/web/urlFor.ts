/*
 * urlFor: the path of a route, with its parameters filled in.
 *
 * Strategy: the way back of `pathPattern.ts`: what is made here is found by the same route, with the same values. What
 * could not come back is refused: an empty segment, half a character, `.` and `..` (which every client removes, however
 * they are encoded, RFC 3986, section 5.2.4), a value that is not of its type. Parameters that the path does not have
 * become the query.
 * Limits: where a segment has several parameters, a value that holds the text between them may come back split elsewhere.
 */
import { inspect } from "node:util";
import { wrongType } from "../core/arguments.ts";
import type { Parameter, PathPattern, Segment } from "./pathPattern.ts";

type Rest = Extract<Segment, { kind: "rest" }>;

const LONE_SURROGATE = /\p{Surrogate}/u;
/** It has no UTF-8, so it can't be percent-encoded. */
const HALF = "half a character";

/** Values by name. */
type Values = Readonly<Record<string, unknown>>;

/**
 * A path made of a pattern.
 *
 * @throws TypeError when a parameter is missing
 * @throws RangeError when a value can't stand in the path
 * @internal
 */
export function pathFor(name: string, pattern: PathPattern, values: Values): string {
  const missing = pattern.names.filter(
    (each) => !mayBeLeftOut(pattern, each) && valueOf(values, each) == null,
  );
  if (missing.length > 0)
    throw new TypeError(
      `urlFor of the route ${name} (${pattern.path}) without ${missing.join(", ")}: give each parameter of the path`,
    );
  const path = pattern.segments.map((segment) => `/${segmentFor(name, segment, values)}`).join("");
  const slash = pattern.trailingSlash || path === "" ? "/" : "";
  return path + slash + queryFor(pattern, values);
}

/** `constructor` and the like are names, too: what every object has is no value of one. */
function valueOf(values: Values, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(values, name) ? undefined : values[name];
}

/** The rest of a path may be empty. */
function mayBeLeftOut({ segments }: PathPattern, name: string): boolean {
  const last = segments.at(-1);
  return last?.kind === "rest" && last.name === name && last.mayBeEmpty;
}

function segmentFor(route: string, segment: Segment, values: Values): string {
  if (segment.kind === "text") return encoded(segment.text);
  if (segment.kind === "rest") return restFor(route, segment, valueOf(values, segment.name) ?? "");
  const parts = segment.parts.map((part) =>
    typeof part === "string" ? part : textFor(route, part, values[part.name]),
  );
  const whole = parts.join("");
  if (whole === "." || whole === "..") throw unfit(route, "a path", whole, "a segment of dots");
  return encoded(whole);
}

function textFor(route: string, { name, type }: Parameter, value: unknown): string {
  const text = type.format(value);
  if (LONE_SURROGATE.test(text)) throw unfit(route, name, value, HALF);
  if (text === "") throw unfit(route, name, value, "an empty segment");
  if (type.parse(text) === undefined)
    throw unfit(route, name, value, `what is no \`${type.name ?? "text"}\``);
  return text;
}

/** Its slashes stay slashes. */
function restFor(route: string, { name, mayBeEmpty }: Rest, value: unknown): string {
  const text = String(value);
  if (LONE_SURROGATE.test(text)) throw unfit(route, name, value, HALF);
  if (text === "" && !mayBeEmpty) throw unfit(route, name, value, "an empty segment");
  const segments = text.split("/");
  if (segments.some((segment) => segment === "." || segment === ".."))
    throw unfit(route, name, value, "a segment of dots");
  return segments.map(encoded).join("/");
}

/** What may stand in a segment as it is stays readable (RFC 3986, section 3.3). */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
}

function queryFor({ names }: PathPattern, values: Values): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (names.includes(name)) continue;
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
      if (each != null) query.append(name, queryText(name, each));
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

function queryText(name: string, value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw wrongType(`params.${name}`, "text, a number, a boolean, a Date or a list of them", value);
}

function unfit(route: string, name: string, value: unknown, why: string): RangeError {
  return new RangeError(
    `urlFor of the route ${route} with ${name} = ${inspect(value)}: ${why} can't stand in its path`,
  );
}
