// `node scripts/nginx.mjs`: brings nginx and its brotli filter, which some tests need a real server
// for, into `.servers/nginx`.
//
// It comes from Debian's packages (debian.mjs). Where there is no apt, an `nginx` of the machine's own
// does, or the tests say that they were skipped.
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { say, StepFailed } from "./command.mjs";
import { unpackPackages } from "./debian.mjs";
import { root } from "./setup.mjs";

const folder = join(root, ".servers", "nginx");
const binary = join(folder, "usr", "sbin", "nginx");
// The rest of what nginx needs (libc, libssl, zlib) is there on every Debian with Node.js and git.
const packages = ["nginx", "libnginx-mod-http-brotli-filter", "libbrotli1", "libpcre2-8-0"];

/** Brings it if it is not there; tells whether it is. */
export async function bringNginx() {
  if (existsSync(binary)) return true;
  try {
    await unpackPackages(folder, packages);
    say(`nginx is in ${folder}`);
    return true;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    say(`nginx could not be brought from Debian's packages:\n${error.message}`);
    return false;
  }
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) {
  if (!(await bringNginx())) process.exitCode = 1;
}
