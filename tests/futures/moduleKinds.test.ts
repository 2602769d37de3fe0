/**
 * What kinds of modules a worker runs: ES modules, CommonJS, TypeScript, bundles, compiled code with source maps. In
 * processes of their own, because only there is an entry module; so real threads and real time.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";

/** Whether this Node.js runs TypeScript. */
const typescript = Boolean((process.features as { typescript?: unknown }).typescript);
const ROOT = join(import.meta.dirname, "../..");

/** Runs `main` in a folder with those files, where `ambit` is installed. */
async function runIn(
  files: Readonly<Record<string, string>>,
  main: string,
  { before = "", flags = [] }: { before?: string; flags?: readonly string[] } = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const folder = mkdtempSync(join(tmpdir(), "ambit-modules-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/ambit"), "junction");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    if (before !== "") {
      const prepared = await runProgram(before.replaceAll("FOLDER", JSON.stringify(folder)));
      if (prepared.code !== 0) throw new Error(prepared.err);
    }
    const { code, out, err } = await runProgram("", { flags: [...flags, join(folder, main)] });
    return { code, out, err };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const HEAD = `import { ThreadPoolExecutor, toThread } from "ambit/futures";
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });`;

test("functions of an ES module run, also its default export", async () => {
  const { code, out, err } = await runIn(
    {
      "tasks.js": "export const square = (x) => x * x; export default (x) => -x;",
      "main.js": `${HEAD} import negate, { square } from "./tasks.js";
        console.log(await pool.submit(square, 3), await toThread(negate, 3));`,
    },
    "main.js",
  );
  expect({ code, out, err }).toEqual({ code: 0, out: "9 -3\n", err: "" });
});

test("functions of a CommonJS module run, from an ES module and from another CommonJS module", async () => {
  const files = {
    "tasks.cjs": "exports.square = (x) => x * x; exports.cube = function (x) { return x ** 3; };",
    "single.cjs": "module.exports = function half(x) { return x / 2; };",
    "main.js": `${HEAD} import { square } from "./tasks.cjs"; import half from "./single.cjs";
      console.log(await pool.submit(square, 3), await pool.submit(half, 8));`,
    "main.cjs": `const { cube } = require("./tasks.cjs");
      import("ambit/futures").then(({ toThread }) => toThread(cube, 2)).then(console.log);`,
  };
  expect(await runIn(files, "main.js")).toEqual({ code: 0, out: "9 4\n", err: "" });
  expect(await runIn(files, "main.cjs")).toEqual({ code: 0, out: "8\n", err: "" });
});

test("functions of a TypeScript module run unbuilt, or are told why not", async () => {
  if (!typescript) return await expectTypeScriptIsNamed();
  const { code, out } = await runIn(
    {
      "tasks.ts": `export class Odd extends Error { readonly at: number;
          constructor(at: number) { super(\`\${at} is odd\`); this.at = at; } }
        export function half(x: number): number { if (x % 2 === 1) throw new Odd(x); return x / 2; }`,
      "main.ts": `${HEAD} import { half, Odd } from "./tasks.ts";
        const there = pool.module<typeof import("./tasks.ts")>(new URL("./tasks.ts", import.meta.url));
        const error: unknown = await pool.submit(half, 3).then(null, (error: unknown) => error);
        console.log(await pool.submit(half, 4), await there.half(6), error instanceof Odd && error.at);`,
    },
    "main.ts",
    { flags: ["--no-warnings"] },
  );
  expect({ code, out }).toEqual({ code: 0, out: "2 3 3\n" });
});

/** Where Node.js runs no TypeScript. */
async function expectTypeScriptIsNamed(): Promise<void> {
  const { out } = await runIn(
    {
      "tasks.ts": "export const half = (x: number) => x / 2;",
      "main.js": `${HEAD}
          const there = pool.module(new URL("./tasks.ts", import.meta.url));
          await there.half(2).then(null, (error) => console.log(error.code, error.message));`,
    },
    "main.js",
  );
  expect(out).toMatch(/^ERR_UNKNOWN_FILE_EXTENSION .*tasks\.ts/);
}

test("source maps are applied to both parts of a stack", async () => {
  // One segment per line, each ten lines further down in the source.
  const map = (source: string): string => {
    const json = { version: 3, sources: [source], names: [], mappings: "AAUA;AACA;AACA;AACA" };
    const data = Buffer.from(JSON.stringify(json)).toString("base64");
    return `\n//# sourceMappingURL=data:application/json;base64,${data}`;
  };
  const { code, out } = await runIn(
    {
      "tasks.js": `export function fail() {\nthrow new Error("mapped");\n}${map("tasks.original")}`,
      "main.js": `import { toThread } from "ambit/futures"; import { fail } from "./tasks.js";
await toThread(fail).then(null, (error) => console.log(error.stack));${map("main.original")}`,
    },
    "main.js",
    { flags: ["--enable-source-maps"] },
  );
  expect(code).toBe(0);
  expect(out).toContain("tasks.original:12");
  expect(out).toContain("main.original:12");
  expect(out).not.toContain("tasks.js:");
});

/** Bundles `main.js` to `bundle.js`, and the tasks to `tasks.bundle.js`, with source maps beside them. */
const bundling = (external: string, tasks = "tasks.js"): string => `
  import { rolldown } from "rolldown";
  const folder = FOLDER;
  for (const [from, to] of [["main.js", "bundle.js"], ["${tasks}", "tasks.bundle.js"]]) {
    const bundle = await rolldown({
      input: from, cwd: folder, platform: "node", external: ${external}, logLevel: "silent",
    });
    await bundle.write({ file: folder + "/" + to, format: "esm", codeSplitting: false, sourcemap: true });
    await bundle.close();
  }`;

test("a bundle runs functions by the URL of a module, and its own are refused with what to do", async () => {
  const { code, out, err } = await runIn(
    {
      "tasks.js": "export const square = (x) => x * x;",
      "main.js": `${HEAD} import { square } from "./tasks.js";
        console.log("begins");
        const refused = await pool.submit(square, 3).then(null, (error) => error);
        console.log(refused.name, /entry module/.test(refused.message), refused.message.includes("pool.module("));
        const there = pool.module(new URL("./tasks.bundle.js", import.meta.url));
        console.log(await there.square(4));`,
    },
    "bundle.js",
    { before: bundling("[/^ambit/]") },
  );
  const lines = ["begins", "UnreachableFunctionError true true", "16", ""];
  expect({ code, out, err }).toEqual({ code: 0, out: lines.join("\n"), err: "" });
});

test.each(["ThreadPoolExecutor", "ProcessPoolExecutor"])(
  "an error of a bundle names the TypeScript that it was made of, by a %s",
  async (kind) => {
    const { code, out, err } = await runIn(
      {
        // The lines stand elsewhere in the bundle: types are gone, the other module comes first.
        "checks.ts":
          "interface Sized {\n  size: number;\n}\n\nexport function check({ size }: Sized): void {\n  if (size > 1)\n    throw new RangeError(`${size} is too large`);\n}",
        "tasks.ts": `import { check } from "./checks.ts";

          type Size = number;

          export async function measure(size: Size): Promise<Size> {
            await null;
            check({ size });
            return size;
          }`,
        "main.js": `import { ${kind} } from "ambit/futures";
          const pool = new ${kind}({ maxWorkers: 1 });
          const there = pool.module(new URL("./tasks.bundle.js", import.meta.url));
          const error = await there.measure(5).then(null, (error) => error);
          console.log(error instanceof RangeError, error.stack);`,
      },
      "bundle.js",
      { before: bundling("[/^ambit/]", "tasks.ts"), flags: ["--enable-source-maps"] },
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^true RangeError: 5 is too large\n/);
    expect(out).toMatch(/^ +at check .*checks\.ts:7:\d+\)$/m);
    expect(out).toMatch(/^ +at (?:async )?measure .*tasks\.ts:7:\d+\)$/m);
    // And where it was called, which is in a bundle, too.
    expect(out).toMatch(/--- 'measure' was submitted ---\n +at .*main\.js:4:\d+/);
    expect(out).not.toContain("bundle.js");
  },
);

test("a bundle runs functions that say where they are exported", async () => {
  const { code, out, err } = await runIn(
    {
      "tasks.js": `import { task } from "ambit/futures";
        const url = new URL("./tasks.bundle.js", import.meta.url);
        export const square = task(url, "square", (x) => x * x);`,
      "main.js": `${HEAD} import { square } from "./tasks.js";
        console.log(await pool.submit(square, 5), square(2));`,
    },
    "bundle.js",
    { before: bundling("[/^ambit/]") },
  );
  expect({ code, out, err }).toEqual({ code: 0, out: "25 4\n", err: "" });
});

test("a bundle that has swallowed Ambit itself is told to leave it out", async () => {
  const { code, out, err } = await runIn(
    {
      "tasks.js": "export const square = (x) => x * x;",
      "main.js": `${HEAD}
        const there = pool.module(new URL("./tasks.bundle.js", import.meta.url));
        const error = await there.square(4).then(null, (error) => error);
        console.log(error.name, /keep 'ambit' out of the bundle/.test(error.cause.message));`,
    },
    "bundle.js",
    { before: bundling("[]") },
  );
  expect({ code, out, err }).toEqual({ code: 0, out: "BrokenThreadPool true\n", err: "" });
});
