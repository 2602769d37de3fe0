/*
 * A body of JSON.
 *
 * It is written out when the request is made, so what is changed in the value later is not sent. What
 * JSON cannot hold is refused with the place where it is; that place is only looked for then.
 * Limits: what `JSON.stringify` changes without a word is changed here, too: NaN becomes null, a Map
 * becomes {}, properties that are undefined or functions are left out.
 */
import { wrongType } from "../core/arguments.ts";
import { BufferedBody } from "./bufferedBody.ts";
import type { RequestBody } from "./requestBody.ts";

/** Writes a value out as JSON. */
export type JsonSerializer = (value: unknown) => string;

/** @internal */
export function jsonBody(value: unknown, serialize: JsonSerializer | undefined): RequestBody {
  const text = serialize === undefined ? written(value) : serialize(value);
  if (typeof text === "string") return new BufferedBody(text, "application/json");
  if (serialize === undefined) throw wrongType("options.json", "a value that JSON has", value);
  throw wrongType("options.jsonSerializer", "a function that returns a string", text);
}

function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    const found = unwritable(value, "options.json", []);
    if (found === null) throw error;
    throw new TypeError(found, { cause: error });
  }
}

/** What of a value, and where in it, JSON cannot hold, as a sentence; null if nothing is found. */
function unwritable(value: unknown, path: string, above: readonly unknown[]): string | null {
  if (typeof value === "bigint") {
    return `Expected \`${path}\` to be a value that JSON has, got \`${value}n\` (bigint): send it as a string or a number`;
  }
  if (typeof value !== "object" || value === null) return null;
  if (above.includes(value)) {
    return `Expected \`${path}\` to be a value that JSON has, got an object that contains itself`;
  }
  for (const [key, item] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${key}]` : `.${key}`;
    const found = unwritable(item, path + step, [...above, value]);
    if (found !== null) return found;
  }
  return null;
}
