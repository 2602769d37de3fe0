// One run of a whole program: what it cost from its start to its end, by the shell's own `time`.
import { spawn } from "node:child_process";
import { once } from "node:events";

/** @typedef {import("./inTurn.mjs").Cost} Cost */

const TIMED = 'exec 3>&2; TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&3 3>&-';

/**
 * @param {readonly string[]} command
 * @param {{ env: NodeJS.ProcessEnv, cwd: string }} options
 * @returns {Promise<Cost>} in seconds
 */
export async function costOf(command, { env, cwd }) {
  const child = spawn("bash", ["-c", TIMED, "bash", ...command], {
    env: { ...env, LC_ALL: "C" },
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const [code] = await once(child, "close");
  if (code !== 0)
    throw new Error(`${command.slice(0, 2).join(" ")} ended with code ${code}: ${said}`);
  const [wall, user, system] = (said.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return { wall: wall ?? NaN, cpu: (user ?? NaN) + (system ?? NaN) };
}
