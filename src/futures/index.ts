/*
 * The entry `ambit/futures`: executors, and what they run.
 */
export { wait, FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED } from "../core/wait.ts";
export { asCompleted } from "../core/asCompleted.ts";
export { ConcurrentFuture } from "./concurrentFuture.ts";
export {
  BrokenExecutor,
  BrokenThreadPool,
  ExecutorShutdownError,
  UnreachableFunctionError,
  WorkerLostError,
} from "./errors.ts";
export { Executor, type ExecutorShutdownOptions } from "./executor.ts";
export { type MapOptions } from "./map.ts";
export { type ModuleCalls } from "./moduleCalls.ts";
export { task } from "./reference.ts";
export { cancelRequested } from "./stopFlag.ts";
export {
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  type ThreadPoolStatistics,
} from "./threadPool.ts";
export {
  getDefaultExecutor,
  runInExecutor,
  setDefaultExecutor,
  shutdownDefaultExecutor,
  toThread,
} from "./toThread.ts";
