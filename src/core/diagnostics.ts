/*
 * What happens to tasks, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:task.created`, `ambit:task.started`, `ambit:task.waiting`, `ambit:task.cancelled`,
 * `ambit:task.ended`; and `ambit:task.started.named`, which tells the same as `started`, but only of tasks that were
 * given a name: who looks for these is not called for the many others. The inspector, tracing and debug tools subscribe;
 * the kernel knows none of them. While nobody listens an event costs one property read, and no message is made.
 */
import { channel } from "node:diagnostics_channel";

/** The message of every task event. */
export interface TaskEvent {
  /** The task it happened to; null for code outside any task. */
  readonly task: object | null;
  /** Of `waiting`: what the task waits for, such as `Lock.acquire`. */
  readonly label?: string;
  /** Of `waiting`: the object waited on, where there is one. */
  readonly target?: unknown;
  /** Of `cancelled`: the CancelledError; of `ended`: what it failed with. */
  readonly error?: unknown;
}

/** @internal */
export const taskCreated: ReturnType<typeof channel> = channel("ambit:task.created");
/** @internal */
export const taskStarted: ReturnType<typeof channel> = channel("ambit:task.started");
/** @internal */
export const namedTaskStarted: ReturnType<typeof channel> = channel("ambit:task.started.named");
/** @internal */
export const taskWaiting: ReturnType<typeof channel> = channel("ambit:task.waiting");
/** @internal */
export const taskCancelled: ReturnType<typeof channel> = channel("ambit:task.cancelled");
/** @internal */
export const taskEnded: ReturnType<typeof channel> = channel("ambit:task.ended");
