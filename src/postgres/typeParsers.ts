/*
 * Values on their way from the server: texts, by the number of their type.
 *
 * Nothing is lost by default: 64-bit integers are bigint, `numeric` a string, dates and times the texts that the server
 * wrote, with their microseconds. What is handier and may lose something has to be asked for.
 * Limits: what has no parser stays a string, as arrays of such types do.
 */
import { parseArray } from "./arrayText.ts";
import type { TypeParser } from "./typeParser.ts";
import { ValueError } from "../sql/errors.ts";

/** How values are read. */
export interface TypeOptions {
  /**
   * What a 64-bit integer (`bigint`, `count(*)`) becomes: `bigint`, the default, or `number`, where a value beyond 2^53
   * is a {@link ValueError}.
   */
  readonly integers?: "bigint" | "number";
  /**
   * What `timestamptz` becomes: `string`, the default, as the server writes it with its microseconds, or `date`: a Date,
   * which knows milliseconds only.
   */
  readonly timestamps?: "string" | "date";
  /** What `json` and `jsonb` become: `parsed`, the default, or `string`, which keeps numbers beyond a double's precision. */
  readonly json?: "parsed" | "string";
  /** Parsers of one's own, by the number of the type (`select oid, typname from pg_type`). */
  readonly types?: Readonly<Record<number, TypeParser>>;
}

const same: TypeParser = (text) => text;

function parseBytes(text: string): Buffer {
  if (!text.startsWith("\\x")) {
    throw new ValueError("a bytea came in the escape format: set bytea_output to hex");
  }
  return Buffer.from(text.slice(2), "hex");
}

function safeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new ValueError(
      "a 64-bit integer is beyond what a number holds exactly: read it with { integers: 'bigint' }",
    );
  }
  return value;
}

function parseInstant(text: string): Date {
  const match = /^(\d{4,})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)(:\d\d)?$/.exec(text);
  const [, year = "", month, day, time, hours, minutes = ":00"] = match ?? [];
  const long = year.length > 4 ? `+${year.padStart(6, "0")}` : year;
  const date = new Date(`${long}-${month}-${day}T${time}${hours}${minutes}`);
  if (match === null || Number.isNaN(date.getTime())) {
    throw new ValueError(
      `a timestamptz is no Date (${text.endsWith("BC") ? "before year 1" : "such as infinity"}): read it with { timestamps: 'string' }`,
    );
  }
  return date;
}

/** The types of elements, and of arrays of them. */
const ARRAYS: readonly (readonly [element: number, array: number])[] = [
  [16, 1000],
  [17, 1001],
  [20, 1016],
  [21, 1005],
  [23, 1007],
  [25, 1009],
  [26, 1028],
  [114, 199],
  [700, 1021],
  [701, 1022],
  [1042, 1014],
  [1043, 1015],
  [1082, 1182],
  [1083, 1183],
  [1114, 1115],
  [1184, 1185],
  [1700, 1231],
  [2950, 2951],
  [3802, 3807],
];

/** The parsers by the number of the type; others are texts. @internal */
export function typeParsers(options: TypeOptions): ReadonlyMap<number, TypeParser> {
  const parsers = new Map<number, TypeParser>([
    [16, (text) => text === "t"],
    [17, parseBytes],
    [20, options.integers === "number" ? safeNumber : BigInt],
    [21, Number],
    [23, Number],
    [26, Number],
    [700, Number],
    [701, Number],
  ]);
  if (options.json !== "string") {
    parsers.set(114, JSON.parse as TypeParser);
    parsers.set(3802, JSON.parse as TypeParser);
  }
  if (options.timestamps === "date") parsers.set(1184, parseInstant);
  for (const [oid, parser] of Object.entries(options.types ?? {})) parsers.set(Number(oid), parser);
  for (const [element, array] of ARRAYS) {
    if (parsers.has(array)) continue;
    const parser = parsers.get(element) ?? same;
    parsers.set(array, (text) => parseArray(text, parser));
  }
  return parsers;
}
