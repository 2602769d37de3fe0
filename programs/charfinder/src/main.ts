/*
 * The entry of `charfinder`. It reads the arguments and loads the rest only when there is something to do: `--help` and
 * mistakes are answered without an index or a server in memory.
 */
import { readFileSync } from "node:fs";

import { readArguments } from "./args/arguments.ts";
import type { Command } from "./args/command.ts";
import { help, usage } from "./args/help.ts";
import { UsageError } from "./args/usageError.ts";

async function main(args: readonly string[]): Promise<number> {
  const command = commandOf(args);
  switch (command.kind) {
    case "mistake":
      process.stderr.write(`charfinder: ${command.message}\n${usage}\n`);
      return 2;
    case "help":
      process.stdout.write(help);
      return 0;
    case "version":
      process.stdout.write(`${await versions()}\n`);
      return 0;
    case "query": {
      const { printMatches } = await import("./printMatches.ts");
      return printMatches(command, { out: process.stdout, err: process.stderr });
    }
    case "tcp":
    case "http": {
      const { serve } = await import("./serve.ts");
      return serve(command, { out: process.stdout, err: process.stderr });
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

async function versions(): Promise<string> {
  const { unicodeVersion } = await import("./names/unicodeData.ts");
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return `charfinder ${version}, Unicode ${unicodeVersion}`;
}

process.exitCode = await main(process.argv.slice(2));
