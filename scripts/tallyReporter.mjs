// A vitest reporter that closes the output with `N passed, N failed`, whatever other reporters
// print before.
//
// An error outside a test (a file that does not load, an unhandled rejection) counts as a failure;
// a run in which no test ran has failed. The line is written when the process exits, so that
// nothing can come after it.
export default class TallyReporter {
  #passed = 0;
  #failed = 0;

  /** @param {import("vitest/node").TestCase} testCase */
  onTestCaseResult(testCase) {
    if (testCase.result().state === "passed") this.#passed++;
    else this.#failed++; // a skipped test has not shown anything
  }

  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(modules, errors) {
    const broken = modules.filter((module) => module.errors().length > 0);
    this.#failed += broken.length + errors.length;
    process.once("exit", () => {
      process.stdout.write(`\n${this.#passed} passed, ${this.#failed} failed\n`);
    });
  }
}
