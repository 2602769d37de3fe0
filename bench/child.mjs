// Runs a file of this folder in a fresh process and gives what it says: one JSON value on its standard output.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** @param {string} file @param {...string} args @returns {Promise<unknown>} */
export async function runChild(file, ...args) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { stdout } = await run(process.execPath, ["--expose-gc", path, ...args]);
  return JSON.parse(stdout);
}
