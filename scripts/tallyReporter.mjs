// A vitest reporter that closes the output with `N passed, N failed`, whatever other reporters
// print before.
//
// An error outside a test (a file that does not load, an unhandled rejection) counts as a failure;
// a run in which no test ran has failed. The line is written when the process exits, so that
// nothing can come after it.
//
// It also keeps the titles that name tests of CPython's, for `npm run conformance`: of full runs
// only, since a filtered one says nothing about the tests that it left out. A full run in which
// nothing failed then also says whether every row is pinned and the page is up to date.
import { complaints, namesCPython, pathFromRoot, rememberPassed } from "./conformance.mjs";

export default class TallyReporter {
  #passed = 0;
  #failed = 0;
  /** @type {import("./conformance.mjs").Passed[]} */
  #conforming = [];
  /** @type {import("vitest/node").Vitest | undefined} */
  #vitest;

  /** @param {import("vitest/node").Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest;
  }

  /** @param {import("vitest/node").TestCase} testCase */
  onTestCaseResult(testCase) {
    const { state } = testCase.result();
    if (state !== "passed") {
      // A skipped test has not shown anything: that will not do where all servers are said to be here.
      if (state !== "skipped" || process.env["AMBIT_SERVERS"] === "required") this.#failed++;
      return;
    }
    this.#passed++;
    const { name: title, fullName, module } = testCase;
    if (!namesCPython(title)) return;
    const within = fullName.slice(0, -title.length).replace(/ > $/, "").replaceAll(" > ", ": ");
    this.#conforming.push({ file: pathFromRoot(module.moduleId), within, title });
  }

  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} errors
   * @param {import("vitest/node").TestRunEndReason} reason
   */
  async onTestRunEnd(modules, errors, reason) {
    const broken = modules.filter((module) => module.errors().length > 0);
    this.#failed += broken.length + errors.length;
    if (reason !== "interrupted" && (await this.#isFull(modules))) this.#conformance();
    process.once("exit", () => {
      process.stdout.write(`\n${this.#passed} passed, ${this.#failed} failed\n`);
    });
  }

  /** Whether nothing was left out. @param {readonly unknown[]} modules */
  async #isFull(modules) {
    if (this.#vitest === undefined) return false;
    if (this.#vitest.config.testNamePattern !== undefined) return false;
    const all = await this.#vitest.globTestSpecifications([]);
    return modules.length === all.length;
  }

  /** Each complaint is a failure; said only when nothing else failed, since it would follow from that. */
  #conformance() {
    rememberPassed(this.#conforming);
    if (this.#failed > 0) return;
    if (process.env["AMBIT_CONFORMANCE"] === "write") return;
    const found = complaints(this.#conforming);
    for (const complaint of found) process.stdout.write(`conformance: ${complaint}\n`);
    this.#failed += found.length;
    if (found.length > 0) process.exitCode = 1;
  }
}
