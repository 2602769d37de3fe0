/*
 * Which of the process's own flags its workers get: all but those that say what to run, which a worker knows, and, for
 * processes, those that open a port or watch files, which cannot be done twice.
 */

/** Flags that say what to run, and a text to run, which Node refuses beside a file. */
const OWN_FLAGS =
  /^(-e|-p|-pe|-i|-c|--eval|--print|--interactive|--check|--input-type|--test)(=|$)/;
const FLAGS_WITH_TEXT = new Set(["-e", "-p", "-pe", "--eval", "--print", "--input-type"]);
const ONE_PROCESS = /^--(inspect|debug|watch|test)/;

/** For a thread. @internal */
export function inheritedFlags(): string[] {
  return process.execArgv.filter(
    (flag, at, all) => !OWN_FLAGS.test(flag) && !FLAGS_WITH_TEXT.has(all[at - 1] ?? ""),
  );
}

/** For a process. @internal */
export function processFlags(): string[] {
  return inheritedFlags().filter((flag) => !ONE_PROCESS.test(flag));
}
