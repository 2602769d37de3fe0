// Installs a package folder from its lock file, when and only when what is installed differs from
// it.
//
// There is no stamp to go stale: npm itself writes node_modules/.package-lock.json at the end of
// every install, and that record is compared with package-lock.json, entry by entry, with a look
// whether each folder is still there. So an `npm install` by hand counts, and an interrupted one, a
// removed folder and an edited package.json are noticed. It takes some milliseconds and starts no
// process.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { StepFailed, runCommand } from "./command.mjs";

const DEPENDENCY_FIELDS = /** @type {const} */ ([
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "workspaces",
]);

/**
 * @typedef {Record<string, unknown> & { version?: string, optional?: boolean, link?: boolean }} LockEntry
 */

/**
 * Tells why `folder` must be installed, or undefined when it is installed as its lock file says.
 * @param {string} folder
 * @returns {string | undefined}
 */
export function reasonToInstall(folder) {
  const wanted = lockEntries(join(folder, "package-lock.json"));
  if (wanted === undefined) return "there is no lock file";
  const installed = lockEntries(join(folder, "node_modules", ".package-lock.json"));
  if (installed === undefined) return "nothing is installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    const problem = isInstalledPath(path)
      ? packageProblem(folder, path, entry, installed[path])
      : manifestProblem(folder, path, entry);
    if (problem !== undefined) return problem;
  }
  const extra = Object.keys(installed).find((path) => isInstalledPath(path) && !(path in wanted));
  return extra && `${extra} is no longer wanted`;
}

/**
 * Installs `folder` with `npm ci`. Throws {@link StepFailed} with npm's own words when that fails.
 * @param {string} folder
 * @param {string} spareHome Where npm keeps cache and logs when its own folder cannot be written.
 */
export async function install(folder, spareHome) {
  const [npm, ...npmArgs] = npmCommand();
  const args = [...npmArgs, "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd: folder, env: { ...cleanEnvironment(), ...cacheSettings(spareHome) } };
  const { code, output } = await runCommand(npm, args, options);
  if (code !== 0) throw new StepFailed(installFailure(folder, code, output));
}

/**
 * @param {string} path
 * @param {LockEntry} entry
 * @param {LockEntry | undefined} have
 * @param {string} folder
 */
function packageProblem(folder, path, entry, have) {
  if (have === undefined) return entry.optional ? undefined : `${path} is missing`;
  if (have.version !== entry.version || have["integrity"] !== entry["integrity"]) {
    return `${path} has another version`;
  }
  return existsSync(join(folder, path)) ? undefined : `${path} is missing`;
}

/**
 * Compares a package.json of ours with what the lock file remembers of it.
 * @param {string} folder
 * @param {string} path
 * @param {LockEntry} entry
 */
function manifestProblem(folder, path, entry) {
  const name = join(path, "package.json");
  const manifest = readJson(join(folder, name));
  if (manifest === undefined) return `${name} is gone`;
  const field = DEPENDENCY_FIELDS.find((key) => sorted(manifest[key]) !== sorted(entry[key]));
  return field && `${field} of ${name} changed`;
}

/** @param {unknown} value */
function sorted(value) {
  return JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param {string} path */
function isInstalledPath(path) {
  return path.startsWith("node_modules/") || path.includes("/node_modules/");
}

/** @param {string} file @returns {Record<string, LockEntry> | undefined} */
function lockEntries(file) {
  return /** @type {Record<string, LockEntry> | undefined} */ (readJson(file)?.["packages"]);
}

/** @param {string} file @returns {Record<string, unknown> | undefined} */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * The npm that started us, run with our own Node; else the one on the PATH.
 * @returns {[string, ...string[]]}
 */
function npmCommand() {
  const npm = process.env["npm_execpath"];
  const known = npm !== undefined && /^npm-cli\.c?js$/.test(basename(npm)) && existsSync(npm);
  return known ? [process.execPath, npm] : ["npm"];
}

/** Without what `npm --prefix DIR start` hands down: the folder to install is where npm ci runs. */
function cleanEnvironment() {
  const handedDown =
    /^npm_config_(local_)?prefix$|^npm_config_(workspace|include_workspace|omit|global|location|dry_run)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !handedDown.test(name)));
}

/** @param {string} spareHome @returns {NodeJS.ProcessEnv} */
function cacheSettings(spareHome) {
  const cache = process.env["npm_config_cache"] ?? join(homedir(), ".npm");
  const parts = [cache, join(cache, "_cacache")].filter(
    (part) => part === cache || existsSync(part),
  );
  if (parts.every(isWritable)) return {};
  return {
    npm_config_cache: join(spareHome, "cache"),
    npm_config_logs_dir: join(spareHome, "logs"),
  };
}

/**
 * Whether npm can keep a cache there: it exists or can be made, and can be written.
 * @param {string} folder
 */
function isWritable(folder) {
  try {
    accessSync(existsSync(folder) ? folder : dirname(folder), constants.W_OK);
    return true;
  } catch {
    return false; // read-only, or the home is not there at all
  }
}

/** @param {string} folder @param {number} code @param {string} output */
function installFailure(folder, code, output) {
  return [
    output.trim(),
    `Installing failed: npm ci ended with code ${code} in ${folder}, its words are above.`,
    /EUSAGE/.test(output)
      ? `package.json and package-lock.json disagree: run \`npm install\` in ${folder}.`
      : "Installing needs the npm registry, once: check the connection, then run the command again.",
  ].join("\n");
}
