/*
 * Names with values: what a query and an urlencoded form are made of, from the shapes that callers
 * have them in. The order is the caller's, and a name may come again.
 *
 * What has no agreed way to be written is refused: null, NaN, dates, objects.
 */
import { wrongType } from "../core/arguments.ts";

/** A value that has one way to be written. */
export type NamedValue = string | number | bigint | boolean;

/**
 * Names with values: an object, pairs, or `URLSearchParams`. In an object, an array gives its name
 * once for each item, and undefined is left out.
 */
export type NamedValues =
  | Readonly<Record<string, NamedValue | readonly NamedValue[] | undefined>>
  | Iterable<readonly [name: string, value: NamedValue]>;

/** Appends each name and value. @internal */
export function appendTo(target: URLSearchParams, parameter: string, input: NamedValues): void {
  if (typeof input !== "object" || input === null)
    throw wrongType(parameter, "an object, pairs, or URLSearchParams", input);
  if (Symbol.iterator in input) {
    for (const pair of input) appendPair(target, parameter, pair);
    return;
  }
  for (const [name, value] of Object.entries(input)) appendAll(target, parameter, name, value);
}

function appendPair(
  target: URLSearchParams,
  parameter: string,
  pair: readonly [name: string, value: NamedValue],
): void {
  if (!Array.isArray(pair) || pair.length !== 2)
    throw wrongType(parameter, "an iterable of pairs of a name and a value", pair);
  const [name, value] = pair as readonly [string, NamedValue];
  target.append(name, textOf(`${parameter}.${name}`, value));
}

function appendAll(
  target: URLSearchParams,
  parameter: string,
  name: string,
  value: NamedValue | readonly NamedValue[] | undefined,
): void {
  if (value === undefined) return;
  if (!Array.isArray(value))
    return target.append(name, textOf(`${parameter}.${name}`, value as NamedValue));
  for (const [index, item] of (value as readonly NamedValue[]).entries())
    target.append(name, textOf(`${parameter}.${name}[${index}]`, item));
}

function textOf(parameter: string, value: NamedValue): string {
  if (typeof value === "string") return value;
  const known = typeof value === "bigint" || typeof value === "boolean" || Number.isFinite(value);
  if (known) return String(value);
  throw wrongType(parameter, "a string, a finite number or a boolean", value);
}
