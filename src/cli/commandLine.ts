/**
 * The command line of `ambit`: reads the first word, runs that command, and returns the exit code.
 *
 * A command is a line of the table below; its code is loaded when it is run, so that none waits for
 * another's. Output goes to what the caller passes, so that tests read it; a bad command line is
 * answered with one line on the error output and code 2, before anything is done.
 */
import { nearest } from "./nearest.ts";
import type { Streams } from "./streams.ts";
import { UsageError } from "./usageError.ts";

interface Command {
  readonly summary: string;
  /** Runs it; throws a UsageError before anything is done. */
  run(args: readonly string[], streams: Streams): Promise<number> | number;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  get: {
    summary: "download many files at once",
    run: async (args, streams) => (await import("./get/command.ts")).getCommand(args, streams),
  },
  info: {
    summary: "tell the system, kernel, runtime, versions, and how the ambient scope is kept",
    run: async (args, streams) => (await import("./info.ts")).infoCommand(args, streams),
  },
  serve: {
    summary: "serve an application of ambit/web, with one process or several",
    run: async (args, streams) => (await import("./serve/command.ts")).serveCommand(args, streams),
  },
  trace: {
    summary: "show traces that programs send, on a page",
    run: async (args, streams) => (await import("./trace/command.ts")).traceCommand(args, streams),
  },
  worker: {
    summary: "run the calls of programs on other machines (ambit/distributed)",
    run: async (args, streams) =>
      (await import("./worker/command.ts")).workerCommand(args, streams),
  },
};

/**
 * Runs `ambit` with `args`; returns the exit code: the command's own, or 2 for a command line that
 * makes no sense.
 */
export async function runCommandLine(args: readonly string[], streams: Streams): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === "--help" || name === "-h") return print(streams, help());
    if (name === "--version" || name === "-V") {
      return print(streams, `${(await import("./systemInfo.ts")).ambitVersion()}\n`);
    }
    return await commandOf(name).run(rest, streams);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? `ambit ${name}` : "ambit";
    streams.err.write(`${command}: ${error.message}; see \`${command} --help\`\n`);
    return 2;
  }
}

function commandOf(name: string | undefined): Command {
  if (name === undefined) throw new UsageError("expected a command, such as `ambit info`");
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return command;
  const meant = nearest(name, Object.keys(COMMANDS));
  const hint = meant === undefined ? "" : `; did you mean \`${meant}\`?`;
  throw new UsageError(`there is no command or option \`${name}\`${hint}`);
}

function help(): string {
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(14)} ${summary}\n`,
  );
  return `Usage: ambit <command> [options]

Commands:
${commands.join("")}
Options:
  -h, --help     print this help; after a command, that command's
  -V, --version  print Ambit's version
`;
}

function print({ out }: Streams, text: string): number {
  out.write(text);
  return 0;
}
