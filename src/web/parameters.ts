/*
 * The types of path parameters: `int`, `number`, `alpha`, `slug`, `uuid`, `date`, `ext`, `path`, and regular expressions.
 *
 * Strategy: a type is a function from decoded text to a value, undefined for text that is none: such a path is not that
 * route's, which is a 404 and no error. Each knows how narrow it is, so that `/:id<int>` is asked before `/:slug<slug>`
 * wherever both stand in a program. The rules are Sanic's; `uuid` is RFC 9562's text form.
 * Limits: a regular expression is run as it is; one that backtracks without end is its author's to avoid.
 */
import { wrongType } from "../core/arguments.ts";

/**
 * A type of path parameters.
 *
 * @example
 * ```ts
 * import { type ParameterType } from "ambit/web";
 *
 * const hex: ParameterType<number> = {
 *   parse: (text) => (/^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined),
 *   format: (value) => value.toString(16),
 * };
 * hex.parse("ff"); // => 255
 * ```
 */
export interface ParameterType<T = unknown> {
  /** The value of a text, which is decoded and not empty; undefined when it's none: then the path is not that route's. */
  parse(text: string): T | undefined;
  /** The text of a value, for `urlFor`. Default: `String(value)`. */
  format?(value: T): string;
}

/** A type as patterns hold it. @internal */
export interface ResolvedType {
  /** As it's written between the angle brackets; null for a parameter without a type. */
  readonly name: string | null;
  /** Narrow ones have small numbers: those are asked first. */
  readonly rank: number;
  /** What two types that are the same have in common. */
  readonly identity: unknown;
  readonly parse: (text: string) => unknown;
  readonly format: (value: unknown) => string;
}

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?(?:\d+(?:\.\d*)?|\.\d+)$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function parseInteger(text: string): number | undefined {
  if (!INTEGER.test(text)) return undefined;
  const value = Number(text);
  // `-0` is 0 to whoever wrote the link.
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

function parseNumber(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : Infinity;
  return Number.isFinite(value) ? value + 0 : undefined;
}

/** Midnight in UTC. February 30 is none: Date would make it March. */
function parseDate(text: string): Date | undefined {
  if (!DATE.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(date.getTime()) && formatDate(date) === text ? date : undefined;
}

function formatDate(value: unknown): string {
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

function parseUuid(text: string): string | undefined {
  return UUID.test(text) ? text.toLowerCase() : undefined;
}

function builtIn(
  name: string | null,
  rank: number,
  parse: (text: string) => unknown,
  format: (value: unknown) => string = String,
): ResolvedType {
  return { name, rank, identity: name, parse, format };
}

/** A parameter without a type: any text. @internal */
export const ANY_TEXT: ResolvedType = builtIn(null, 100, (text) => text);

/** The rest of a path: asked last. @internal */
export const REST_TYPE: ResolvedType = builtIn("path", 99, (text) => text);

const BUILT_IN: ReadonlyMap<string, ResolvedType> = new Map(
  [
    builtIn("uuid", 10, parseUuid),
    builtIn("date", 20, parseDate, formatDate),
    builtIn("int", 30, parseInteger),
    builtIn("number", 40, parseNumber),
    builtIn("alpha", 50, matching(/^[A-Za-z]+$/)),
    builtIn("ext", 60, matching(/^[A-Za-z0-9]+$/)),
    builtIn("slug", 70, matching(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)),
    REST_TYPE,
  ].map((type) => [type.name as string, type]),
);

/** Types of a program's own, by name. @internal */
export type CustomTypes = Pick<ReadonlyMap<string, ParameterType>, "get">;

/** No types of its own. @internal */
export const NO_CUSTOM_TYPES: CustomTypes = new Map();

/** Stands for a program's types where it is not known yet which there are. @internal */
export const ANY_CUSTOM_TYPES: CustomTypes = {
  get: (name) => (/^\w+$/.test(name) && !BUILT_IN.has(name) ? ANY_TEXT_TYPE : undefined),
};
const ANY_TEXT_TYPE: ParameterType = { parse: (text) => text };

/** @internal */
export function checkParameterType(name: string, type: ParameterType): void {
  if (typeof name !== "string" || !/^\w+$/.test(name))
    throw wrongType("name", "letters, digits and underscores", name);
  if (BUILT_IN.has(name)) throw new TypeError(`the parameter type ${name} is a built-in one`);
  if (typeof type?.parse !== "function")
    throw wrongType("type", "an object with a function `parse`", type);
}

/**
 * The type of that name; what stands before it wins: a program's own, then `re:`, then the built-in ones.
 *
 * @returns undefined when there is none
 * @throws SyntaxError for a regular expression that is none
 * @internal
 */
export function resolveType(name: string, custom: CustomTypes): ResolvedType | undefined {
  const own = custom.get(name);
  if (own !== undefined) return fromCustom(name, own);
  return name.startsWith("re:") ? fromRegExp(name) : BUILT_IN.get(name);
}

function fromCustom(name: string, type: ParameterType): ResolvedType {
  return {
    name,
    rank: 0,
    identity: type,
    parse: (text) => type.parse(text),
    format: (value) => type.format?.(value) ?? String(value),
  };
}

function fromRegExp(name: string): ResolvedType {
  const pattern = new RegExp(`^(?:${name.slice("re:".length)})$`, "u");
  return builtIn(name, 0, matching(pattern));
}
