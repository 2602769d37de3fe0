// The set-up step that npm start, npm test and the other scripts share: installed and built, when
// something changed.
//
// When nothing changed it starts no process and takes some tens of milliseconds. It talks on stderr
// only, and only when it has something to do. Two runs at once do not harm each other: the second
// waits, looks again and finds it done. Run by itself (`npm run build`) it does just this.
import { realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, reasonToBuild } from "./build.mjs";
import { StepFailed, say } from "./command.mjs";
import { install, reasonToInstall } from "./install.mjs";
import { withLock } from "./lock.mjs";

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const spareHome = join(root, ".npm-home");

/**
 * Installs and builds the checkout, as far as needed. On failure it says why and ends the process
 * with code 1.
 */
export function setUp() {
  return orExit(async () => {
    if (!reasonToInstall(root) && !reasonToBuild(root)) return;
    await alone(async () => {
      await installIfNeeded(root);
      await step("building", reasonToBuild(root), () => build(root));
    });
  });
}

/**
 * Installs a package of its own (`bench`, `tests/nodes`) from its lock file, as far as needed.
 * @param {string} folder Relative to the checkout.
 */
export function setUpFolder(folder) {
  const path = join(root, folder);
  return orExit(async () => {
    if (reasonToInstall(path)) await alone(() => installIfNeeded(path));
  });
}

/** @param {string} folder */
function installIfNeeded(folder) {
  const name = relative(root, folder);
  const doing = name === "" ? "installing packages" : `installing ${name}`;
  return step(doing, reasonToInstall(folder), () => install(folder, spareHome));
}

/** @param {string} doing @param {string | undefined} reason @param {() => Promise<void>} work */
async function step(doing, reason, work) {
  if (!reason) return;
  say(`${doing} (${reason}) …`);
  await work();
}

/** @param {() => Promise<void>} work */
function alone(work) {
  const lock = join(root, ".setup.lock");
  return withLock(lock, work, () => say("waiting for another set-up of this checkout …"));
}

/** @param {() => Promise<void>} work */
async function orExit(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) await setUp();
