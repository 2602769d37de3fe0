// `node scripts/chromium.mjs`: brings Debian's Chromium, which the tests of charfinder's page want, with fonts for emoji
// and for most of the rest of Unicode.
//
// Unlike a server it is of hundreds of libraries, so it's installed, not unpacked: that takes root, and happens only
// when there is no Chromium yet.
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCommand, say } from "./command.mjs";
import { root } from "./setup.mjs";

const packages = ["chromium", "fonts-noto-color-emoji", "fonts-unifont"];
const names = ["chromium", "chromium-browser", "google-chrome"];

function isThere() {
  const given = process.env["CHROMIUM"];
  if (given) return existsSync(given);
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name))));
}

/** @param {readonly string[]} args */
async function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const result = await runCommand("apt-get", ["-qq", ...args], { cwd: root, env }).catch(
    (error) => ({
      code: -1,
      output: String(error),
    }),
  );
  if (result.code !== 0) say(`apt-get ${args.join(" ")}\n${result.output.trimEnd()}`);
  return result.code === 0;
}

/** Installs it if it is not there; tells whether it is. */
export async function bringChromium() {
  if (isThere()) return true;
  if (process.getuid?.() !== 0) {
    say(`Chromium is missing, and only root can install it: apt-get install ${packages.join(" ")}`);
    return false;
  }
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  // What apt knows of its archive may be old or, on a new machine, empty.
  const isDone = (await aptGet("update")) && (await aptGet(...install));
  if (isDone) say("Chromium is installed");
  return isDone && isThere();
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) {
  if (!(await bringChromium())) process.exitCode = 1;
}
