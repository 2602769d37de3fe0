// Runs one command-line tool of the set-up and the checks, and nothing else.
//
// Its output is kept and shown only when it fails, so that a set-up that works stays quiet. A
// signal that ends this process ends the tool first: an `npm ci` left behind would go on writing
// into node_modules.
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** A failed step, with a text that says what to do. It is printed without a stack. */
export class StepFailed extends Error {
  /** @override */
  name = "StepFailed";
}

/**
 * Prints one line of progress where it does not mix with a program's output.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`ambit: ${text}\n`);
}

/**
 * Runs `command` to its end; resolves to its exit code and its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, show?: boolean }} options With `show` the output
 *   is passed through at once.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runCommand(command, args, { cwd, env = process.env, show = false }) {
  return new Promise((resolve, reject) => {
    const stdio = show ? "inherit" : "pipe";
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", stdio, stdio] });
    const stop = endWithThisProcess(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => (output += text));
    }
    child.once("error", reject);
    child.once("close", (code, signal) => {
      stop();
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), output });
    });
  });
}

/**
 * Cuts `child` off when this process ends. npm would go on to the end of its work for many seconds;
 * cut off, it leaves an install that is known to be incomplete and is done again.
 * @param {import("node:child_process").ChildProcess} child
 */
function endWithThisProcess(child) {
  const stopListening = exitOnSignals();
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  return () => {
    stopListening();
    process.off("exit", kill);
  };
}

/**
 * Makes SIGINT and SIGTERM end this process in the orderly way, with its exit handlers, until the
 * result is called. Only for as long as it works: the program that runs in this process afterwards
 * has its own ways.
 * @returns {() => void}
 */
export function exitOnSignals() {
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => process.exit(128 + constants.signals[signal]);
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return () => process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
}
