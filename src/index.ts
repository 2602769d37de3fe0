/*
 * The roof: everything that `import … from "ambit"` gives, by floor. Nothing inside src imports this file.
 */
export {
  CancelledError,
  InvalidStateError,
  isCancelled,
  rethrowIfCancelled,
  RunnerStateError,
  TaskGroupClosedError,
  TimeoutError,
  type CancelDetails,
} from "./core/errors.ts";
export { asCompleted, type AsCompletedOptions, type Completion } from "./core/asCompleted.ts";
export { ExceptionGroup, type ErrorCondition } from "./core/exceptionGroup.ts";
export { futureAddToAwaitedBy, futureDiscardFromAwaitedBy } from "./core/awaitedBy.ts";
export { captureCallGraph, type CallGraphOptions, type FutureCallGraph } from "./core/callGraph.ts";
export { formatCallGraph, printCallGraph } from "./core/callGraphText.ts";
export {
  ensureFuture,
  isFuture,
  wrapFuture,
  type Awaitable,
  type Outcome,
} from "./core/awaitable.ts";
export { ambientSignal, cancellable } from "./core/cancellable.ts";
export {
  CancelScope,
  moveOnAfter,
  moveOnAt,
  type CancelScopeOptions,
  type Cut,
} from "./core/cancelScope.ts";
export { type Clause, type Selectable } from "./core/clause.ts";
export { type TimerHandle } from "./core/clock.ts";
export { type Context } from "./core/context.ts";
export { ContextVar, copyContext, runInContext, type Token } from "./core/contextVar.ts";
export { type TaskEvent } from "./core/diagnostics.ts";
export { type FrameCallGraphEntry } from "./core/frames.ts";
export { Future } from "./core/future.ts";
export { gather, type Gathered, type GatheredOrErrors, type GatherOptions } from "./core/gather.ts";
export { type ExceptionContext, type ExceptionHandler, type Loop } from "./core/loop.ts";
export { type ArgumentOptions, type CallOptions, type Handle } from "./core/handle.ts";
export { onRunnerEnd, run, Runner, type RunOptions } from "./core/run.ts";
export { named } from "./core/naming.ts";
export { getRunningLoop } from "./core/scope.ts";
export { protect, shield } from "./core/shield.ts";
export { checkpoint, sleep } from "./core/sleep.ts";
export { suspend, type Start } from "./core/suspend.ts";
export { type Cleanup, type Wait } from "./core/suspension.ts";
export {
  createTask,
  eagerTaskFactory,
  getTaskFactory,
  setTaskFactory,
  type TaskFactory,
} from "./core/createTask.ts";
export { allTasks, currentTask } from "./core/currentTask.ts";
export { type TextOutput } from "./core/ink.ts";
export { type StackOptions } from "./core/taskStack.ts";
export { Task, type TaskBody, type TaskOptions } from "./core/task.ts";
export { suppressedErrors } from "./core/suppressedErrors.ts";
export { type TaskGroupOptions } from "./core/childPolicy.ts";
export { type JoinedGroupOptions, type JoinedTaskGroup, type Joiner } from "./core/joinedGroup.ts";
export { joiners } from "./core/joiners.ts";
export { taskGroup, type DiscardingTaskGroup, type TaskGroup } from "./core/taskGroup.ts";
export { formatTaskTree, printTaskTree } from "./core/taskTree.ts";
export { timeout, timeoutAt, waitFor, type Timeout } from "./core/timeouts.ts";
export {
  ALL_COMPLETED,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  wait,
  type ReturnWhen,
  type WaitOptions,
  type WaitResult,
} from "./core/wait.ts";

// sync
export { Barrier, type BarrierState, type BarrierStatistics } from "./sync/barrier.ts";
export { BoundedSemaphore } from "./sync/boundedSemaphore.ts";
export { CapacityLimiter, type CapacityLimiterStatistics } from "./sync/capacityLimiter.ts";
export { Condition, type ConditionStatistics } from "./sync/condition.ts";
export {
  AlreadyBorrowingError,
  BrokenBarrierError,
  LockNotHeldError,
  NotBorrowingError,
  TooManyReleasesError,
} from "./sync/errors.ts";
export { Event, type EventStatistics } from "./sync/event.ts";
export { type Guard } from "./sync/guard.ts";
export { Lock, type LockStatistics } from "./sync/lock.ts";
export { ReadWriteLock, type ReadWriteLockStatistics } from "./sync/readWriteLock.ts";
export { Semaphore, type SemaphoreStatistics } from "./sync/semaphore.ts";

// queues
export { type BroadcastStatistics } from "./queues/backlog.ts";
export { Broadcast } from "./queues/broadcast.ts";
export { type WatchStatistics } from "./queues/cell.ts";
export { openChannel, type Channel } from "./queues/channel.ts";
export {
  BrokenChannelError,
  ClosedChannelError,
  EndOfChannel,
  LaggedError,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  TaskDoneError,
  WouldBlock,
} from "./queues/errors.ts";
export { LifoQueue } from "./queues/lifoQueue.ts";
export { type ChannelStatistics } from "./queues/passage.ts";
export { PriorityQueue, type Comparator } from "./queues/priorityQueue.ts";
export { Queue, type ShutdownOptions } from "./queues/queue.ts";
export { type QueueStatistics } from "./queues/queueStatistics.ts";
export { type Receiver } from "./queues/receiver.ts";
export { type Sender } from "./queues/sender.ts";
export {
  type SubscribeOptions,
  type Subscription,
  type SubscriptionStatistics,
} from "./queues/subscription.ts";
export { Watch } from "./queues/watch.ts";
export { type Watcher } from "./queues/watcher.ts";

// flow
export { aclosing, type Closing } from "./flow/aclosing.ts";
export { any } from "./flow/any.ts";
export { type EventArguments, type EventSource } from "./flow/emitter.ts";
export { listen, type Listening } from "./flow/listen.ts";
export { mapConcurrent, type MapConcurrentOptions } from "./flow/mapConcurrent.ts";
export { on, type EventIterator, type OnOptions } from "./flow/on.ts";
export { once } from "./flow/once.ts";
export { race } from "./flow/race.ts";
export {
  RateLimiter,
  type RateLimiterOptions,
  type RateLimiterStatistics,
} from "./flow/rateLimiter.ts";
export { retry, type RetryOptions } from "./flow/retry.ts";
export { addSignalHandler, removeSignalHandler } from "./flow/signalHandlers.ts";
export {
  after,
  select,
  type Selectables,
  type Selected,
  type SelectOptions,
} from "./flow/select.ts";
export { signals, type SignalIterator } from "./flow/signals.ts";
export {
  staggeredRace,
  type StaggeredRaceOptions,
  type StaggeredRaceResult,
} from "./flow/staggeredRace.ts";
