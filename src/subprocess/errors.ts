/*
 * The errors of subprocesses.
 */

/** What is known of a program that could not be started. */
export interface SpawnFailure {
  /** Why, by Node's name: `ENOENT`, `EACCES`, `EMFILE`. */
  readonly code: string;
  /** The program, or the shell. */
  readonly program: string;
  /** The working directory that it was to have; undefined for this process's own. */
  readonly cwd: string | undefined;
}

/** Thrown when a program cannot be started (`FileNotFoundError`, `PermissionError`, … of Python). */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
  /** Why, by Node's name: `ENOENT`, `EACCES`, `EMFILE`. */
  readonly code: string;
  /** The program, or the shell. */
  readonly program: string;
  /** The working directory that it was to have; undefined for this process's own. */
  readonly cwd: string | undefined;

  constructor(message: string, failure: SpawnFailure, options?: ErrorOptions) {
    super(message, options);
    this.code = failure.code;
    this.program = failure.program;
    this.cwd = failure.cwd;
  }
}

/** What is known of a program that ended badly. */
export interface CalledProcess<T> {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Its exit code, or the negative number of the signal that ended it. */
  readonly returncode: number;
  /** What it wrote; null where that was not piped. */
  readonly stdout: T | null;
  readonly stderr: T | null;
}

/** How much of what a program wrote on stderr an error's message repeats, in characters. */
const TAIL = 500;

/** Thrown by `runSubprocess` with `check`, when the program ended with another code than 0 (`subprocess.CalledProcessError`). */
export class CalledProcessError<T = Buffer | string> extends Error {
  override readonly name = "CalledProcessError";
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Its exit code, or the negative number of the signal that ended it. */
  readonly returncode: number;
  /** What it wrote; null where that was not piped. */
  readonly stdout: T | null;
  /** What it wrote on stderr; null where that was not piped. */
  readonly stderr: T | null;

  constructor({ command, returncode, stdout, stderr }: CalledProcess<T>) {
    const how = returncode < 0 ? `was ended by signal ${-returncode}` : `ended with ${returncode}`;
    const said = String(stderr ?? "")
      .trimEnd()
      .slice(-TAIL);
    super(`${quote(command)} ${how}${said === "" ? "" : `: ${said}`}`);
    this.command = command;
    this.returncode = returncode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

function quote(command: readonly string[]): string {
  return `'${command.join(" ")}'`;
}
