/*
 * `ambit/subprocess`: child processes that end with the task that waits for them.
 */
export {
  createSubprocessExec,
  createSubprocessShell,
  type PipeOf,
  type ProcessOf,
} from "./create.ts";
export { CalledProcessError, SpawnError, type CalledProcess, type SpawnFailure } from "./errors.ts";
export { type SubprocessOptions } from "./options.ts";
export { Process } from "./process.ts";
export {
  runSubprocess,
  type CompletedProcess,
  type RunSubprocessOptions,
} from "./runSubprocess.ts";
export { DEVNULL, INHERIT, PIPE, STDOUT, type Stdio, type StdioChoice } from "./stdio.ts";
