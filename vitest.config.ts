/**
 * How the tests run: everything under `tests/` and the programs' own `tests/`, with `ambit` resolved to its TypeScript
 * source by the "source" export condition, so that no build stands between an edit and a test.
 */
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source", ...defaultClientConditions] },
  ssr: { resolve: { conditions: ["source", ...defaultServerConditions] } },
  test: {
    include: [
      "tests/**/*.test.ts",
      "programs/*/tests/**/*.test.ts",
      "generated/snippets/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**", "tests/nodes/**"],
    globalSetup: ["tests/project/writeSnippets.ts"],
    reporters: ["default", "./scripts/tallyReporter.mjs"],
    setupFiles: ["tests/setup.ts"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reportsDirectory: "coverage",
    },
  },
});
