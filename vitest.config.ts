/**
 * How the tests run: everything under `tests/`, the programs' own `tests/` and the documentation's
 * code blocks, with `ambit` resolved to its TypeScript source by the "source" export condition, so
 * that no build stands between an edit and a test. The code blocks are written out here, before
 * vitest looks for test files.
 *
 * The files share their processes, which halves the time; tests/setup.ts sees to it that none
 * leaves anything behind.
 */
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { writeSnippets } from "./scripts/snippets.mjs";

writeSnippets(import.meta.dirname);

// What Node loads: `module` is for bundlers, and what is under it Node cannot always load.
const conditions = (usual: readonly string[]): string[] => [
  "source",
  ...usual.filter((condition) => condition !== "module"),
];

export default defineConfig({
  resolve: { conditions: conditions(defaultClientConditions) },
  ssr: { resolve: { conditions: conditions(defaultServerConditions) } },
  test: {
    include: [
      "tests/**/*.test.ts",
      "programs/*/tests/**/*.test.ts",
      "generated/snippets/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    isolate: false,
    setupFiles: ["tests/setup.ts"],
    // Only to end what hangs: a busy machine must not fail a test.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "./scripts/tallyReporter.mjs"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reportsDirectory: "coverage",
    },
  },
});
