/*
 * Attributes: what is known of a span, by name (OpenTelemetry's common concept).
 *
 * Strategy: a flat list of names and values; a span has few of them, and a list costs less than a Map. A name that was
 * set before gets the new value.
 */
import { wrongType } from "../core/arguments.ts";

/** The value of an attribute. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | readonly boolean[];

/** Attributes by name. What is undefined is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Names and values, by turns. A value that is undefined is none: its place is kept for later. @internal */
export type AttributeList = (string | AttributeValue | undefined)[];

/** How many attributes a span keeps (OpenTelemetry's default limit). */
const MOST = 128;

/** One of a list. @internal */
export function valueIn(list: AttributeList, name: string): AttributeValue | undefined {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return list[at + 1];
  return undefined;
}

/**
 * Sets one; false when there are too many.
 * @param others how many more are kept elsewhere
 * @internal
 */
export function setIn(
  list: AttributeList,
  name: string,
  value: AttributeValue,
  others = 0,
): boolean {
  for (let at = 0; at < list.length; at += 2) {
    if (list[at] !== name) continue;
    list[at + 1] = value;
    return true;
  }
  if (list.length / 2 + others >= MOST) return false;
  list.push(name, value);
  return true;
}

/** @internal */
export function recordOf(list: AttributeList): Record<string, AttributeValue> {
  const record: Record<string, AttributeValue> = {};
  for (let at = 0; at < list.length; at += 2) {
    const value = list[at + 1];
    if (value !== undefined) record[list[at] as string] = value;
  }
  return record;
}

/** Checks attributes from outside. @internal */
export function attributeList(parameter: string, input: Attributes | undefined): AttributeList {
  const list: AttributeList = [];
  if (input === undefined) return list;
  if (typeof input !== "object" || input === null)
    throw wrongType(parameter, "an object of attributes", input);
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    setIn(list, name, attributeValue(`${parameter}.${name}`, value));
  }
  return list;
}

/** Checks a value from outside. @internal */
export function attributeValue(parameter: string, value: unknown): AttributeValue {
  if (isPlain(value)) return value;
  if (
    Array.isArray(value) &&
    value.every((each) => isPlain(each) && typeof each === typeof value[0])
  )
    return [...value] as string[];
  throw wrongType(parameter, "a string, number, boolean, or an array of one of these", value);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
