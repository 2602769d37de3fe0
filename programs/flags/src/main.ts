/*
 * The entry of `flags`. It reads the arguments and loads the rest only when there is something to
 * do: `--help` and mistakes are answered without an HTTP client, a server or a flag in memory.
 */
import { readFileSync } from "node:fs";

import { readArguments } from "./args/arguments.ts";
import type { Command } from "./args/command.ts";
import { help, usage } from "./args/help.ts";
import { UsageError } from "./args/usageError.ts";

async function main(args: readonly string[]): Promise<void> {
  const command = commandOf(args);
  switch (command.kind) {
    case "mistake":
      process.stderr.write(`flags: ${command.message}\n${usage}\n`);
      process.exitCode = 2;
      return;
    case "help":
      process.stdout.write(help);
      return;
    case "version":
      process.stdout.write(`flags ${version()}\n`);
      return;
    default: {
      const { start } = await import("./start.ts");
      await start(command, args);
    }
  }
}

function commandOf(args: readonly string[]): Command | { kind: "mistake"; message: string } {
  try {
    return readArguments(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { kind: "mistake", message: error.message };
  }
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

await main(process.argv.slice(2));
