/*
 * The types as users get them: a program that checks its libraries too (`skipLibCheck: false`)
 * compiles against the built declarations of every entry. Members that are stripped as internal
 * must leave nothing behind that names them.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "../..");

test("a program without skipLibCheck compiles against every entry", { timeout: 60_000 }, () => {
  // Below the checkout, so that `ambit` is found as the package that surrounds it.
  const folder = mkdtempSync(join(ROOT, "generated", "consumer-"));
  try {
    const entries = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"));
    const imports = entries.map((name, i) => `export * as e${i} from "ambit${name.slice(1)}";\n`);
    writeFileSync(join(folder, "program.ts"), imports.join(""));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          noEmit: true,
          strict: true,
          skipLibCheck: false,
          module: "nodenext",
          target: "es2023",
          lib: ["es2023", "esnext.disposable"],
          types: ["node"],
        },
        files: ["program.ts"],
      }),
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], {
      encoding: "utf8",
    });
    expect(stdout.split("\n").filter((line) => line.includes("dist/"))).toEqual([]);
    expect([status, stdout]).toEqual([0, ""]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
