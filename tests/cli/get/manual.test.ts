/** docs/get.md: what it says of the options and exit codes is what the program says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { getHelp } from "../../../src/cli/get/help.ts";
import { ListParser } from "../../../src/cli/get/listParser.ts";
import { readGetArguments } from "../../../src/cli/get/arguments.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/get.md"), "utf8");

test("the manual ends with the help as it is", () => {
  expect(page).toContain(`\`\`\`text\n${getHelp()}\`\`\`\n`);
});

test("every command line of the manual and of the help makes sense", () => {
  const commands = `${page}\n${getHelp()}`.matchAll(/^ *(?:\$ |zcat .*\| )?ambit get (.+)$/gm);
  const typed = [...commands].map(([, words = ""]) => words.replace(/ {2,}.*| [|>].*/, ""));
  expect(typed.length).toBeGreaterThan(15);
  for (const words of typed) {
    if (/\[options\]/.test(words)) continue;
    const args = words.replaceAll("'", "").replace("9f86d0...", "0".repeat(64)).split(/ +/);
    expect(readGetArguments(args.filter((word) => word !== "#")), words).not.toBe("help");
  }
});

test("every form of a line that the manual shows is taken", () => {
  const rows = [...page.matchAll(/^\| `([^`]+)`(, indented, below a URL)? +\|/gm)].filter(([row]) =>
    /https:|out=|url/.test(row),
  );
  expect(rows).toHaveLength(5);
  const parser = new ListParser("manual", () => {});
  const items = rows.flatMap(([, line = ""]) => {
    const item = parser.take(line.replaceAll("<TAB>", "\t").replace(/^out=/, "  out="));
    return item === undefined ? [] : [item];
  });
  expect([...items, parser.end()]).toHaveLength(4);
});
