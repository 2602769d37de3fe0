// Programs from Debian's packages, for tests and benchmarks that want the real ones.
//
// The packages are downloaded and unpacked into a folder of ours; nothing is installed, no file of the
// system is written and no service starts, so it needs no rights and leaves nothing but that folder.
// What apt knows of its archive may be old or, on a new machine, empty: when a download fails, an
// index of our own is fetched beside it and asked instead.
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand, StepFailed } from "./command.mjs";

/** Settings of apt by which it writes here only. @param {string} work */
function privateApt(work) {
  const state = join(work, "state");
  for (const part of ["lists/partial", "archives/partial"]) {
    mkdirSync(join(state, part), { recursive: true });
  }
  const settings = {
    "Dir::State::Lists": join(state, "lists"),
    "Dir::Cache": state,
    "Dir::Cache::archives": join(state, "archives"),
    "Debug::NoLocking": "1",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/**
 * @param {string} work
 * @param {string} command
 * @param {readonly string[]} args
 */
async function step(work, command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const { code, output } = await runCommand(command, args, { cwd: work, env }).catch((error) => ({
    code: -1,
    output: String(error),
  }));
  if (code !== 0) {
    const what = [command, ...args].join(" ");
    throw new StepFailed(`${what}\nended with code ${code}:\n${output.trimEnd()}`);
  }
}

/** Downloads packages into a folder. @param {string} work @param {readonly string[]} packages */
async function download(work, packages) {
  // As root, apt would hand the download to a user who cannot write here.
  const quiet = ["-qq", "-o", "APT::Sandbox::User=root"];
  try {
    await step(work, "apt-get", [...quiet, "download", ...packages]);
  } catch {
    const own = [...quiet, ...privateApt(work)];
    await step(work, "apt-get", [...own, "update"]);
    await step(work, "apt-get", [...own, "download", ...packages]);
  }
}

/**
 * Has the packages unpacked in `folder`, all or none of them.
 * @param {string} folder
 * @param {readonly string[]} packages
 */
export async function unpackPackages(folder, packages) {
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const unpacked = join(work, "unpacked");
  try {
    await download(work, packages);
    for (const file of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      await step(work, "dpkg-deb", ["--extract", join(work, file), unpacked]);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(unpacked, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
