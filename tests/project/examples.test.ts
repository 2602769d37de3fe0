/**
 * Every example runs, and prints what the comment at its end says.
 *
 * An example is a file of `examples/`; it exports `main(out)`, which gets an output that is no
 * terminal. In the comment,
 * `…` stands for what differs from run to run, within one line.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "../../examples");
const examples = existsSync(FOLDER)
  ? readdirSync(FOLDER).filter((file) => file.endsWith(".ts"))
  : [];

interface Example {
  main(out: { write(text: string): unknown }): unknown;
}

/** The text of the block comment that ends a file, without its first line, the heading. */
function promisedOutput(source: string): string | undefined {
  const comment = /\/\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source)?.[1];
  return comment
    ?.replace(/^[^\n]*\n/, "")
    .replaceAll(/^[ \t]*\* ?/gm, "")
    .trim();
}

function matcherOf(output: string): RegExp {
  const literal = output.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("…", "[^\\n]*?")}$`);
}

describe("examples", () => {
  test("the examples that the README names are there", () => {
    expect(examples).toEqual(
      expect.arrayContaining(["spinner.ts", "spinnerThread.ts", "stages.ts"]),
    );
  });

  test.each(examples)("%s prints what it says", { timeout: 30_000 }, async (file) => {
    const promised = promisedOutput(readFileSync(join(FOLDER, file), "utf8"));
    expect(promised, "the comment at the end, with the output").toBeTruthy();
    const { main } = (await import(join(FOLDER, file))) as Example;
    let output = "";
    await main({ write: (text) => (output += text) });
    expect(output.trim()).toMatch(matcherOf(promised ?? ""));
  });
});

test("`…` matches within one line only, all else letter by letter", () => {
  expect("took 5 ms.").toMatch(matcherOf("took … ms."));
  expect("took 5\n5 ms.").not.toMatch(matcherOf("took … ms."));
  expect("took 5 msx").not.toMatch(matcherOf("took … ms."));
});

test("the output is read from the last comment of a file, with or without stars", () => {
  const source = "/* first */\nmain();\n";
  expect(promisedOutput(`${source}\n/* Output:\na\n  b\n*/\n`)).toBe("a\n  b");
  expect(promisedOutput(`${source}\n/*\n * a\n *   b\n */\n`)).toBe("a\n  b");
  expect(promisedOutput(source)).toBe(undefined);
});
