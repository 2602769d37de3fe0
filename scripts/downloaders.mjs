// The programs that benchmarks compare with and npm does not have: aria2, wget2, aiohttp and aiofiles,
// from Debian's packages (debian.mjs), in `.servers/downloaders`. curl and Python are the machine's own.
//
// Each is brought by itself; one that cannot be had is left out of the benchmark, which says so.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { say, StepFailed } from "./command.mjs";
import { unpackPackages } from "./debian.mjs";
import { root } from "./setup.mjs";

const folder = join(root, ".servers", "downloaders");

/** What each needs besides what is there on a Debian with curl, git and Python. */
const PACKAGES = {
  aria2: ["aria2", "libaria2-0", "libc-ares2"],
  wget2: ["wget2", "libwget0", "libgpgme11"],
  aiohttp: ["aiohttp", "aiosignal", "async-timeout", "attr", "charset-normalizer"]
    .concat(["frozenlist", "idna", "multidict", "yarl"])
    .map((name) => `python3-${name}`),
  aiofiles: ["python3-aiofiles"],
};
/** @typedef {keyof typeof PACKAGES} Peer */

/** What the benchmarks of HTTP need. */
export function bringDownloaders() {
  return bring(["aria2", "wget2", "aiohttp"]);
}

/** What the benchmark of files needs. */
export function bringAiofiles() {
  return bring(["aiofiles"]);
}

/** Brings what is not there yet. @param {readonly Peer[]} names */
async function bring(names) {
  for (const name of names) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    try {
      await unpackPackages(path, PACKAGES[name]);
      say(`${name} is in ${path}`);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      say(`${name} could not be brought from Debian's packages:\n${error.message}`);
    }
  }
}
