/*
 * Whether the process is ending: its `exit` listeners run, and no thread will answer any more.
 */
let ending = false;

process.once("exit", () => (ending = true));

/** @internal */
export function processIsEnding(): boolean {
  return ending;
}
