/**
 * Conditional requests: RFC 9110, section 13. Runs in virtual time; nothing is read from a disk.
 */
import * as fc from "fast-check";
import { runVirtual } from "ambit/testing";
import { conditional, PreconditionFailed, type Validators } from "ambit/web";
import { describe, expect, test } from "vitest";
import { verdictOn } from "../../src/web/conditions.ts";
import { matchesStrongly, matchesWeakly, parseEntityTags } from "../../src/web/etag.ts";
import { formatHttpDate, parseHttpDate } from "../../src/web/httpDate.ts";

const TIME = Date.UTC(2026, 10, 25, 12, 0, 0);
const DATE = "Wed, 25 Nov 2026 12:00:00 GMT";
const EARLIER = "Wed, 25 Nov 2026 11:59:59 GMT";
const LATER = "Wed, 25 Nov 2026 12:00:01 GMT";

function verdict(
  headers: Record<string, string>,
  validators: Validators = { etag: '"v7"', lastModified: TIME },
  method = "GET",
): string {
  return verdictOn({ method, headers: new Headers(headers) }, validators);
}

describe("If-None-Match", () => {
  test.each([
    ['"v7"', "not modified"],
    ['W/"v7"', "not modified"],
    ['"v6", "v7"', "not modified"],
    ['"v6" , W/"v7"', "not modified"],
    [',, "v7"', "not modified"],
    ["*", "not modified"],
    [" * ", "not modified"],
    ['"v6"', "go on"],
    ['"V7"', "go on"],
    ['w/"v7"', "go on"],
    ["v7", "go on"],
    ['"v7', "go on"],
    ['"a,b", "v7"', "not modified"],
    ['"v6", *', "go on"],
    ["", "go on"],
  ])("%s", (value, expected) =>
    runVirtual(() => expect(verdict({ "if-none-match": value })).toBe(expected)),
  );

  test("fails a request that would change something", () =>
    runVirtual(() => {
      expect(verdict({ "if-none-match": "*" }, undefined, "PUT")).toBe("failed");
      expect(verdict({ "if-none-match": '"v6"' }, undefined, "PUT")).toBe("go on");
    }));

  test("compares weakly with a weak tag, too", () =>
    runVirtual(() =>
      expect(verdict({ "if-none-match": '"v7"' }, { etag: 'W/"v7"' })).toBe("not modified"),
    ));

  test("puts If-Modified-Since aside", () =>
    runVirtual(() => {
      expect(verdict({ "if-none-match": '"v6"', "if-modified-since": DATE })).toBe("go on");
      expect(verdict({ "if-none-match": '"v7"', "if-modified-since": EARLIER })).toBe(
        "not modified",
      );
    }));
});

describe("If-Match", () => {
  test.each([
    ['"v7"', "go on"],
    ['"v6", "v7"', "go on"],
    ["*", "go on"],
    ['"v6"', "failed"],
    ['W/"v7"', "failed"],
    ["v7", "failed"],
  ])("%s", (value, expected) =>
    runVirtual(() => expect(verdict({ "if-match": value })).toBe(expected)),
  );

  test("no weak tag matches", () =>
    runVirtual(() => {
      expect(verdict({ "if-match": '"v7"' }, { etag: 'W/"v7"' })).toBe("failed");
      expect(verdict({ "if-match": '"v7"' }, {})).toBe("failed");
    }));

  test("puts If-Unmodified-Since aside, and If-None-Match is looked at after it", () =>
    runVirtual(() => {
      expect(verdict({ "if-match": '"v7"', "if-unmodified-since": EARLIER })).toBe("go on");
      expect(verdict({ "if-match": '"v7"', "if-none-match": '"v7"' })).toBe("not modified");
      expect(verdict({ "if-match": '"v6"', "if-none-match": '"v7"' })).toBe("failed");
    }));
});

