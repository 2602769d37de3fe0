/*
 * The command `ambit info`.
 */
import { readOptions } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatSystemInfo, systemInfo } from "./systemInfo.ts";
import { UsageError } from "./usageError.ts";

const HELP = `Usage: ambit info [--json]

Tells the system, kernel, runtime, versions, and how the ambient scope is kept:
the head of a notebook or of a bug report.

Options:
      --json     print JSON
  -h, --help     print this help

Examples:
  ambit info
  ambit info --json | jq .versions
`;

const OPTIONS = [{ name: "json" }, { name: "help", short: "h" }] as const;

/** Prints the facts; returns the exit code. */
export function infoCommand(args: readonly string[], { out }: Streams): number {
  const { options, words } = readOptions(args, OPTIONS);
  if (options.has("help")) out.write(HELP);
  else if (words[0] !== undefined) throw new UsageError(`it takes no \`${words[0]}\``);
  else {
    const facts = systemInfo();
    out.write(
      options.has("json") ? `${JSON.stringify(facts, null, 2)}\n` : formatSystemInfo(facts),
    );
  }
  return 0;
}
