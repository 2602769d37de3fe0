// Programs of other languages that the benchmarks compare with, as they are found: unpacked from
// Debian's packages in `.servers/downloaders` (scripts/downloaders.mjs), or on the machine.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../.servers/downloaders", import.meta.url));

/** How to start one. @typedef {{ name: string, version: string, command: string[], env: NodeJS.ProcessEnv }} PeerProgram */

/** Where a package was unpacked, if it was. @param {string} name */
function folderOf(name) {
  try {
    readdirSync(join(FOLDER, name));
    return join(FOLDER, name, "usr");
  } catch {
    return null;
  }
}

/** What a program says its version is, or null when it does not run. @param {readonly string[]} command @param {NodeJS.ProcessEnv} env */
function versionOf([file = "", ...args], env) {
  try {
    const said = execFileSync(file, args, {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? "";
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} binary @returns {PeerProgram | null} */
function program(name, binary) {
  const folder = folderOf(name);
  const libraries =
    folder === null ? [] : ["x86_64-linux-gnu", "."].map((at) => join(folder, "lib", at));
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(delimiter) };
  const command = [folder === null ? binary : join(folder, "bin", binary)];
  const version = versionOf([...command, "--version"], env);
  return version === null ? missing(name) : { name, version, command, env };
}

/** A module of Debian's Python, which Debian's packages are made for. @param {string} name @param {string} tellVersion @returns {PeerProgram | null} */
function python(name, tellVersion) {
  const folder = folderOf(name);
  const env = { ...process.env };
  if (folder !== null) env["PYTHONPATH"] = join(folder, "lib", "python3", "dist-packages");
  const command = ["/usr/bin/python3"];
  const version = versionOf([...command, "-c", tellVersion], env);
  return version === null ? missing(name) : { name, version, command, env };
}

/** By name, those that are no programs of their own. @type {Readonly<Record<string, string>>} */
const PYTHONS = {
  python: "import sys; print(*sys.version_info[:3], sep='.')",
  aiohttp: "import aiohttp; print(aiohttp.__version__)",
  aiofiles: "import aiofiles, importlib.metadata as m; print(m.version('aiofiles'))",
};

/** @param {string} name */
function missing(name) {
  process.stderr.write(`ambit: without ${name}, which is not there\n`);
  return null;
}

/** Those that are there. @param {readonly ("curl" | "aria2" | "wget2" | "aiohttp" | "aiofiles" | "python")[]} names @returns {PeerProgram[]} */
export function peerPrograms(names) {
  const found = names.map((name) => {
    const tellVersion = PYTHONS[name];
    if (tellVersion !== undefined) return python(name, tellVersion);
    return program(name, name === "aria2" ? "aria2c" : name);
  });
  return found.filter((each) => each !== null);
}
