/*
 * createSubprocessExec, createSubprocessShell: start a program, get its Process.
 */
import { wrongType } from "../core/arguments.ts";
import type { StreamReader } from "../streams/reader.ts";
import type { StreamWriter } from "../streams/writer.ts";
import { expectOptions, type SubprocessOptions } from "./options.ts";
import { expectPath, pathOf } from "./path.ts";
import { Process } from "./process.ts";
import { type Command, start } from "./spawn.ts";
import type { INHERIT, PIPE, StdioChoice } from "./stdio.ts";

/** The stream of a process where its options say PIPE, else null; either, where they do not tell. */
export type PipeOf<O, Name extends string, Stream> = Name extends keyof O
  ? O[Name] extends typeof PIPE
    ? Stream
    : typeof PIPE extends O[Name]
      ? Stream | null
      : null
  : null;

/** A process as its options make it: with a stream where they say PIPE. */
export type ProcessOf<O extends SubprocessOptions> = Process<
  PipeOf<O, "stdin", StreamWriter>,
  PipeOf<O, "stdout", StreamReader>,
  PipeOf<O, "stderr", StreamReader>
>;

/** What no options mean. */
type Inherited = { readonly [Name in keyof StdioChoice]: typeof INHERIT };

/**
 * Starts a program without a shell: its arguments reach it as they are (`asyncio.create_subprocess_exec`).
 *
 * Standard streams are this process's own unless the options say otherwise; those that are {@link PIPE} are the
 * `stdin`, `stdout` and `stderr` of the result. {@link Process} tells who ends it.
 *
 * **Cancellation:** before the program is started; then nothing was started and nothing is left open.
 *
 * @param program a name that is looked up on the PATH, a path, or the URL of a file
 * @param args strings, or URLs of files
 * @throws {@link SpawnError} when it cannot be started: no such program, no right to, no such `cwd`
 * @throws TypeError, RangeError when an argument or option is wrong; for text modes, pipes carry bytes
 *
 * @example
 * ```ts
 * import { createSubprocessExec, PIPE } from "ambit/subprocess";
 *
 * const process = await createSubprocessExec("sort", ["-r"], { stdin: PIPE, stdout: PIPE });
 * const [sorted] = await process.communicate("a\nb\n");
 * String(sorted); // => "b\na\n"
 * process.returncode; // => 0
 * ```
 */
export async function createSubprocessExec<const O extends SubprocessOptions = Inherited>(
  program: string | URL,
  args: readonly (string | URL)[] = [],
  options?: O,
): Promise<ProcessOf<O>> {
  expectPath("program", program);
  if (program === "")
    throw new RangeError("Expected `program` to be the name of a program, got `''`");
  if (!Array.isArray(args)) throw wrongType("args", "a list of strings", args);
  for (const [index, argument] of args.entries()) expectPath(`args[${index}]`, argument);
  return begin({ program: pathOf(program), args: args.map(pathOf) }, options);
}

/**
 * Starts a command line in a shell (`asyncio.create_subprocess_shell`): `/bin/sh -c`, on Windows `cmd.exe`.
 *
 * What comes from outside must not stand in the command unquoted; `createSubprocessExec` needs no quoting. The process is
 * the shell: to end what it has started too, use `killGroup`.
 *
 * **Cancellation:** before the shell is started; then nothing was started and nothing is left open.
 *
 * @throws {@link SpawnError} when the shell cannot be started
 * @throws TypeError, RangeError when an argument or option is wrong
 *
 * @example
 * ```ts
 * import { createSubprocessShell, PIPE } from "ambit/subprocess";
 *
 * const process = await createSubprocessShell("echo one; echo two >&2; exit 3", { stdout: PIPE, stderr: PIPE });
 * const [out, err] = await process.communicate();
 * [String(out), String(err), process.returncode]; // => ["one\n", "two\n", 3]
 * ```
 */
export async function createSubprocessShell<const O extends SubprocessOptions = Inherited>(
  command: string,
  options?: O,
): Promise<ProcessOf<O>> {
  if (typeof command !== "string") throw wrongType("command", "a string", command);
  expectPath("command", command);
  return begin(shellCommand(command), options);
}

function shellCommand(command: string): Command {
  if (process.platform !== "win32") return { program: "/bin/sh", args: ["-c", command] };
  return { program: process.env["ComSpec"] ?? "cmd.exe", args: ["/d", "/s", "/c", command] };
}

function begin<O extends SubprocessOptions>(
  command: Command,
  options: O | undefined,
): Promise<ProcessOf<O>> {
  const checked: SubprocessOptions = options === undefined ? {} : options;
  expectOptions(checked);
  return start(command, checked, (child, merged) => new Process(command, checked, child, merged));
}
