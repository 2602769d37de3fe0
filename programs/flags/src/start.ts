/*
 * Runs a command as the main task of the process, and turns how it ended into an exit code. The
 * first Ctrl-C cancels the task, and everything in it closes itself; `run` sees to exit code 130.
 */
import { isCancelled, run } from "ambit";

import type { Command } from "./args/command.ts";
import { compareEngines } from "./compare.ts";
import { downloadFlags } from "./download.ts";
import { processScreen } from "./screen/screen.ts";

/** Runs a command to its end; never throws. */
export async function start(
  command: Extract<Command, { kind: "download" | "compare" }>,
  args: readonly string[],
): Promise<void> {
  const screen = processScreen();
  try {
    process.exitCode = await run(() =>
      command.kind === "compare"
        ? compareEngines(command.options, screen)
        : downloadFlags(command.options, screen, nextCommands(args)),
    );
  } catch (error) {
    if (isCancelled(error)) return;
    process.exitCode = 1;
    screen.err.write(`flags: ${inWords(error)}\n`);
  }
}

/** A trouble of this machine has a message for the user; anything else is a bug, and has a stack. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTrouble = ["StorageError", "EngineError"].includes(error.name) || "syscall" in error;
  return isTrouble ? error.message : (error.stack ?? error.message);
}

/** What to try next, for those who start the program to see what it does. */
function nextCommands(args: readonly string[]): string[] {
  const isNpmStart = process.env["npm_lifecycle_event"] === "start";
  const isBare = args.length === 0 || (isNpmStart && args.length === 1 && args[0] === "--all");
  if (!isBare) return [];
  const flags = isNpmStart ? "npm start --" : "flags";
  return ["--server DELAY --max-req 50", "--server ERROR --all -v", "compare", "--help"].map(
    (rest) => `${flags} ${rest}`,
  );
}
