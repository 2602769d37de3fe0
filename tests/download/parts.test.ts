/**
 * The small parts that everything is decided by: checksums, validators, ranges, stretches, the rate.
 */
import { createHash } from "node:crypto";
import { runVirtual } from "ambit/testing";
import { getRunningLoop, moveOnAfter, taskGroup } from "ambit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteRate } from "../../src/download/byteRate.ts";
import { checksumOf, Hashing } from "../../src/download/checksum.ts";
import { HashTable } from "../../src/download/hashTable.ts";
import { contentRange, strongValidator, unsatisfiedTotal } from "../../src/download/partial.ts";
import { longestPause, RetryBudget, retryRulesOf } from "../../src/download/retryRules.ts";
import { bytesIn, coverAll, stretchesOf } from "../../src/download/stretch.ts";

const hello = Buffer.from("hello");
const hexOf = (name: string): string => createHash(name).update(hello).digest("hex");

describe("a checksum", () => {
  test.each(["md5", "sha1", "sha256", "sha384", "sha512"])(
    "of %s is read in any spelling",
    (name) => {
      const digest = hexOf(name);
      const expected = { algorithm: name, digest };
      expect(checksumOf(`${name}:${digest}`)).toEqual(expected);
      expect(checksumOf(` ${digest.toUpperCase()} `)).toEqual(expected);
      expect(checksumOf(`${name.replace("sha", "SHA-")}=${digest}`)).toEqual(expected);
    },
  );

  test.each([
    "",
    "sha256:",
    "sha256:12",
    "abc",
    "crc32:00000000",
    `md5:${hexOf("sha1")}`,
    "sha256-AAAA",
  ])("%j is none", (text) => {
    expect(() => checksumOf(text)).toThrow("is no checksum");
  });

  test.each(["sha1", "sha256", "sha384", "sha512"])("of %s is read as base64, too", (name) => {
    const base64 = Buffer.from(hexOf(name), "hex").toString("base64");
    expect(checksumOf(`${name}-${base64}`)).toEqual({ algorithm: name, digest: hexOf(name) });
  });

  test("must hold, each of several", () => {
    const hashing = (...texts: string[]): Hashing => {
      const result = new Hashing(texts.map(checksumOf), false);
      result.update(hello.subarray(0, 2));
      result.update(hello.subarray(2));
      return result;
    };
    expect(hashing(hexOf("md5"), hexOf("sha256")).finish()).toBe(hexOf("sha256"));
    const wrong = hexOf("sha1").replace(/./, (digit) => (digit === "0" ? "1" : "0"));
    expect(() => hashing(hexOf("md5"), wrong).finish()).toThrow(`its sha1 is ${hexOf("sha1")}`);
  });
});

describe("a validator", () => {
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const before = "Sun, 06 Nov 1994 08:49:36 GMT";

  test.each([
    ['"a"', null, null, '"a"'],
    ['W/"a"', before, date, null],
    ["a", before, date, null],
    [null, before, date, before],
    [null, date, date, null],
    [null, before, null, null],
    [null, "yesterday", date, null],
    [null, null, date, null],
  ])("of ETag %j, Last-Modified %j and Date %j is %j", (etag, modified, at, expected) => {
    expect(strongValidator(etag, modified, at, 0)).toBe(expected);
  });
});

describe("a Content-Range", () => {
  test.each([
    null,
    "",
    "bytes */5",
    "bytes 5-4/9",
    "bytes 0-9/5",
    "bytes 1-/3",
    "items 0-1/2",
    "bytes a-b/c",
  ])("%j says nothing", (text) => {
    expect(contentRange(text)).toBeNull();
  });

  test("is read as it is written", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.option(fc.nat()), (first, more, behind) => {
        const last = first + more;
        const total = behind === null ? null : last + 1 + behind;
        const text = `bytes ${first}-${last}/${total ?? "*"}`;
        expect(contentRange(text)).toEqual({ first, last, total });
      }),
    );
    expect(unsatisfiedTotal("bytes */12")).toBe(12);
    expect(unsatisfiedTotal("bytes 0-1/12")).toBeNull();
  });
});

test("stretches cover a file without gap or overlap, none too short, at most so many", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e12 }),
      fc.integer({ min: 1, max: 32 }),
      fc.integer({ min: 1, max: 1e9 }),
      (length, most, least) => {
        const stretches = stretchesOf(length, most, least);
        expect(coverAll(stretches, length)).toBe(true);
        expect(stretches.length).toBeLessThanOrEqual(most);
        expect(bytesIn(stretches)).toBe(0);
        const sizes = stretches.slice(0, -1).map(({ from, to }) => to - from);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(least);
      },
    ),
  );
  expect(coverAll([{ from: 0, to: 5, at: 6 }], 5)).toBe(false);
  expect(coverAll([{ from: 0, to: 5, at: 5 }], 6)).toBe(false);
  expect(coverAll([], 0)).toBe(true);
});

test("a table of hashes is a map of strings to numbers", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.nat()), { maxLength: 4000 }),
      (pairs) => {
        const table = new HashTable(true);
        const map = new Map<string, number>();
        for (const [key, value] of pairs) {
          expect(table.set(key, value)).toBe(map.get(key));
          map.set(key, value);
        }
        expect(table.size).toBe(map.size);
        for (const [key, value] of map) expect(table.get(key)).toBe(value);
        expect(table.get("longer than any")).toBeUndefined();
      },
    ),
    { numRuns: 20 },
  );
});

describe("the rate", () => {
  test("holds for all who pay, in the long run exactly", async () => {
    await runVirtual(async () => {
      const rate = new ByteRate(1000);
      const began = getRunningLoop().time();
      await taskGroup(async (group) => {
        for (let lane = 0; lane < 5; lane++) {
          group.spawn(async () => {
            for (let n = 0; n < 20; n++) await rate.pay(100);
          });
        }
      });
      // 10,000 bytes, less what is let through at once.
      expect(getRunningLoop().time() - began).toBeCloseTo(10_000 - 100, 3);
    });
  });

  test("saves up no more than a tenth of a second, and a cancelled payer has paid", async () => {
    await runVirtual(async () => {
      const rate = new ByteRate(1000);
      await rate.pay(100);
      expect(getRunningLoop().time()).toBe(0);
      await moveOnAfter(10, () => rate.pay(500));
      expect(getRunningLoop().time()).toBe(10);
      await rate.pay(0);
      expect(getRunningLoop().time()).toBeCloseTo(500, 3);
    });
  });

  test("is none when it is Infinity", async () => {
    expect(new ByteRate(Infinity).limits).toBe(false);
    expect(new ByteRate(1).limits).toBe(true);
  });
});

describe("retries", () => {
  test("pause longer with each round, up to the longest", () => {
    const rules = retryRulesOf({ delay: 100, maxDelay: 1000 });
    expect([0, 1, 2, 3, 4, 5, 2000].map((round) => longestPause(rules, round))).toEqual([
      0, 100, 200, 400, 800, 1000, 1000,
    ]);
  });

  test("come from a budget, which ten files fill by one", () => {
    const budget = new RetryBudget(2);
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    for (let n = 0; n < 11; n++) budget.earn();
    expect([budget.take(), budget.take()]).toEqual([true, false]);
  });

  test.each([[0], [{ attempts: 1.5 }], [{ delay: -1 }], [{ budget: NaN }]])(
    "are refused as %j",
    (input) => {
      expect(() => retryRulesOf(input)).toThrow("Expected `options.retry");
    },
  );
});
