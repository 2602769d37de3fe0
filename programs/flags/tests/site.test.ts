import { expect, test } from "vitest";

import { factsUrl, flagUrl, siteAt } from "../src/site.ts";

test("flags and facts are found under the base, in lower case", () => {
  const site = siteAt("http://flags.example/data/", 250, false);
  expect(flagUrl(site, "BR")).toBe("http://flags.example/data/br/br.png");
  expect(factsUrl(site, "BR")).toBe("http://flags.example/data/br/metadata.json");
});

test("a base with a place for the code is the whole URL", () => {
  const site = siteAt("http://flags.example/w{size}/{cc}/{CC}.svg", 1000, false);
  expect(flagUrl(site, "GB-SCT")).toBe("http://flags.example/w1000/gb-sct/GB-SCT.svg");
});
