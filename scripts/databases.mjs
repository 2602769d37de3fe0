// `node scripts/databases.mjs`: brings Debian's MariaDB, PostgreSQL and Redis, which the tests of the drivers want, and
// makes the empty data folders, so that a test has its own server in half a second.
//
// They are installed, not unpacked, since they know the places of their files: that takes root, and happens only when
// they are not there. Of MariaDB only the program comes, without a service; the services that the packages of
// PostgreSQL and Redis may start are none of the tests': those start servers of their own (databaseServers.mjs).
// Limits: MySQL itself is not among them: Debian has MariaDB only, and no package of npm carries the program (the one
// that offers it fetches it from its maker while it runs).
import { realpathSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { runCommand, say } from "./command.mjs";
import {
  mariadbMissing,
  postgresMissing,
  prepareTemplates,
  redisMissing,
} from "./databaseServers.mjs";
import { root } from "./setup.mjs";

/** By server: why it is missing, and the packages that bring it. */
const wanted = [
  {
    missing: mariadbMissing,
    packages: ["mariadb-server-core", "mariadb-client-core"],
  },
  { missing: postgresMissing, packages: ["postgresql"] },
  { missing: redisMissing, packages: ["redis-server"] },
];

/** @param {readonly string[]} args */
async function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const patient = ["-qq", "-o", "DPkg::Lock::Timeout=120"];
  const result = await runCommand("apt-get", [...patient, ...args], { cwd: root, env }).catch(
    (error) => ({ code: -1, output: String(error) }),
  );
  if (result.code !== 0) say(`apt-get ${args.join(" ")}\n${result.output.trimEnd()}`);
  return result.code === 0;
}

/** Installs those that are not there; tells whether all are. */
export async function bringDatabases() {
  const packages = wanted.filter((each) => each.missing() !== null).flatMap((it) => it.packages);
  if (packages.length > 0) {
    if (process.getuid?.() !== 0) {
      say(
        `databases are missing, and only root can install them: apt-get install ${packages.join(" ")}`,
      );
      return false;
    }
    const install = ["install", "-y", "--no-install-recommends", ...packages];
    // What apt knows of its archive may be old or, on a new machine, empty.
    if (!(await aptGet("update")) || !(await aptGet(...install))) return false;
    say(`installed: ${packages.join(" ")}`);
  }
  const problem = wanted.map((each) => each.missing()).find((words) => words !== null);
  if (problem !== undefined) {
    say(problem);
    return false;
  }
  try {
    await prepareTemplates();
    return true;
  } catch (error) {
    say(String(error));
    return false;
  }
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) {
  if (!(await bringDatabases())) process.exitCode = 1;
}
