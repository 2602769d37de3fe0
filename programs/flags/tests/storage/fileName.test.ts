import { expect, test } from "vitest";

import { fileNameOf } from "../../src/storage/fileName.ts";

test.each([
  ["Brazil", "Brazil"],
  ["U.S. Virgin Islands", "U.S._Virgin_Islands"],
  ["Cocos (Keeling) Islands", "Cocos_Keeling_Islands"],
  ["Guinea-Bissau", "Guinea-Bissau"],
  ["Türkiye", "Türkiye"],
  ["Tu\u0308rkiye", "Türkiye"],
  ["日本", "日本"],
  ["../../etc/passwd", "etc_passwd"],
  ["a/b\\c:d*e?f", "a_b_c_d_e_f"],
  ["line\nbreak\u0000\u001B[31m", "line_break_31m"],
  [".hidden", "hidden"],
])("%j becomes the file name %j", (country, file) => {
  expect(fileNameOf(country)).toBe(file);
});

test.each(["", "..", "///", "CON", "nul.txt", "\u202E"])("%j makes no file name", (country) => {
  expect(fileNameOf(country)).toBeUndefined();
});

test("a long name is cut, so that it fits with any extension", () => {
  expect(Buffer.byteLength(fileNameOf("𠮷".repeat(500)) ?? "")).toBeLessThan(220);
});
