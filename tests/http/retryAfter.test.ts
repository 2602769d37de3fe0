/*
 * What a `Retry-After` says.
 */
import { assert, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { httpDate, retryAfter } from "../../src/http/retryAfter.ts";

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);

function asked(value: string, date?: string): number | null {
  const headers = new Headers({ "retry-after": value });
  if (date !== undefined) headers.set("date", date);
  return retryAfter(headers, NOW);
}

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["Wed, 25 Nov 2026 12:00:30 GMT", 30_000],
    ["Wednesday, 25-Nov-26 12:00:30 GMT", 30_000],
    ["Wed Nov 25 12:00:30 2026", 30_000],
    ["Wed, 25 Nov 2026 11:00:00 GMT", 0],
    ["-1", null],
    ["1.5", null],
    ["soon", null],
    ["", null],
    ["Wed, 25 Nov 2026 25:00:00 GMT", null],
    ["Wed, 25 Foo 2026 12:00:00 GMT", null],
    ["Wed, 25 Nov 2026 12:00:00 +0100", null],
  ])("%o is %o ms", (value, ms) => {
    expect(asked(value)).toBe(ms);
  });

  test("that is missing says nothing", () => {
    expect(retryAfter(new Headers(), NOW)).toBeNull();
  });

  test("as a date is measured against the answer's own, where it has one", () => {
    const wrongClock = "Wed, 25 Nov 2026 09:00:00 GMT";
    expect(asked("Wed, 25 Nov 2026 09:00:05 GMT", wrongClock)).toBe(5000);
    expect(asked("Wed, 25 Nov 2026 12:00:05 GMT", "nonsense")).toBe(5000);
    expect(asked("9", wrongClock)).toBe(9000);
  });
});

describe("a date of HTTP", () => {
  test("of two digits more than 50 years ahead is of the past", () => {
    expect(httpDate("Sunday, 06-Nov-94 08:49:37 GMT", NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    expect(httpDate("Sunday, 06-Nov-76 08:49:37 GMT", NOW)).toBe(Date.UTC(2076, 10, 6, 8, 49, 37));
    expect(httpDate("Sun Nov  6 08:49:37 1994", NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  test("is read as it is written", () => {
    assert(
      property(integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const date = new Date(seconds * 1000);
        expect(httpDate(date.toUTCString(), NOW)).toBe(date.getTime());
      }),
    );
  });
});
