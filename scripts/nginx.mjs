// `node scripts/nginx.mjs`: brings nginx and its brotli filter, which some tests need a real server
// for, into `.servers/nginx`.
//
// Debian's packages are downloaded and unpacked there; nothing is installed, no file of the system
// is written and no service starts, so it needs no rights and leaves nothing but that folder. What
// apt knows of its archive may be old or, on a new machine, empty: when a download fails, an index
// of our own is fetched beside it and asked instead. Where there is no apt, an `nginx` of the
// machine's own does, or the tests say that they were skipped.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand, say, StepFailed } from "./command.mjs";
import { root } from "./setup.mjs";

const folder = join(root, ".servers", "nginx");
const binary = join(folder, "usr", "sbin", "nginx");
// The rest of what nginx needs (libc, libssl, zlib) is there on every Debian with Node.js and git.
const packages = ["nginx", "libnginx-mod-http-brotli-filter", "libbrotli1", "libpcre2-8-0"];

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

/** Downloads the packages into a folder. @param {string} work */
async function download(work) {
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

async function bringNginx() {
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const unpacked = join(work, "unpacked");
  try {
    await download(work);
    for (const file of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      await step(work, "dpkg-deb", ["--extract", join(work, file), unpacked]);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(unpacked, folder);
    say(`nginx is in ${folder}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  if (!existsSync(binary)) await bringNginx();
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  say(`nginx could not be brought from Debian's packages:\n${error.message}`);
  process.exitCode = 1;
}
