/*
 * Rows for a bulk insert: from a list, or from whatever gives them one after the other.
 *
 * Strategy: the first row tells the columns, unless they are given, and each further one must have the same: what is
 * missing or too much is a mistake, not NULL.
 */
import { wrongType } from "../core/arguments.ts";
import { sql, Sql, type Row } from "./statement.ts";

/** Where rows come from. */
export type RowSource = Iterable<object> | AsyncIterable<object>;

/** How rows are inserted in bulk. */
export interface InsertOptions {
  /** The columns, in any order. Default: the keys of the first row. */
  readonly columns?: readonly string[];
}

/** What a link is to insert. @internal */
export interface BulkInsert {
  readonly table: Sql;
  readonly columns: readonly string[];
  readonly rows: BulkRows;
}

/** @internal */
export class BulkRows {
  readonly columns: readonly string[];
  readonly #iterator: Iterator<object> | AsyncIterator<object>;
  #ahead: object | null;
  #count = 0;
  #ended = false;

  private constructor(
    iterator: Iterator<object> | AsyncIterator<object>,
    first: object,
    columns: readonly string[],
  ) {
    this.#iterator = iterator;
    this.#ahead = first;
    this.columns = columns;
  }

  /** Reads the first row; null when there is none. */
  static async open(
    source: RowSource,
    columns: readonly string[] | null,
  ): Promise<BulkRows | null> {
    const iterator = iteratorOf(source);
    const first = await iterator.next();
    if (first.done === true) return null;
    return new BulkRows(iterator, first.value, columns ?? Object.keys(first.value));
  }

  /** The values of the next rows, as many as `most`; none at the end. */
  async take(most: number): Promise<unknown[][]> {
    const taken: unknown[][] = [];
    while (taken.length < most && !this.#ended) {
      let row = this.#ahead;
      this.#ahead = null;
      if (row === null) {
        const next = this.#iterator.next();
        const { done, value } = next instanceof Promise ? await next : next;
        if (done === true) {
          this.#ended = true;
          break;
        }
        row = value;
      }
      taken.push(this.#valuesOf(row));
    }
    return taken;
  }

  #valuesOf(row: object): unknown[] {
    this.#count++;
    if (typeof row !== "object" || row === null)
      throw wrongType(`rows[${this.#count - 1}]`, "an object", row);
    const { columns } = this;
    const values: unknown[] = [];
    for (const column of columns) {
      const value = (row as Row)[column];
      if (value === undefined) throw this.#lacking(column);
      if (value instanceof Sql) throw this.#noValue(column);
      values.push(value);
    }
    const keys = Object.keys(row);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      // Rows of one source have their keys in the order of the columns, mostly.
      if (key !== columns[i] && !columns.includes(key)) throw this.#excess(key);
    }
    return values;
  }

  #lacking(column: string): TypeError {
    return new TypeError(
      `rows[${this.#count - 1}] has no \`${column}\`: write null where there is no value`,
    );
  }

  #noValue(column: string): TypeError {
    return new TypeError(
      `rows[${this.#count - 1}].${column} is a statement: rows of insertMany hold values, use execute for expressions`,
    );
  }

  #excess(key: string): TypeError {
    return new TypeError(
      `rows[${this.#count - 1}] has a \`${key}\`, which is none of the columns ${this.columns.join(", ")}`,
    );
  }

  /** Nobody reads on: tells the source so. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#iterator.return?.();
  }
}

function iteratorOf(source: RowSource): Iterator<object> | AsyncIterator<object> {
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw wrongType("rows", "an iterable of objects", source);
}

/** The table's name as a part of a statement. @internal */
export function tableName(table: string | Sql | Sql<never>): Sql {
  return table instanceof Sql ? table : sql.identifier(table);
}
