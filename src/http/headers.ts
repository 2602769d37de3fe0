/*
 * Headers to send, and headers that came.
 *
 * Strategy: what is sent is one flat list of names and values, checked and in lower case, made once
 * per session; a request without headers of its own sends that list as it is. What came stays as
 * undici parsed it; WHATWG `Headers` are made when somebody asks. Values are secrets as often as
 * not (Authorization, Cookie): no error text has one.
 */
import { wrongType } from "../core/arguments.ts";

/** Headers to send: an object, pairs of name and value, or WHATWG `Headers`. */
export type HeadersInput =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>;

/** Names in lower case and values, by turns. @internal */
export type HeaderList = readonly string[];

/** Headers as they came: names in lower case; a header that came several times has an array. */
export type HeaderRecord = Readonly<Record<string, string | string[] | undefined>>;

const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The connection is undici's: it sets these itself and refuses them from outside. */
const HOP_BY_HOP = new Set(["connection", "expect", "keep-alive", "transfer-encoding", "upgrade"]);

/** Checks headers to send. @internal */
export function headerList(parameter: string, input: HeadersInput): HeaderList {
  if (typeof input !== "object" || input === null) {
    throw wrongType(parameter, "an object of headers, pairs, or Headers", input);
  }
  const pairs = Symbol.iterator in input ? input : Object.entries(input);
  const list: string[] = [];
  for (const [name, value] of pairs)
    list.push(checkedName(parameter, name), checkedValue(parameter, name, value));
  return list;
}

function checkedName(parameter: string, name: string): string {
  const lower = name.toLowerCase();
  if (!NAME.test(lower)) throw wrongType(parameter, "headers whose names are tokens", name);
  if (HOP_BY_HOP.has(lower)) {
    throw new TypeError(`Expected \`${parameter}\` to leave \`${lower}\` to the connection`);
  }
  return lower;
}

function checkedValue(parameter: string, name: string, value: string): string {
  if (typeof value === "string" && VALUE.test(value)) return value;
  throw new TypeError(
    `Expected \`${parameter}\` to have a string of visible Latin-1 characters as \`${name.toLowerCase()}\``,
  );
}

/** The headers of `base` that `over` does not name, then those of `over`. @internal */
export function overlaid(base: HeaderList, over: HeaderList): HeaderList {
  const list: string[] = [];
  for (let i = 0; i < base.length; i += 2) {
    if (!hasHeader(over, base[i] as string)) list.push(base[i] as string, base[i + 1] as string);
  }
  return list.concat(over);
}

/** @internal */
export function hasHeader(list: HeaderList, name: string): boolean {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return true;
  return false;
}

/** WHATWG Headers of what came. @internal */
export function toHeaders(record: HeaderRecord): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(record)) {
    for (const each of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, each);
  }
  return headers;
}
