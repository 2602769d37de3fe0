/*
 * Threads load compiled code, and so they must load compiled Ambit, too. The test runner has every thread of its processes
 * look for sources first ("--conditions source"), which only a newer Node.js could run.
 */
import { afterAll, beforeAll } from "vitest";

/** For the tests of a file: threads start with no flags of the test runner's. */
export function loadCompiledThreads(): void {
  const { execArgv } = process;
  beforeAll(() => {
    // A pool starts threads with the flags of its process, but for those that say what to run: so, with none.
    process.execArgv = ["--eval", "the tests"];
  });
  afterAll(() => {
    process.execArgv = execArgv;
  });
}
