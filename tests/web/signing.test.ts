/**
 * Secrets: signing, sealing, comparing, and keys that change.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeEqual, Sealer, Signer } from "ambit/web";

const [NEW, OLD, OTHER] = ["new", "old", "other"].map((each) => each.repeat(16)) as [
  string,
  string,
  string,
];

/** Every text that differs from this one in one character of its alphabet. */
function tampered(text: string): string[] {
  return [...text].map(
    (char, at) => text.slice(0, at) + (char === "A" ? "B" : "A") + text.slice(at + 1),
  );
}

describe("Signer", () => {
  test("what was signed verifies, whatever it is", () => {
    const signer = new Signer(NEW);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(signer.verify(signer.sign(text))).toBe(text);
      }),
    );
  });

  test("no change of one character passes", () => {
    const signer = new Signer(NEW);
    const signed = signer.sign("user=7");
    // The last character of base64url has two bits that mean nothing.
    for (const forged of tampered(signed).slice(0, -1)) expect(signer.verify(forged)).toBe(null);
  });

  test.each(["", ".", "x", "a".repeat(43), `text.${"a".repeat(42)}`, `text.${"a".repeat(43)}`])(
    "%j is signed by nobody",
    (text) => {
      expect(new Signer(NEW).verify(text)).toBe(null);
    },
  );

  test("a key that was replaced still verifies, and one that is gone does not", () => {
    const signed = new Signer(OLD).sign("x");
    expect(new Signer([NEW, OLD]).verify(signed)).toBe("x");
    expect(new Signer([NEW, OTHER]).verify(signed)).toBe(null);
    expect(new Signer(NEW).verify(new Signer([NEW, OLD]).sign("x"))).toBe("x");
  });

  test("what was signed for one purpose is worth nothing for another", () => {
    const signed = new Signer(NEW, { purpose: "mail" }).sign("x");
    expect(new Signer(NEW, { purpose: "reset" }).verify(signed)).toBe(null);
    expect(new Signer(NEW).verify(signed)).toBe(null);
  });

  test("a key is text or at least 32 bytes, and does not show in the message when it is not", () => {
    expect(() => new Signer("short secret")).toThrow(
      /Expected `keys` to be a secret of at least 32 bytes .*got `'12 bytes'`/,
    );
    expect(() => new Signer("short secret")).not.toThrow(/short secret/);
    expect(() => new Signer([])).toThrow("Expected `keys` to be a secret key");
    expect(() => new Signer(undefined as never)).toThrow("Expected `keys`");
    expect(() => new Signer([7] as never)).toThrow("Expected `keys` to be a secret key");
    const bytes = new Uint8Array(32).fill(7);
    expect(new Signer(bytes).verify(new Signer([bytes]).sign("x"))).toBe("x");
    expect(() => new Signer(NEW).sign(7 as never)).toThrow("Expected `text`");
  });
});

describe("Sealer", () => {
  test("what was sealed opens, whatever it is, and shows nothing", () => {
    const sealer = new Sealer(NEW);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const sealed = sealer.seal(text);
        expect(sealer.open(sealed)).toBe(text);
        expect(sealed).toMatch(/^[\w-]+$/);
      }),
    );
    expect(sealer.seal("the same")).not.toBe(sealer.seal("the same"));
  });

  test("no change of one character passes, nor a piece", () => {
    const sealer = new Sealer(NEW);
    const sealed = sealer.seal("user=7!");
    for (const forged of tampered(sealed).slice(0, -1)) expect(sealer.open(forged)).toBe(null);
    for (let end = 0; end < sealed.length - 1; end++)
      expect(sealer.open(sealed.slice(0, end))).toBe(null);
  });

  test("keys change and purposes differ as for a signer", () => {
    const sealed = new Sealer(OLD, { purpose: "a" }).seal("x");
    expect(new Sealer([NEW, OLD], { purpose: "a" }).open(sealed)).toBe("x");
    expect(new Sealer([NEW, OLD], { purpose: "b" }).open(sealed)).toBe(null);
    expect(new Sealer(NEW, { purpose: "a" }).open(sealed)).toBe(null);
    expect(() => new Sealer(NEW).seal(null as never)).toThrow("Expected `text`");
  });
});

describe("safeEqual", () => {
  test("tells the same from the different", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(safeEqual(one, one)).toBe(true);
        expect(safeEqual(one, other)).toBe(one === other);
      }),
    );
  });

  test("takes as long for nearly right as for all wrong (real time: the least of many)", () => {
    const secret = "a".repeat(200_000);
    const nearly = `${secret.slice(1)}b`;
    const wrong = `b${secret.slice(1)}`;
    const least = { nearly: Infinity, wrong: Infinity };
    for (let round = 0; round < 40; round++) {
      least.nearly = Math.min(
        least.nearly,
        timed(() => safeEqual(secret, nearly)),
      );
      least.wrong = Math.min(
        least.wrong,
        timed(() => safeEqual(secret, wrong)),
      );
    }
    // `===` differs a thousandfold here.
    expect(least.nearly / least.wrong).toBeLessThan(2);
    expect(least.wrong / least.nearly).toBeLessThan(2);
  });
});

function timed(body: () => unknown): number {
  const began = performance.now();
  body();
  return performance.now() - began;
}
