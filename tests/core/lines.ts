/*
 * The lines of a test's own source, found by a mark in a comment, so that what is expected is `file:line` of the code
 * that is meant and not a number that was typed.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Tells the `file:line` of the line of a module that ends with `// mark`. */
export function marks(url: string): (mark: string) => string {
  const file = fileURLToPath(url);
  const lines = readFileSync(file, "utf8").split("\n");
  return (mark) => {
    const index = lines.findIndex((line) => line.trimEnd().endsWith(`// ${mark}`));
    if (index === -1) throw new Error(`no line of ${file} is marked // ${mark}`);
    return `${relative(process.cwd(), file)}:${index + 1}`;
  };
}