describe("dates", () => {
  test("If-Modified-Since spares what has not changed since", () =>
    runVirtual(() => {
      expect(verdict({ "if-modified-since": DATE })).toBe("not modified");
      expect(verdict({ "if-modified-since": LATER })).toBe("not modified");
      expect(verdict({ "if-modified-since": EARLIER })).toBe("go on");
      expect(verdict({ "if-modified-since": "soon" })).toBe("go on");
      expect(verdict({ "if-modified-since": DATE }, undefined, "POST")).toBe("go on");
      expect(verdict({ "if-modified-since": DATE }, {})).toBe("go on");
    }));

  test("If-Unmodified-Since fails what has changed since", () =>
    runVirtual(() => {
      expect(verdict({ "if-unmodified-since": DATE })).toBe("go on");
      expect(verdict({ "if-unmodified-since": EARLIER })).toBe("failed");
      expect(verdict({ "if-unmodified-since": "soon" })).toBe("go on");
      expect(verdict({ "if-unmodified-since": EARLIER }, {})).toBe("go on");
    }));

  test("the fraction of a second that a header can't say does not count", () =>
    runVirtual(() =>
      expect(verdict({ "if-modified-since": DATE }, { lastModified: TIME + 999.9 })).toBe(
        "not modified",
      ),
    ));

  test.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777_000],
    ["Sun Nov  6 08:49:37 1994", 784_111_777_000],
    ["Wednesday, 25-Nov-76 12:00:00 GMT", Date.UTC(2076, 10, 25, 12)],
    ["Wednesday, 25-Nov-77 12:00:00 GMT", Date.UTC(1977, 10, 25, 12)],
    ["Sun, 31 Dec 2016 23:59:60 GMT", Date.UTC(2017, 0, 1)],
    ["Sat, 01 Jan 0050 00:00:00 GMT", new Date("0050-01-01T00:00:00Z").getTime()],
    ["Sun, 31 Jun 2026 00:00:00 GMT", null],
    ["Sun, 00 Jan 2026 00:00:00 GMT", null],
    ["Sun, 06 Nov 1994 24:00:00 GMT", null],
    ["Sun, 06 Nov 1994 08:49:37 UTC", null],
    ["Sun, 6 Nov 1994 08:49:37 GMT", null],
    ["1994-11-06T08:49:37Z", null],
    ["784111777", null],
  ])("%s is read", (text, expected) => expect(parseHttpDate(text, TIME)).toBe(expected));

  test("what is written is read back", () => {
    const date = fc.date({
      min: new Date("1970-01-01"),
      max: new Date("9999-01-01"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, (date) => {
        const seconds = Math.floor(date.getTime() / 1000) * 1000;
        expect(parseHttpDate(formatHttpDate(date.getTime()), TIME)).toBe(seconds);
      }),
    );
  });
});

describe("lists of tags", () => {
  const value = fc.string({ unit: fc.constantFrom(..."ab,;*!~\u00e9") });

  test("each tag of a list is found, whatever stands between", () => {
    const tags = fc.array(fc.tuple(fc.boolean(), value), { minLength: 1, maxLength: 20 });
    const gap = fc.constantFrom(",", " ,", ", ", ",,", " , ,\t");
    fc.assert(
      fc.property(tags, gap, (tags, gap) => {
        const text = tags.map(([weak, value]) => `${weak ? "W/" : ""}"${value}"`).join(gap);
        expect(parseEntityTags(text)).toEqual(tags.map(([weak, value]) => ({ weak, value })));
        for (const [weak, value] of tags) {
          const strong = !weak || tags.some((tag) => !tag[0] && tag[1] === value);
          expect(matchesWeakly(parseEntityTags(text), `"${value}"`)).toBe(true);
          expect(matchesStrongly(parseEntityTags(text), `"${value}"`)).toBe(strong);
        }
      }),
    );
  });

  test("no text at all makes it throw, or run for long", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'W/"a,* \t') }), (text) => {
        expect(parseEntityTags(text).length).toBeLessThan(100);
      }),
    );
    const started = performance.now();
    parseEntityTags(" ,".repeat(8000));
    parseEntityTags(`${'"a" '.repeat(8000)}x`);
    expect(performance.now() - started).toBeLessThan(200);
  });

  test("of a long list the first hundred count", () => {
    const text = Array.from({ length: 5000 }, (_, at) => `"${at}"`).join(", ");
    expect(matchesWeakly(parseEntityTags(text), '"99"')).toBe(true);
    expect(matchesWeakly(parseEntityTags(text), '"100"')).toBe(false);
  });
});

describe("conditional", () => {
  const request = (headers: Record<string, string>, method = "GET"): Request =>
    new Request("http://h/", { method, headers });

  test("a 304 carries the validators", () =>
    runVirtual(() => {
      const reply = conditional(request({ "if-none-match": 'W/"v7"' }), {
        etag: '"v7"',
        lastModified: new Date(TIME),
      });
      expect(reply?.status).toBe(304);
      expect([...(reply?.headers ?? [])]).toEqual([
        ["etag", '"v7"'],
        ["last-modified", DATE],
      ]);
    }));

  test("what the client has not seen is not overwritten", () =>
    runVirtual(() => {
      const put = request({ "if-match": '"v6"' }, "PUT");
      expect(() => conditional(put, { etag: '"v7"' })).toThrow(PreconditionFailed);
      expect(conditional(put, { etag: '"v6"' })).toBeNull();
    }));

  test("a tag must have its quotes", () =>
    runVirtual(() =>
      expect(() => conditional(request({}), { etag: "v7" })).toThrow(
        'Expected `validators.etag` to be an entity tag in its quotes, such as `"v7"` or `W/"v7"`, got `\'v7\'` (string)',
      ),
    ));
});
