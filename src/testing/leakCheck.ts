/*
 * leakCheck: the search for leaks as a hook of a test runner.
 *
 * Strategy: it is handed the runner's own hooks, so that it depends on no runner: vitest's, jest's and node:test's all
 * take a function. Called in a setup file it watches each file of tests, or each test.
 */
import { expectInteger, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { type LeakOptions, LeakWatch } from "./leaks.ts";

type Hook = (callback: () => Promise<void> | void) => unknown;

/** The hooks of a test runner; each that is given is used. */
export interface LeakHooks {
  /** Has the end of each file of tests checked (vitest, jest). */
  readonly afterAll?: Hook;
  /** The same, as node:test calls it. */
  readonly after?: Hook;
  /** With {@link LeakHooks.afterEach}: has the end of each test checked. */
  readonly beforeEach?: Hook;
  readonly afterEach?: Hook;
}

/**
 * Fails tests that leave something behind: pending tasks (in debug mode with where they were created), signal and error
 * listeners on the process, timers, servers, sockets, child processes, worker threads.
 *
 * With `afterAll` (or node:test's `after`), each file of tests is checked, from the call to the hook; with `beforeEach`
 * and `afterEach`, each test, which must then share nothing with others. What is being closed gets a second.
 *
 * @throws TypeError when it is given no hook
 *
 * @example
 * ```ts no-run
 * // tests/setup.ts, named under `setupFiles` in vitest's configuration
 * import { leakCheck } from "ambit/testing";
 * import { afterAll } from "vitest";
 *
 * leakCheck({ afterAll });
 * ```
 */
export function leakCheck(hooks: LeakHooks, options: LeakOptions = {}): void {
  const { beforeEach, afterEach } = hooks;
  const atEnd = hooks.afterAll ?? hooks.after;
  const eachTest = beforeEach !== undefined && afterEach !== undefined;
  if (atEnd === undefined && !eachTest)
    throw wrongType(
      "hooks",
      "an object with `afterAll`, or with `beforeEach` and `afterEach`",
      hooks,
    );
  if (options.patience !== undefined) expectMilliseconds("options.patience", options.patience);
  if (options.runnerTimers !== undefined)
    expectInteger("options.runnerTimers", options.runnerTimers, 0);
  if (atEnd !== undefined) {
    const watch = new LeakWatch(options);
    atEnd(() => watch.check("this file"));
  }
  if (eachTest) watchEach(beforeEach, afterEach, options);
}

function watchEach(beforeEach: Hook, afterEach: Hook, options: LeakOptions): void {
  let watch: LeakWatch | null = null;
  beforeEach(() => {
    watch = new LeakWatch(options);
  });
  afterEach(async () => {
    const ended = watch;
    watch = null;
    await ended?.check("this test");
  });
}
