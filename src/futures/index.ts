/*
 * The entry `ambit/futures`: executors, and what they run.
 */
export { wait, FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED } from "../core/wait.ts";
export { asCompleted } from "../core/asCompleted.ts";
export { callback, progress } from "./callback.ts";
export { ConcurrentFuture } from "./concurrentFuture.ts";
export { currentCall, type CurrentCall } from "./currentCall.ts";
export { type ExecutorCallEvent } from "./diagnostics.ts";
export { errorClass } from "./errorClasses.ts";
export {
  BrokenExecutor,
  BrokenProcessPool,
  BrokenThreadPool,
  ExecutorShutdownError,
  UnreachableFunctionError,
  WorkerLostError,
} from "./errors.ts";
export {
  type CallOptions,
  Executor,
  type ExecutorShutdownOptions,
  type Streamable,
} from "./executor.ts";
export { labelConsole } from "./labelConsole.ts";
export { type MapOptions } from "./map.ts";
export { type Items, type ModuleCalls, type StreamedCall } from "./moduleCalls.ts";
export { PoolExecutor } from "./poolExecutor.ts";
export { type PoolOptions } from "./poolOptions.ts";
export {
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  type ProcessPoolStatistics,
} from "./processPool.ts";
export { task } from "./reference.ts";
export { type TaskSettings } from "./registered.ts";
export { ResultStream } from "./resultStream.ts";
export { cancelRequested } from "./stopFlag.ts";
export { transfer } from "./transfer.ts";
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
