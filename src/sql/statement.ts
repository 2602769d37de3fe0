/*
 * Statements: the `sql` tag.
 *
 * A value in a template becomes a parameter, always: it reaches the server beside the text, never in it. What is to become
 * text has to say so: a name (`sql.identifier`), a list (`sql.list`), another statement, or text that is trusted
 * (`sql.raw`).
 * Strategy: a template whose values are all plain has one text for as long as the program runs, which is made once; the
 * others are put together each time.
 */
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Dialect } from "./dialect.ts";

/** A row, when nothing is said of its columns. */
export type Row = Record<string, unknown>;

/** A statement as the server gets it. @internal */
export interface Rendered {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What is collected while a statement is put together. */
class Rendering {
  text = "";
  readonly values: unknown[] = [];
  readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  parameter(value: unknown): void {
    this.values.push(value);
    this.text += this.dialect.placeholder(this.values.length);
  }
}

/** Texts of templates whose values are plain. */
const texts = new WeakMap<Dialect, WeakMap<readonly string[], string>>();

/**
 * A statement, or a part of one, with its parameters: what the tag {@link sql} gives. `R` is what a row of its result
 * looks like. It prints with its parameters left out.
 */
export class Sql<R = Row> {
  /** Only for the compiler: what a row looks like. */
  declare readonly row?: R;
  readonly #strings: readonly string[];
  readonly #values: readonly unknown[];
  readonly #simple: boolean;

  /** @internal */
  constructor(strings: readonly string[], values: readonly unknown[]) {
    this.#strings = strings;
    this.#values = values;
    this.#simple = allPlain(values);
  }

  /** @internal */
  render(dialect: Dialect): Rendered {
    if (this.#simple) return { text: this.#simpleText(dialect), values: this.#values };
    const rendering = new Rendering(dialect);
    this.renderInto(rendering);
    return { text: rendering.text, values: rendering.values };
  }

  /** @internal */
  renderInto(rendering: Rendering): void {
    const values = this.#values;
    rendering.text += this.#strings[0] ?? "";
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value instanceof Sql) value.renderInto(rendering);
      else if (value instanceof Name) rendering.text += value.quoted(rendering.dialect);
      else rendering.parameter(value);
      rendering.text += this.#strings[i + 1] as string;
    }
  }

  #simpleText(dialect: Dialect): string {
    let known = texts.get(dialect);
    if (known === undefined) texts.set(dialect, (known = new WeakMap()));
    let text = known.get(this.#strings);
    if (text === undefined) {
      const rendering = new Rendering(dialect);
      this.renderInto(rendering);
      known.set(this.#strings, (text = rendering.text));
    }
    return text;
  }

  /** @internal */
  [INSPECT](): string {
    return `Sql { ${this.#strings.join("?").trim()} }`;
  }
}

/** True when all of them become parameters. */
function allPlain(values: readonly unknown[]): boolean {
  for (const value of values) if (value instanceof Sql || value instanceof Name) return false;
  return true;
}

/** A name, for text. */
class Name {
  readonly #parts: readonly string[];

  constructor(parts: readonly string[]) {
    this.#parts = parts;
  }

  quoted(dialect: Dialect): string {
    return this.#parts.map((part) => dialect.quote(part)).join(".");
  }
}

/** The tag {@link sql}, and what makes parts that are no parameters. */
export interface SqlTag {
  <R = Row>(strings: TemplateStringsArray, ...values: readonly unknown[]): Sql<R>;
  /**
   * A name of a table, a column or the like, quoted; more than one for `schema.table`.
   * @throws TypeError when a part is no string, or empty, or holds a NUL
   */
  identifier(...parts: readonly string[]): Sql<never>;
  /**
   * Values as parameters in parentheses, for `in`: `sql.list([1, 2])` is `($1, $2)`.
   * @throws RangeError when there are none: SQL has no empty list, and what is meant then only you know
   */
  list(values: readonly unknown[]): Sql<never>;
  /**
   * Parts with a separator between them; values among them become parameters. Nothing for none.
   * @param separator a statement, `sql`, `` (a comma) when left out
   */
  join(parts: readonly unknown[], separator?: Sql<never> | Sql): Sql<never>;
  /** Text as it is. Never hand it what came from outside: this is the one way to write an injection. */
  raw<R = Row>(text: string): Sql<R>;
}

function tag(strings: TemplateStringsArray, ...values: readonly unknown[]): Sql<never> {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw wrongType("sql", "called as a tag, sql`…`, or use sql.raw for trusted text", strings);
  }
  return new Sql(strings, values);
}

function identifier(...parts: readonly string[]): Sql<never> {
  if (parts.length === 0) throw wrongType("parts", "at least one name", parts);
  for (const part of parts) {
    if (typeof part !== "string" || part === "" || part.includes("\0"))
      throw wrongType("parts", "names: strings that are not empty and have no NUL", part);
  }
  return new Sql(["", ""], [new Name(parts)]);
}

function list(values: readonly unknown[]): Sql<never> {
  expectArray("values", values);
  if (values.length === 0) {
    throw new RangeError(
      "Expected `values` to be at least one value, got `[]`: SQL has no empty list, leave the condition out instead",
    );
  }
  return new Sql(listStrings(values.length), values);
}

const LISTS_KEPT = 64;
const lists: (readonly string[] | undefined)[] = [];

/** What stands around so many values; of short lists it is kept. */
function listStrings(length: number): readonly string[] {
  const known = lists[length];
  if (known !== undefined) return known;
  const strings = ["(", ...Array<string>(length - 1).fill(", "), ")"];
  if (length <= LISTS_KEPT) lists[length] = strings;
  return strings;
}

const COMMA = new Sql<never>([", "], []);

function join(parts: readonly unknown[], separator: Sql<never> | Sql = COMMA): Sql<never> {
  expectArray("parts", parts);
  if (!(separator instanceof Sql)) throw wrongType("separator", "made by sql`…`", separator);
  const mixed = parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part]));
  return new Sql(["", ...mixed.map(() => "")], mixed);
}

function raw(text: string): Sql<never> {
  if (typeof text !== "string") throw wrongType("text", "a string", text);
  return new Sql([text], []);
}

function expectArray(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw wrongType(name, "an array", value);
}

/**
 * Makes a statement of a template: what stands in `${…}` becomes a parameter, which reaches the server beside the text. A
 * statement inside another one becomes a part of it. The type of a row can be said: `sql<User>`, or is taken from where
 * the statement goes.
 *
 * @example
 * ```ts
 * import { sql } from "ambit/postgres";
 * import { inspect } from "node:util";
 *
 * const name = "'; drop table users; --";
 * const table = sql.identifier("users");
 * const byName = sql`select id from ${table} where name = ${name}`;
 * const limited = sql`${byName} and id in ${sql.list([1, 2, 3])} limit ${10}`;
 * inspect(sql`select ${name}`); // => "Sql { select ? }"
 * ```
 */
export const sql: SqlTag = Object.assign(tag, { identifier, list, join, raw }) as SqlTag;

/**
 * The text and the parameters of what was handed in as a statement.
 * @throws TypeError for anything that is not made by `sql`
 * @internal
 */
export function render(statement: unknown, dialect: Dialect): Rendered {
  if (statement instanceof Sql) return statement.render(dialect);
  throw wrongType("statement", "made by sql`…` (sql.raw for trusted text)", statement);
}
