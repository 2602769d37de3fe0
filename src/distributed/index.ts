/*
 * `ambit/distributed`: an executor whose workers run on other machines, by BullMQ on Redis.
 */
export { task } from "../futures/reference.ts";
export { type TaskSettings } from "../futures/registered.ts";
export { type BackoffOptions, type CallOptions, type DistributedOptions } from "./callOptions.ts";
export {
  type DistributedCallEvent,
  type DistributedRunEvent,
  type DistributedSubmitEvent,
} from "./diagnostics.ts";
export { type CurrentCall, currentCall, reportProgress } from "./currentCall.ts";
export { DistributedExecutor } from "./distributedExecutor.ts";
export { DistributedWorker, type DistributedWorkerStatistics } from "./distributedWorker.ts";
export { type QueueStatistics } from "./queueStatistics.ts";
export { type DistributedWorkerOptions } from "./workerOptions.ts";
export {
  CallDeadlineError,
  CallLostError,
  DistributedConnectionError,
  DistributedError,
  NoWorkersError,
  PayloadTooLargeError,
  TaskVersionError,
  UnknownTaskError,
  UnregisteredTaskError,
} from "./errors.ts";
