/*
 * How a subprocess is started and ended: the options, and their checks.
 */
import { expectLimit, expectMilliseconds, outOfRange, wrongType } from "../core/arguments.ts";
import { expectPath } from "./path.ts";
import { expectStdio, type StdioChoice } from "./stdio.ts";

/** How a subprocess is started, and what a cancel does to it. */
export interface SubprocessOptions extends StdioChoice {
  /** The working directory; this process's own when left out. */
  readonly cwd?: string | URL;
  /** The whole environment; this process's own when left out. A variable that is undefined is left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The limit of the readers of its pipes, in bytes, see `StreamReader`. Default 65,536. */
  readonly limit?: number;
  /**
   * Gives the child a session and a process group of its own (`start_new_session`): what the terminal sends, such as
   * SIGINT, does not reach it. Default: `killGroup`.
   */
  readonly processGroup?: boolean;
  /**
   * Signals go to the whole process group: the child and what it started, as far as that stayed in the group. Needs a
   * group of its own. Default false.
   */
  readonly killGroup?: boolean;
  /** Whether a cancel, and the end of the run, end the process; see {@link Process}. Default true. */
  readonly killOnCancel?: boolean;
  /** How long it may take after SIGTERM until SIGKILL, in milliseconds; Infinity for never. Default 5,000. */
  readonly grace?: number;
}

/** How long a process may take to end by itself, in milliseconds. @internal */
export const DEFAULT_GRACE = 5000;

/** Python has them, and for pipes of streams refuses them too. */
const TEXT_MODE = ["text", "encoding", "errors", "universalNewlines"];

/** @internal */
export function expectOptions(options: SubprocessOptions): void {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  refuseForeign(options);
  expectStdio(options);
  const { cwd, env, limit = 1, grace = 0, killGroup = false, processGroup = killGroup } = options;
  if (cwd !== undefined) expectPath("options.cwd", cwd);
  if (env !== undefined && (typeof env !== "object" || env === null)) {
    throw wrongType("options.env", "an object", env);
  }
  expectLimit("options.limit", limit, 1);
  expectMilliseconds("options.grace", grace);
  if (killGroup && !processGroup) {
    throw outOfRange(
      "options.processGroup",
      "true with `killGroup`, whose group is the child's own",
      false,
    );
  }
}

function refuseForeign(options: object): void {
  const text = TEXT_MODE.find((name) => Reflect.get(options, name));
  if (text !== undefined) {
    throw new TypeError(
      `Expected no option \`${text}\`: pipes carry bytes. Decode what was read, as String(bytes), write strings as they are, or call runSubprocess with \`encoding\``,
    );
  }
  if (Reflect.get(options, "shell")) {
    throw new TypeError("Expected no option `shell`: call createSubprocessShell");
  }
}
