/*
 * Which commands may wait on the server.
 */

/** Whether a command may wait, with these arguments. @internal */
export type BlockingTest = (args: readonly unknown[]) => boolean;

function always(): boolean {
  return true;
}

/** XREAD and XREADGROUP block with an option BLOCK, which stands before STREAMS. */
function hasBlockOption(args: readonly unknown[]): boolean {
  for (const each of args.flat(1)) {
    const word = typeof each === "string" ? each.toUpperCase() : "";
    if (word === "STREAMS") return false;
    if (word === "BLOCK") return true;
  }
  return false;
}

const TESTS: ReadonlyMap<string, BlockingTest> = new Map<string, BlockingTest>([
  ["blpop", always],
  ["brpop", always],
  ["blmove", always],
  ["brpoplpush", always],
  ["blmpop", always],
  ["bzpopmin", always],
  ["bzpopmax", always],
  ["bzmpop", always],
  ["wait", always],
  ["xread", hasBlockOption],
  ["xreadgroup", hasBlockOption],
]);

/** The test for the command of this name, in lower case; null for one that never waits. @internal */
export function blockingTest(name: string): BlockingTest | null {
  return TESTS.get(name) ?? null;
}
