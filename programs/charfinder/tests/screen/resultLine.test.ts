import { beforeAll, expect, test } from "vitest";

import { glyphOf } from "../../src/screen/glyph.ts";
import { paletteFor } from "../../src/screen/palette.ts";
import { resultLine } from "../../src/screen/resultLine.ts";
import type { CharacterIndex } from "../../src/search/characterIndex.ts";
import { sharedIndex } from "../search/sharedIndex.ts";

let index: CharacterIndex;
beforeAll(async () => {
  index = await sharedIndex();
});

test("a line is code point, character and name, with a tab between; other names follow", () => {
  expect(resultLine(index.character(0x1f408))).toBe("U+1F408\t🐈\tCAT");
  expect(resultLine(index.character(0xa0))).toBe("U+00A0\t\tNO-BREAK SPACE (NBSP)");
  expect(resultLine(index.character(0x7))).toBe("U+0007\t␇\tALERT (BEL)");
});

test.each([
  [0x301, "◌́", "a mark has a carrier"],
  [0x0, "␀", "a control has its picture"],
  [0x7f, "␡", "delete has its picture"],
  [0x9b, "", "a control without a picture is not shown"],
  [0x202e, "", "what turns the direction of writing is not shown"],
  [0x200b, "", "what has no width is not shown"],
  [0xd800, "", "a surrogate is not shown"],
  [0x378, "", "what is not assigned is not shown"],
  [0x5d0, "א", "a letter is shown as it is"],
])("U+%x is shown as %j: %s", (codePoint, glyph) => {
  expect(glyphOf(index.character(codePoint))).toBe(glyph);
});

test("no line has anything that a terminal would obey", () => {
  const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
  const bad: string[] = [];
  for (let each = 0; each <= 0x10ffff; each += each < 0x3100 ? 1 : 7) {
    const line = resultLine(index.character(each)).replaceAll("\t", " ");
    if (obeyed.test(line)) bad.push(line);
  }
  expect(bad).toEqual([]);
}, 30_000);

test("there is colour on a terminal that has it, and nowhere else", () => {
  const onTerminal = paletteFor({ isTTY: true, hasColors: () => true });
  expect(onTerminal.strong("CAT")).toBe("\u001B[1mCAT\u001B[22m");
  expect(paletteFor({ isTTY: true, hasColors: () => false }).strong("CAT")).toBe("CAT");
  expect(paletteFor({}).strong("CAT")).toBe("CAT");
});
