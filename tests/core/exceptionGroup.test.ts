/*
 * ExceptionGroup: several errors as one, and parted again (PEP 654).
 */
import { inspect } from "node:util";
import { CancelledError, ExceptionGroup, TimeoutError } from "ambit";
import { array, assert, constantFrom, letrec, property } from "fast-check";
import { describe, expect, test } from "vitest";

const type = new TypeError("type");
const range = new RangeError("range");
const late = new TimeoutError("late");

/** The messages, nested as the groups are. */
const shape = (group: ExceptionGroup | null): unknown =>
  group?.errors.map((error) =>
    error instanceof ExceptionGroup ? shape(error) : (error as Error).message,
  ) ?? null;

test("it is an AggregateError with a name of its own, and prints its errors", () => {
  const group = new ExceptionGroup([type, range], "both", { cause: late });
  expect(group).toBeInstanceOf(AggregateError);
  expect([group.name, group.message, group.errors, group.cause]).toEqual([
    "ExceptionGroup",
    "both",
    [type, range],
    late,
  ]);
  expect(inspect(group)).toMatch(/ExceptionGroup: both[^]*TypeError: type[^]*RangeError: range/);
  expect(new ExceptionGroup(new Set([type])).message).toBe("several errors");
});

test("a group of nothing is refused", () => {
  expect(() => new ExceptionGroup([], "none")).toThrow(
    new RangeError("Expected `errors` to be at least one error, got `[]` (object)"),
  );
});

describe("split", () => {
  const nested = new ExceptionGroup(
    [type, new ExceptionGroup([range, new ExceptionGroup([new TypeError("deep")])], "inner"), late],
    "outer",
    { cause: range },
  );

  test("by a class, keeps the nesting on both sides, and message and cause of each group", () => {
    const [types, rest] = nested.split(TypeError);
    expect([shape(types), shape(rest)]).toEqual([
      ["type", [["deep"]]],
      [["range"], "late"],
    ]);
    expect([types?.message, types?.cause, rest?.message]).toEqual(["outer", range, "outer"]);
    const inner = types?.errors[1] as Error;
    expect([inner.message, "cause" in inner]).toEqual(["inner", false]);
  });

  test("by several classes, or a function", () => {
    expect(shape(nested.subgroup([RangeError, TimeoutError]))).toEqual([["range"], "late"]);
    expect(shape(nested.subgroup((error) => error === late))).toEqual(["late"]);
  });

  test("where nothing or all is meant, one side is null", () => {
    expect(nested.split(CancelledError).map(shape)).toEqual([null, shape(nested)]);
    expect(nested.split((error) => !(error instanceof ExceptionGroup)).map(shape)).toEqual([
      shape(nested),
      null,
    ]);
  });

  test("asks about the groups first: one that is meant is returned as it is", () => {
    expect(nested.split(ExceptionGroup)).toEqual([nested, null]);
    expect(nested.split(ExceptionGroup)[0]).toBe(nested);
    const [inner] = nested.split((error) => (error as Error).message === "inner");
    expect(inner?.errors[0]).toBe(nested.errors[1]);
  });

  test("refuses what says nothing", () => {
    for (const wrong of [5, "TypeError", [5], null]) {
      expect(() => nested.split(wrong as never)).toThrow(
        "Expected `condition` to be an error class, an array of them or a function",
      );
    }
  });
});

test("a subclass that derives itself stays itself", () => {
  class UploadErrors extends ExceptionGroup {
    override readonly name = "UploadErrors";
    override derive(errors: Iterable<unknown>): UploadErrors {
      return new UploadErrors(errors, this.message);
    }
  }
  const [types, rest] = new UploadErrors([type, range], "upload").split(TypeError);
  expect([types?.name, rest instanceof UploadErrors]).toEqual(["UploadErrors", true]);
});

test("no error is lost or doubled by a split, and each side has only its own", () => {
  const leaves = (group: ExceptionGroup | null): unknown[] =>
    group?.errors.flatMap((error) => (error instanceof ExceptionGroup ? leaves(error) : [error])) ??
    [];
  const { group } = letrec<{ group: ExceptionGroup; error: unknown }>((tie) => ({
    error: constantFrom(TypeError, RangeError).map((Class) => new Class()),
    group: array(
      constantFrom("error", "error", "group").chain((key) =>
        key === "group" ? tie("group") : tie("error"),
      ),
      { minLength: 1, maxLength: 4 },
    ).map((errors) => new ExceptionGroup(errors)),
  }));
  assert(
    property(group, (whole) => {
      const [types, rest] = whole.split(TypeError);
      expect(new Set([...leaves(types), ...leaves(rest)])).toEqual(new Set(leaves(whole)));
      expect(leaves(types).length + leaves(rest).length).toBe(leaves(whole).length);
      expect(leaves(types).every((error) => error instanceof TypeError)).toBe(true);
      expect(leaves(rest).some((error) => error instanceof TypeError)).toBe(false);
    }),
    { seed: 20_261_124, numRuns: 200 },
  );
});
