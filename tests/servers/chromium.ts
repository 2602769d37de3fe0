/*
 * A real Chromium for tests: $CHROMIUM, or the one on the PATH (`node scripts/chromium.mjs` installs Debian's).
 *
 * Without one, tests skip and say why; where `AMBIT_SERVERS=required` is set, as .ci/run does, they fail.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

function find(): string | undefined {
  const given = process.env["CHROMIUM"];
  if (given !== undefined && given !== "") return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** Why there is no Chromium for tests, or null: `describe.skipIf(chromiumMissing() !== null)`. */
export function chromiumMissing(): string | null {
  if (find() !== undefined) return null;
  const words =
    "there is no Chromium: `node scripts/chromium.mjs` installs Debian's, or set $CHROMIUM";
  if (process.env["AMBIT_SERVERS"] === "required") throw new Error(words);
  console.warn(`skipped: ${words}`);
  return words;
}

/** Starts it, with a profile of its own and without a word to anybody but the pages that it opens. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: find() as string,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
