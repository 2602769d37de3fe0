/**
 * glob and iglob: random patterns on random trees, with CPython's glob as the judge; what of a tree is read for them; the
 * ways out.
 */
import { type ChildProcess, spawn } from "node:child_process";
import fs, { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { moveOnAfter, run } from "ambit";
import { glob, globEscape, type GlobOptions, iglob } from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folders, WINDOWS } from "./folder.ts";

const fresh = folders();

/** Makes files, named by their paths; those that end with `/` are folders. */
function tree(
  paths: readonly string[],
  links: readonly (readonly [string, string])[] = [],
): string {
  const top = dirname(fresh());
  for (const path of paths) {
    mkdirSync(join(top, path.endsWith("/") ? path : dirname(path)), { recursive: true });
    if (!path.endsWith("/") && !existsSync(join(top, path))) writeFileSync(join(top, path), "");
  }
  for (const [path, target] of links) symlinkSync(target, join(top, path));
  return top;
}

async function found(top: string, pattern: string, options: GlobOptions = {}): Promise<string[]> {
  return (await glob(pattern, { rootDir: top, ...options })).sort();
}

describe.skipIf(WINDOWS)("glob finds what CPython's finds", () => {
  let python: ChildProcess;
  let answers: Interface;

  beforeAll(async () => {
    python = spawn(process.execPath, [join(import.meta.dirname, "globPython.mjs")], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    answers = createInterface({ input: python.stdout as NodeJS.ReadableStream });
    // Until it has started.
    await asked({ paths: [], links: [], patterns: [], recursive: false, includeHidden: false });
  });

  afterAll(async () => {
    const gone = new Promise((resolve) => python.once("close", resolve));
    python.stdin?.end();
    await gone;
  });

  interface Search {
    readonly paths: readonly string[];
    readonly links: readonly (readonly [string, string])[];
    readonly patterns: readonly string[];
    readonly recursive: boolean;
    readonly includeHidden: boolean;
  }

  function asked(search: Search): Promise<string[][]> {
    return new Promise((resolve, reject) => {
      python.once("close", reject);
      answers.once("line", (line) => {
        python.off("close", reject);
        resolve(JSON.parse(line) as string[][]);
      });
      python.stdin?.write(`${JSON.stringify(search)}\n`);
    });
  }

  /** Behind two `**`, CPython tells some folders twice, with and without a separator at the end; here it is once. */
  function once(paths: readonly string[], pattern: string): string[] {
    const isTwice = pattern.split("**").length > 2;
    return [...new Set(paths.map((path) => (isTwice ? path.replace(/\/$/, "") : path)))].sort();
  }

  const name = fc.constantFrom("a", "b", "ab", "a.b", ".a", ".h.b", "[", "é", "😀b", "a]", "-");
  const path = fc
    .tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "/"))
    .map(([names, end]) => names.join("/") + end);
  /** No name is a file here and a folder there. */
  const paths = fc.array(path, { maxLength: 12, size: "large" }).map((all) => {
    const isFolder = (each: string): boolean => all.some((other) => other.startsWith(`${each}/`));
    return all.map((each) => (each.endsWith("/") || !isFolder(each) ? each : `${each}/`));
  });
  const links = fc.uniqueArray(
    fc.tuple(fc.constantFrom("link", ".link", "file link"), fc.constantFrom("a", "a/b", "nowhere")),
    { maxLength: 2, selector: ([path]) => path },
  );
  const piece = fc.constantFrom(
    ..."* * ** ? a b . é [ab] [!a] [a-b] []] [[] [ [!]a] [b-a] [!b-a] [--b] [a-] ] [^a] 😀 [é-😀]".split(
      " ",
    ),
  );
  const part = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.array(piece, { minLength: 1, maxLength: 3 }).map((all) => all.join("")),
    },
    { weight: 4, arbitrary: fc.constantFrom("**", "*", "*", "?*", "a", ".*", ".a", "link") },
  );
  const pattern = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom("", "", "/"))
    .map(([parts, end]) => parts.join("/") + end)
    .filter((text) => !/(?:^|\/)\.\.?(?:\/|$)/.test(text) && !text.includes("**/**"));

  test("for random patterns on random trees", async () => {
    let matches = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          paths,
          links,
          patterns: fc.array(pattern, { minLength: 8, maxLength: 10 }),
          recursive: fc.boolean(),
          includeHidden: fc.boolean(),
        }),
        async (search) => {
          const top = tree(search.paths, search.links);
          const theirs = await asked(search);
          for (const [i, text] of search.patterns.entries()) {
            const ours = await glob(text, { rootDir: top, ...search });
            const wanted = once(theirs[i] as string[], text);
            expect([text, ...once(ours, text)]).toEqual([text, ...wanted]);
            expect(new Set(ours).size).toBe(ours.length);
            matches += ours.length;
          }
          rmSync(top, { recursive: true });
        },
      ),
      { numRuns: 25 },
    );
    expect(matches).toBeGreaterThan(50);
  });
});

