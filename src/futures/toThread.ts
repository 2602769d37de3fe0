/*
 * toThread and runInExecutor: one blocking call, off the loop (`asyncio.to_thread`, `loop.run_in_executor`).
 *
 * Strategy: a default pool per program, made when first used and closed when `run` ends; outside `run` one for the
 * process, whose idle threads keep nothing alive.
 */
import { inspect } from "node:util";
import { expectMilliseconds, wrongType } from "../core/arguments.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope, getRunningLoop, rootScope, type Scope } from "../core/scope.ts";
import { Executor } from "./executor.ts";
import { ThreadPoolExecutor } from "./threadPool.ts";

const defaults = new WeakMap<Scope, Executor>();

/** The executor of {@link toThread} in this program; made when first asked for. */
export function getDefaultExecutor(): Executor {
  const { runner } = ambientScope();
  const before = defaults.get(runner);
  if (before !== undefined) return before;
  const pool = new ThreadPoolExecutor({ threadNamePrefix: "toThread" });
  adopt(runner, pool);
  return pool;
}

/**
 * Replaces the executor of {@link toThread} in this program; it is shut down when the program ends (`run` returns).
 * @throws TypeError when it is no Executor
 */
export function setDefaultExecutor(executor: Executor): void {
  if (!(executor instanceof Executor)) throw wrongType("executor", "an Executor", executor);
  adopt(ambientScope().runner, executor);
}

function adopt(runner: Scope, executor: Executor): void {
  defaults.set(runner, executor);
  if (runner !== rootScope) onRunnerEnd(() => endWithin(executor, LONGEST_END));
}

/** How long the end of a program waits for its calls (CPython, `asyncio.constants.THREAD_JOIN_TIMEOUT`). */
const LONGEST_END = 300_000;

/**
 * Shuts the executor of {@link toThread} down, as the end of `run` does (`loop.shutdown_default_executor`): waits for the
 * calls that it has taken on, but no longer than `timeout`; then the loop's exception handler is told, and they go on.
 *
 * **Cancellation:** the wait ends; the executor is shut down all the same.
 *
 * @param timeout milliseconds; default five minutes
 */
export async function shutdownDefaultExecutor(timeout: number = LONGEST_END): Promise<void> {
  expectMilliseconds("timeout", timeout);
  const { runner } = ambientScope();
  const executor = defaults.get(runner);
  if (executor === undefined) return;
  // Outside `run` there is no end of the program: the next call makes a new one.
  if (runner === rootScope) defaults.delete(runner);
  await endWithin(executor, timeout);
}

async function endWithin(executor: Executor, timeout: number): Promise<void> {
  const { cancelledCaught } = await moveOnAfter(timeout, () => executor.shutdown());
  if (!cancelledCaught) return;
  getRunningLoop().callExceptionHandler({
    message: `the default executor did not end its calls within ${timeout} ms: ${inspect(executor)}`,
  });
}

/**
 * Calls an exported function on another thread and gives its result (`asyncio.to_thread`).
 *
 * Arguments and result are cloned. Context variables arrive by name, where their values can be cloned.
 *
 * **Cancellation:** as of a call of {@link ThreadPoolExecutor}: one that waits for a thread is dropped, a running one is
 * asked to stop and then ended with its thread; the caller resumes when it has ended.
 *
 * @param fn an exported function of a module other than the entry module
 * @throws UnreachableFunctionError when another thread cannot find the function
 * @throws TypeError when an argument or the result cannot be cloned
 *
 * @example
 * ```ts
 * import { shutdownDefaultExecutor, task, toThread } from "ambit/futures";
 * import { join } from "node:path/posix";
 *
 * await toThread(task("node:path/posix", "join", join), "a", "b"); // => "a/b"
 * await shutdownDefaultExecutor();
 * ```
 */
export function toThread<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...args: A
): Promise<Awaited<R>> {
  return runInExecutor(null, fn, ...args);
}

/**
 * Calls an exported function in an executor, or in the default one (`loop.run_in_executor`).
 *
 * **Cancellation:** as of the executor's calls.
 *
 * @param executor null for the default pool of threads
 * @throws what `submit` throws, and what the call fails with
 */
export async function runInExecutor<A extends unknown[], R>(
  executor: Executor | null,
  fn: (...args: A) => R,
  ...args: A
): Promise<Awaited<R>> {
  return await (executor ?? getDefaultExecutor()).submit(fn, ...args);
}
