// `node scripts/lineClients.mjs`: brings netcat and telnet, with which the tests talk to charfinder's line server, into
// `.servers/clients`.
//
// They come from Debian's packages (debian.mjs). Where there is no apt, those of the machine's own do, or the tests say
// that they were skipped.
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { say, StepFailed } from "./command.mjs";
import { unpackPackages } from "./debian.mjs";
import { root } from "./setup.mjs";

const folder = join(root, ".servers", "clients");
const packages = ["netcat-openbsd", "libbsd0", "libmd0", "inetutils-telnet", "libcom-err2"].concat([
  "libk5crypto3",
  "libkrb5-3",
  "libkrb5support0",
  "libkeyutils1",
]);

/** @param {string} name */
function isThere(name) {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((each) => existsSync(join(each, name)));
}

/** Brings them if they are not there; tells whether they are. */
export async function bringLineClients() {
  if (existsSync(folder) || (isThere("nc") && isThere("telnet"))) return true;
  try {
    await unpackPackages(folder, packages);
    say(`netcat and telnet are in ${folder}`);
    return true;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    say(`netcat and telnet could not be brought from Debian's packages:\n${error.message}`);
    return false;
  }
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) {
  if (!(await bringLineClients())) process.exitCode = 1;
}
