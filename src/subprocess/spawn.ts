/*
 * Starting a child, and saying why when it does not start.
 *
 * Strategy: all that has to be waited for comes first; then `spawn` starts the child within one step, and by its pid it
 * is known at once whether it did. So a cancel finds either no child or one that somebody has.
 * Node names the program in its ENOENT also when the working directory is what is missing; here it is looked up.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import type { Socket } from "node:net";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { SpawnError } from "./errors.ts";
import type { SubprocessOptions } from "./options.ts";
import { pathOf } from "./path.ts";
import { StdioPlan } from "./stdio.ts";

/** A program and its arguments. @internal */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * Starts the program; `adopt` gets the child in the same step, before any event of it, and this process's end of the
 * one pipe of stdout and stderr, if there is one. A cancel before that leaves nothing behind, a later one waits.
 * @throws {@link SpawnError} when it cannot be started
 * @internal
 */
export async function start<T>(
  command: Command,
  options: SubprocessOptions,
  adopt: (child: ChildProcess, merged: Socket | null) => T,
): Promise<T> {
  await suspend(passAtOnce, command, "createSubprocess");
  const plan = new StdioPlan();
  await plan.prepare(options);
  try {
    const child = launch(command, plan, options);
    if (child.pid === undefined) throw await protect(() => failureOf(child));
    const adopted = adopt(child, plan.merged);
    await plan.release();
    return adopted;
  } catch (error) {
    await plan.abandon();
    throw explain(error, command, options);
  }
}

/** A point of cancellation. */
function passAtOnce(wait: Wait<void>): void {
  wait.resolve();
}

function launch(
  { program, args }: Command,
  plan: StdioPlan,
  options: SubprocessOptions,
): ChildProcess {
  const { cwd, env, killGroup = false, processGroup = killGroup } = options;
  return spawn(program, args, {
    stdio: plan.entries,
    detached: processGroup,
    windowsHide: true,
    ...(cwd === undefined ? {} : { cwd: pathOf(cwd) }),
    ...(env === undefined ? {} : { env }),
  });
}

/** The error of a child that did not start, which Node tells a tick later; closes its pipes. */
function failureOf(child: ChildProcess): Promise<Error> {
  return suspend<Error>(
    (wait) => {
      child.once("error", (error) => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
        wait.resolve(error);
      });
    },
    undefined,
    "spawn",
  );
}

function explain(error: unknown, { program }: Command, options: SubprocessOptions): unknown {
  const { code } = error as { readonly code?: unknown };
  // Node's own complaints of its arguments say enough.
  if (typeof code !== "string" || code.startsWith("ERR_")) return error;
  const cwd = options.cwd === undefined ? undefined : pathOf(options.cwd);
  const why = (cwd === undefined ? null : faultOf(cwd)) ?? reasonFor(code, program);
  const where = cwd === undefined ? "" : ` in '${cwd}'`;
  const message = `cannot start '${program}'${where} (${code}): ${why}`;
  return new SpawnError(message, { code, program, cwd }, { cause: error });
}

/** What is wrong with a working directory; null when nothing seems to be. */
function faultOf(cwd: string): string | null {
  try {
    return statSync(cwd).isDirectory() ? null : `the working directory '${cwd}' is no folder`;
  } catch {
    return `the working directory '${cwd}' does not exist, or cannot be entered`;
  }
}

function reasonFor(code: string, program: string): string {
  switch (code) {
    case "ENOENT":
      return program.includes("/")
        ? "there is no such file, or the interpreter that it names is missing"
        : "there is no program of that name on the PATH";
    case "EACCES":
    case "EPERM":
      return "it may not be executed: it is no program, or its mode or the file system forbids it";
    case "EMFILE":
    case "ENFILE":
      return "too many files are open: run fewer at once, or close some";
    case "E2BIG":
      return "its arguments and environment are too long";
    default:
      return "the operating system refused";
  }
}