describe("glob", () => {
  const PATHS = ["a/x.ts", "a/deep/er/y.ts", "b/x.js", ".hidden/z.ts", "top.ts", "a/.secret.ts"];

  test("tells paths from where the pattern begins", async () => {
    const top = tree(PATHS);
    const all = ["a/deep/er/y.ts", "a/x.ts", "top.ts"];
    expect(await found(top, "**/*.ts", { recursive: true })).toEqual(all);
    const absolute = await glob(`${globEscape(top)}/**/*.ts`, { recursive: true });
    expect(absolute.sort()).toEqual(all.map((path) => `${top}/${path}`));
    expect(await found(top, "./a/*.ts")).toEqual(["./a/x.ts"]);
    expect(await found(top, "a/**", { recursive: true })).toContain("a/");
    expect(await found(top, "*/")).toEqual(["a/", "b/"]);
  });

  test("tells hidden names when the pattern says so, or the option", async () => {
    const top = tree(PATHS);
    expect(await found(top, "a/.*")).toEqual(["a/.secret.ts"]);
    expect(await found(top, "*/*.ts", { includeHidden: true })).toEqual([
      ".hidden/z.ts",
      "a/.secret.ts",
      "a/x.ts",
    ]);
  });

  test("a text that is no pattern is there or not, a link that leads nowhere too", async () => {
    const top = tree(PATHS, [["dangling", "nowhere"]]);
    expect(await found(top, "top.ts")).toEqual(["top.ts"]);
    expect(await found(top, "dangling")).toEqual(["dangling"]);
    expect(await found(top, "top.ts/")).toEqual([]);
    expect(await found(top, "a/")).toEqual(["a/"]);
    expect(await found(top, "missing/*")).toEqual([]);
    expect(await found(top, "top.ts/*")).toEqual([]);
  });

  test("an escaped text means itself", async () => {
    const top = tree(["we[i]rd*?.txt", "weird.txt"]);
    expect(await found(top, globEscape("we[i]rd*?.txt"))).toEqual(["we[i]rd*?.txt"]);
  });

  test("goes round in no circle", async () => {
    const top = tree(["a/b/file"], [["a/b/up", ".."]]);
    expect(await found(top, "**", { recursive: true })).toEqual(["a", "a/b", "a/b/file", "a/b/up"]);
  });

  test("reads only folders in which something can be that is meant", async () => {
    const top = tree(["src/a/b/c/x.ts", "src/z/x.ts", "docs/a/x.ts", "node_modules/a/b/x.ts"]);
    const read: string[] = [];
    const { readdir } = fs;
    const noting = (path: string, ...rest: unknown[]): void => {
      if (path.startsWith(top)) read.push(path.slice(top.length + 1));
      (readdir as unknown as (...values: unknown[]) => void)(path, ...rest);
    };
    fs.readdir = noting as unknown as typeof readdir;
    syncBuiltinESMExports();
    try {
      expect(await found(top, "src/*/*.ts")).toEqual(["src/z/x.ts"]);
      expect(read.splice(0).sort()).toEqual(["src", "src/a", "src/z"]);
      expect(await found(top, "[sd]*/a/**/x.ts", { recursive: true })).toEqual([
        "docs/a/x.ts",
        "src/a/b/c/x.ts",
      ]);
      expect(read.sort()).toEqual(["", "docs", "docs/a", "src", "src/a", "src/a/b", "src/a/b/c"]);
    } finally {
      fs.readdir = readdir;
      syncBuiltinESMExports();
    }
  });

  test("takes no time for a pattern that is made for that", async () => {
    const top = tree(["a".repeat(200)]);
    expect(await found(top, `${"*a".repeat(60)}b*`)).toEqual([]);
  });

  test("refuses what is no pattern", () => {
    expect(() => iglob(7 as never)).toThrow(TypeError);
    for (const pattern of ["", "a\0", "*/../b", "?/."])
      expect(() => iglob(pattern), pattern).toThrow(RangeError);
    expect(() => iglob("*", { limit: 0 })).toThrow(RangeError);
    expect(() => iglob("*", { recursive: 1 as never })).toThrow("options.recursive");
    expect(() => globEscape(7 as never)).toThrow(TypeError);
  });

  test("says what it is, and is over when it is left", async () => {
    const top = tree(PATHS);
    const paths = iglob("*", { rootDir: top });
    expect(inspect(paths)).toBe("<iglob '*'>");
    await paths.next();
    await paths.return();
    expect(await paths.next()).toEqual({ done: true, value: undefined });
    const points = await cancelEverywhere(async () => {
      for await (const path of iglob("**/*.ts", { rootDir: top, recursive: true }))
        expect(path).not.toBe("");
    });
    expect(points).toBeGreaterThan(5);
    await run(async () => {
      await using rest = iglob("**", { rootDir: top, recursive: true });
      await moveOnAfter(0, () => rest.next());
    });
  });
});
