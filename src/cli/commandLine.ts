/**
 * The command line of `ambit`: reads the arguments, runs one command, and returns the exit code.
 *
 * A command is a line of the table below. Output goes to what the caller passes, so that tests read
 * it; a bad command line is answered with one line on the error output and code 2, before anything
 * is done.
 */
import { ambitVersion, formatSystemInfo, systemInfo } from "./systemInfo.ts";

/** Where text goes: `process.stdout` fits, and so does a list in a test. */
export interface TextOutput {
  write(text: string): unknown;
}

const HELP = `Usage: ambit <command> [options]

Commands:
  info           tell the system, kernel, runtime, versions, and how the ambient scope is kept

Options:
  --json         print JSON (info)
  -h, --help     print this help
  -V, --version  print Ambit's version
`;

const COMMANDS: Readonly<Record<string, readonly string[]>> = { info: ["--json"] };

/**
 * Runs `ambit` with `args`; returns the exit code: 0, or 2 for a command line that makes no sense.
 */
export function runCommandLine(args: readonly string[], out: TextOutput, err: TextOutput): number {
  if (args.includes("--help") || args.includes("-h")) return print(out, HELP);
  if (args[0] === "--version" || args[0] === "-V") return print(out, `${ambitVersion()}\n`);
  const mistake = mistakeIn(args);
  if (mistake !== undefined) return print(err, `ambit: ${mistake}; see \`ambit --help\`\n`, 2);
  return print(out, info(args.includes("--json")));
}

/** What is wrong with a command line, or undefined. */
function mistakeIn([command, ...rest]: readonly string[]): string | undefined {
  if (command === undefined) return "expected a command, such as `ambit info`";
  const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (known === undefined) return `there is no command or option \`${command}\``;
  const wrong = rest.find((argument) => !known.includes(argument));
  return wrong && `\`ambit ${command}\` takes no \`${wrong}\``;
}

function info(json: boolean): string {
  const facts = systemInfo();
  return json ? `${JSON.stringify(facts, null, 2)}\n` : formatSystemInfo(facts);
}

function print(output: TextOutput, text: string, code = 0): number {
  output.write(text);
  return code;
}
