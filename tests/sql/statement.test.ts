/** The `sql` tag: what becomes a parameter, what becomes text. No server is needed. */
import { inspect } from "node:util";
import { sql } from "ambit/postgres";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MYSQL } from "../../src/mysql/mysqlLink.ts";
import { encodeCopyField, encodeParameter } from "../../src/postgres/parameters.ts";
import { POSTGRES } from "../../src/postgres/postgresLink.ts";
import { parseArray } from "../../src/postgres/arrayText.ts";
import { maskedWords } from "../../src/sql/maskedWords.ts";
import { render } from "../../src/sql/statement.ts";

describe("a statement", () => {
  test("holds its values beside its text", () => {
    const statement = sql`select * from users where name = ${"'; drop"} and age > ${7}`;
    expect(statement.render(POSTGRES)).toEqual({
      text: "select * from users where name = $1 and age > $2",
      values: ["'; drop", 7],
    });
    expect(statement.render(MYSQL).text).toBe("select * from users where name = ? and age > ?");
  });

  test("takes in others, names, lists and joined parts", () => {
    const where = sql`id in ${sql.list([1, 2])} and ${sql.identifier('odd`"name')} = ${"x"}`;
    const parts = sql.join([sql`a = ${1}`, sql`b = ${2}`], sql` and `);
    const statement = sql`select ${sql.raw("now()")} from ${sql.identifier("s", "t")} where ${where} or ${parts}`;
    expect(statement.render(POSTGRES)).toEqual({
      text: 'select now() from "s"."t" where id in ($1, $2) and "odd`""name" = $3 or a = $4 and b = $5',
      values: [1, 2, "x", 1, 2],
    });
    expect(statement.render(MYSQL).text).toBe(
      'select now() from `s`.`t` where id in (?, ?) and `odd``"name` = ? or a = ? and b = ?',
    );
  });

  test("prints without its values", () => {
    expect(inspect(sql`select ${"secret"}`)).toBe("Sql { select ? }");
  });

  test("is made by the tag only", () => {
    expect(() => render("select 1", POSTGRES)).toThrow(
      "Expected `statement` to be made by sql`…` (sql.raw for trusted text), got `'select 1'` (string)",
    );
    expect(() => (sql as unknown as (text: string) => void)("select 1")).toThrow(TypeError);
    expect(() => sql.list([])).toThrow("SQL has no empty list, leave the condition out instead");
    expect(() => sql.identifier("")).toThrow("Expected `parts` to be names");
    expect(() => sql.identifier("a\0b")).toThrow(TypeError);
    expect(() => sql.raw(1 as never)).toThrow(TypeError);
  });
});

describe("parameters of PostgreSQL", () => {
  test("are texts and bytes", () => {
    expect(encodeParameter(12n)).toBe("12");
    expect(encodeParameter(true)).toBe("true");
    expect(encodeParameter(null)).toBe(null);
    expect(encodeParameter({ a: [1] })).toBe('{"a":[1]}');
    expect(encodeParameter(new Uint8Array([1, 2]))).toEqual(Buffer.from([1, 2]));
    expect(encodeParameter(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
    expect(encodeParameter(new Date("-000043-03-15T00:00:00Z"))).toBe(
      "0044-03-15T00:00:00.000Z BC",
    );
    expect(encodeParameter([1, null, ["a", "NULL"]])).toBe('{"1",NULL,{"a","NULL"}}');
    expect(() => encodeParameter(undefined)).toThrow("Expected `parameter` to be a string");
    expect(() => encodeParameter(new Date(Number.NaN))).toThrow("a valid Date");
    expect(encodeCopyField("a\tb\\c\nd")).toBe("a\\tb\\\\c\\nd");
    expect(encodeCopyField(null)).toBe("\\N");
  });

  test("that are arrays come back as they went", () => {
    const texts = fc.array(fc.option(fc.string()), { maxLength: 8 });
    fc.assert(
      fc.property(texts, (values) => {
        const text = encodeParameter(values) as string;
        expect(parseArray(text, (element) => element)).toEqual(values);
      }),
    );
    expect(parseArray("[0:1]={7,8}", Number)).toEqual([7, 8]);
    expect(parseArray("{{1,2},{3,NULL}}", Number)).toEqual([
      [1, 2],
      [3, null],
    ]);
    expect(() => parseArray('{"a', String)).toThrow("has no end");
  });
});

test("a server's words are told without the values", () => {
  expect(maskedWords("bad input: secret, near secret", ["secret"])).toBe("bad input: ?, near ?");
  expect(maskedWords(`no "a" in a list of 'a'`, ["a"])).toBe("no ? in a list of ?");
  expect(maskedWords("1 of 12345", [12345, null, 1])).toBe("1 of ?");
});
