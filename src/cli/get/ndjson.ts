/*
 * An item of a list that is written as a JSON object on one line.
 */
import { UsageError } from "../usageError.ts";
import type { ListItem } from "./listItem.ts";
import { checksum, header } from "./values.ts";

type Fields = Readonly<Record<string, unknown>>;

const KNOWN = new Set([
  "url",
  "output",
  "out",
  "directory",
  "dir",
  "checksum",
  "headers",
  "mirrors",
]);

/**
 * @param unknown told each key that means nothing
 * @throws {@link UsageError} when the text is no object, or a key has no value that makes sense
 */
export function itemOfJson(text: string, where: string, unknown: (key: string) => void): ListItem {
  const fields = objectOf(text);
  for (const key of Object.keys(fields)) if (!KNOWN.has(key)) unknown(key);
  const url = stringOf(fields, "url");
  if (url === undefined) throw new UsageError('the object has no "url"');
  const output = stringOf(fields, "output") ?? stringOf(fields, "out");
  const directory = stringOf(fields, "directory") ?? stringOf(fields, "dir");
  const sum = stringOf(fields, "checksum");
  const headers = headersOf(fields["headers"]);
  const mirrors = mirrorsOf(fields["mirrors"]);
  return {
    url,
    where,
    ...(output === undefined ? {} : { output }),
    ...(directory === undefined ? {} : { directory }),
    ...(sum === undefined ? {} : { checksum: checksum('"checksum"', sum) }),
    ...(headers === undefined ? {} : { headers }),
    ...(mirrors === undefined ? {} : { mirrors }),
  };
}

function objectOf(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError("the line begins like a JSON object, and is none");
  }
  return value as Fields; // It begins with a brace, so it is an object.
}

function stringOf(fields: Fields, key: string): string | undefined {
  const value = fields[key] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw new UsageError(`"${key}" must be a string, not \`${JSON.stringify(value)}\``);
}

function headersOf(value: unknown): ListItem["headers"] {
  if (value === undefined || value === null) return undefined;
  const pairs = typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : [];
  if (pairs.length === 0 || pairs.some(([, text]) => typeof text !== "string")) {
    throw new UsageError('"headers" must be an object of strings');
  }
  return pairs.map(([name, text]) => header('"headers"', `${name}: ${text}`));
}

function mirrorsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw new UsageError('"mirrors" must be a list of URLs');
}
