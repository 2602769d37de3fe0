/*
 * Values on their way from the server.
 *
 * mysql2 reads all but 64-bit integers as they are to be: decimals, dates and times as texts, bytes as Buffer, JSON
 * parsed. It gives 64-bit integers as digits, so that nothing is lost; here they become what was asked for, in place.
 */
import { ValueError } from "../sql/errors.ts";
import type { Row } from "../sql/statement.ts";
import type { RawField } from "./driver.ts";

/** How values are read. */
export interface TypeOptions {
  /**
   * What a 64-bit integer (`bigint`, `count(*)`) becomes: `bigint`, the default, or `number`, where a value beyond 2^53
   * is a {@link ValueError}.
   */
  readonly integers?: "bigint" | "number";
  /**
   * What `datetime` and `timestamp` become: `string`, the default, as the server writes them with their microseconds, or
   * `date`: a Date, which knows milliseconds only. The session is in UTC.
   */
  readonly timestamps?: "string" | "date";
  /** What `json` becomes: `parsed`, the default, or `string`. */
  readonly json?: "parsed" | "string";
}

const LONGLONG = 8;
const TIMESTAMP = 7;
const DATETIME = 12;

type Reader = (value: string) => unknown;

/** Reads the columns of a result again that mysql2 leaves as texts. @internal */
export class RowValues {
  readonly #readers: ReadonlyMap<number, Reader>;

  constructor(options: TypeOptions) {
    const readers = new Map<number, Reader>([
      [LONGLONG, options.integers === "number" ? safeNumber : BigInt],
    ]);
    if (options.timestamps === "date") {
      readers.set(TIMESTAMP, parseInstant);
      readers.set(DATETIME, parseInstant);
    }
    this.#readers = readers;
  }

  /** What is to be done to the rows of a result with these columns; null for nothing. */
  plan(fields: readonly RawField[]): ((row: Row) => void) | null {
    const columns: [name: string, read: Reader][] = [];
    for (const { name, columnType } of fields) {
      const read = this.#readers.get(columnType);
      if (read !== undefined) columns.push([name, read]);
    }
    if (columns.length === 0) return null;
    return (row) => {
      for (const [name, read] of columns) {
        const value = row[name];
        if (value !== null) row[name] = read(value as string);
      }
    };
  }
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
  const date = new Date(`${text.replace(" ", "T")}Z`);
  if (Number.isNaN(date.getTime()))
    throw new ValueError("a datetime is no Date: read it with { timestamps: 'string' }");
  return date;
}
