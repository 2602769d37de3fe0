import { PNG } from "pngjs";
import { expect, test } from "vitest";

import { countryFacts } from "../../src/catalogue/countryFacts.ts";
import { FlagImages } from "../../src/catalogue/flagImages.ts";
import { mostPopulous } from "../../src/catalogue/populous.ts";
import { fileNameOf } from "../../src/storage/fileName.ts";

const images = new FlagImages();

test("there is a flag for over 240 codes, the most populous among them", () => {
  expect(images.codes.length).toBeGreaterThan(240);
  expect(images.codes).toEqual([...images.codes].sort());
  for (const code of mostPopulous) expect(images.codes).toContain(code);
});

test.each([100, 250, 1000] as const)("a flag of %i pixels is that wide", (size) => {
  const image = images.image("BR", size);
  expect(PNG.sync.read(Buffer.from(image ?? [])).width).toBe(size);
});

test("a code without a flag has no image and no name", () => {
  expect(images.image("QZ", 250)).toBeUndefined();
  expect(images.image("../../package", 250)).toBeUndefined();
  expect(images.name("QZ")).toBeUndefined();
  expect(images.name("constructor")).toBeUndefined();
});

test("every flag has facts, at least its name", () => {
  expect(countryFacts("BR", images)).toMatchObject({
    code: "BR",
    name: "Brazil",
    capital: "Brasília",
    languages: ["Portuguese"],
  });
  expect(countryFacts("GB-SCT", images)).toEqual({ code: "GB-SCT", name: "Scotland" });
  expect(countryFacts("QZ", images)).toBeUndefined();
});

test("no two countries get the same file name, not even on a disk that ignores case", () => {
  const names = images.codes.map((code) => fileNameOf(countryFacts(code, images)?.name ?? ""));
  expect(names).not.toContain(undefined);
  expect(new Set(names.map((name) => name?.toLowerCase())).size).toBe(images.codes.length);
});
