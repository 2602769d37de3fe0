// The programs that the benchmarks of HTTP compare with and npm does not have: aria2, wget2 and
// aiohttp, from Debian's packages (debian.mjs), in `.servers/downloaders`. curl is the machine's own.
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
};

/** Brings what is not there yet. */
export async function bringDownloaders() {
  for (const [name, packages] of Object.entries(PACKAGES)) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    try {
      await unpackPackages(path, packages);
      say(`${name} is in ${path}`);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      say(`${name} could not be brought from Debian's packages:\n${error.message}`);
    }
  }
}
