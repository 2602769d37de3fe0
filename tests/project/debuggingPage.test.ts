/**
 * What docs/debugging.md shows as printed is what the examples print: each of its text blocks stands in the comment with
 * the output that an example is checked against.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

const page = read("docs/debugging.md");
const blocks = [...page.matchAll(/^```text\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? "");

/** The lines of an example's output, as its last comment has them. */
function outputOf(example: string): string[] {
  const text = read(`examples/${example}.ts`);
  const comment = text.slice(text.lastIndexOf("/* Output:\n"));
  return comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
}

/** `…` stands for what varies. */
function says(promised: string | undefined, line: string): boolean {
  const literal = (promised ?? "").replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return promised !== undefined && new RegExp(`^${literal.replaceAll("…", ".*")}$`).test(line);
}

function isIn(output: readonly string[], block: string): boolean {
  const lines = block.split("\n");
  return output.some((_, start) => lines.every((line, index) => says(output[start + index], line)));
}

test("the page has a tree, a call graph, a circle and four reports", () => {
  expect(blocks).toHaveLength(7);
});

test.each(blocks.map((block) => [block.split("\n")[0] ?? "", block]))(
  "%s … is what an example prints",
  (_, block) => {
    const outputs = ["callGraph", "debugMode"].map(outputOf);
    expect(
      outputs.some((output) => isIn(output, block)),
      block,
    ).toBe(true);
  },
);

test("a block that differs in one line is found", () => {
  const [block = ""] = blocks;
  expect(isIn(outputOf("callGraph"), block)).toBe(true);
  expect(isIn(outputOf("callGraph"), block.replace("login", "logout"))).toBe(false);
});
