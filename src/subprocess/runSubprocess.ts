/*
 * runSubprocess: runs a program to its end and gives what it wrote.
 */
import { expectMilliseconds, wrongType } from "../core/arguments.ts";
import { timeout as withTimeout } from "../core/timeouts.ts";
import { createSubprocessExec } from "./create.ts";
import { CalledProcessError } from "./errors.ts";
import type { SubprocessOptions } from "./options.ts";
import type { Process } from "./process.ts";
import { DEVNULL, PIPE, type STDOUT, type Stdio, type StdioChoice } from "./stdio.ts";

/** How a program is run to its end. */
export interface RunSubprocessOptions extends Omit<
  SubprocessOptions,
  "killOnCancel" | keyof StdioChoice
> {
  /** What it reads on stdin. */
  readonly input?: Uint8Array | string;
  /** Default: a pipe when there is `input`, else {@link DEVNULL}. */
  readonly stdin?: Stdio;
  /** Default {@link PIPE}. */
  readonly stdout?: Stdio;
  /** Default {@link PIPE}. */
  readonly stderr?: Stdio | typeof STDOUT;
  /** Throws a {@link CalledProcessError} when it ends with another code than 0. Default false. */
  readonly check?: boolean;
  /** How long it may take, in milliseconds. Default Infinity. */
  readonly timeout?: number;
  /** Gives its output as text in this encoding, instead of bytes. */
  readonly encoding?: BufferEncoding;
}

/** How a program ended (`subprocess.CompletedProcess`). */
export interface CompletedProcess<T> {
  /** Its exit code, or the negative number of the signal that ended it. */
  readonly returncode: number;
  /** What it wrote on stdout; empty where that was not piped. */
  readonly stdout: T;
  /** What it wrote on stderr; empty where that was not piped. */
  readonly stderr: T;
}

/**
 * Runs a program to its end and gives its code and what it wrote (`subprocess.run`, which captures nothing by default).
 *
 * **Cancellation:** ends the program, as of `Process`, and throws when it is reaped. So does the timeout.
 *
 * @throws {@link CalledProcessError} with `check`, when it ends with another code than 0
 * @throws TimeoutError when it takes longer than `timeout`
 * @throws {@link SpawnError} when it cannot be started
 * @throws TypeError, RangeError when an argument or option is wrong
 *
 * @example
 * ```ts
 * import { runSubprocess } from "ambit/subprocess";
 *
 * const { stdout } = await runSubprocess("tr", ["a-z", "A-Z"], { input: "shout", encoding: "utf8" });
 * stdout; // => "SHOUT"
 * await runSubprocess("false", [], { check: true }); // throws CalledProcessError
 * ```
 */
export function runSubprocess(
  program: string | URL,
  args: readonly (string | URL)[],
  options: RunSubprocessOptions & { readonly encoding: BufferEncoding },
): Promise<CompletedProcess<string>>;
export function runSubprocess(
  program: string | URL,
  args?: readonly (string | URL)[],
  options?: RunSubprocessOptions & { readonly encoding?: undefined },
): Promise<CompletedProcess<Buffer>>;
export async function runSubprocess(
  program: string | URL,
  args: readonly (string | URL)[] = [],
  options: RunSubprocessOptions = {},
): Promise<CompletedProcess<Buffer | string>> {
  const { input, check = false, timeout = Infinity, encoding, ...rest } = options;
  expectMilliseconds("options.timeout", timeout);
  expectEncoding(encoding);
  const stdin = rest.stdin ?? (input === undefined ? DEVNULL : PIPE);
  const process: Process = await createSubprocessExec(program, args, {
    ...rest,
    stdin,
    stdout: rest.stdout ?? PIPE,
    stderr: rest.stderr ?? PIPE,
  });
  const [out, err] = await finish(process, input, timeout);
  const decode = (bytes: Buffer | null): Buffer | string =>
    encoding === undefined
      ? (bytes ?? Buffer.alloc(0))
      : (bytes ?? "").toString(encoding as "utf8");
  const returncode = process.returncode as number;
  const ended = { returncode, stdout: decode(out), stderr: decode(err) };
  if (check && returncode !== 0) {
    throw new CalledProcessError({ command: [String(program), ...args.map(String)], ...ended });
  }
  return ended;
}

async function finish(
  process: Process,
  input: Uint8Array | string | undefined,
  timeout: number,
): Promise<[Buffer | null, Buffer | null]> {
  try {
    return await withTimeout(timeout, () => process.communicate(input));
  } finally {
    await process[Symbol.asyncDispose]();
  }
}

function expectEncoding(encoding: unknown): void {
  if (encoding === undefined || (typeof encoding === "string" && Buffer.isEncoding(encoding)))
    return;
  throw wrongType("options.encoding", "an encoding that Buffer knows", encoding);
}
