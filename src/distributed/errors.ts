/*
 * What can go wrong between a program and its workers on other machines.
 *
 * What the function itself throws arrives as it was thrown; these are about the way there and back.
 */
import { TimeoutError } from "../core/errors.ts";
import { errorClass } from "../futures/errorClasses.ts";

/** Anything that goes wrong on the way to a worker or back; `catch` it to catch them all but {@link CallDeadlineError}. */
export class DistributedError extends Error {
  override readonly name: string = "DistributedError";
}

/** The function has no name that workers on other machines know: see `task`. */
export class UnregisteredTaskError extends TypeError {
  override readonly name = "UnregisteredTaskError";
}

/** The worker that took the call has not loaded a task of that name. The call was not run. */
export class UnknownTaskError extends DistributedError {
  override readonly name = "UnknownTaskError";
}

/** The worker that took the call has another version of the task. The call was not run. */
export class TaskVersionError extends DistributedError {
  override readonly name = "TaskVersionError";
}

/** Arguments or a result are larger than `maxPayload`. */
export class PayloadTooLargeError extends DistributedError {
  override readonly name = "PayloadTooLargeError";
  /** In bytes. */
  readonly size: number;
  /** In bytes. */
  readonly limit: number;

  constructor(message: string, size: number, limit: number) {
    super(message);
    this.size = size;
    this.limit = limit;
  }
}

/**
 * Nobody knows any more what became of the call: Redis has lost it, or the workers that ran it were lost too often. It may
 * have been run, in part or as a whole.
 */
export class CallLostError extends DistributedError {
  override readonly name = "CallLostError";
}

/** Redis could not be reached for too long, or refused the call. A call that had been handed over may still be run. */
export class DistributedConnectionError extends DistributedError {
  override readonly name = "DistributedConnectionError";
}

/** No worker was there for as long as `workerTimeout`. The call is cancelled; a worker that was lost may have run it. */
export class NoWorkersError extends DistributedError {
  override readonly name = "NoWorkersError";
}

/** No result came within the call's `deadline`. The call is cancelled, but may still be running. */
export class CallDeadlineError extends TimeoutError {
  override readonly name = "CallDeadlineError";
}

// A worker's copy of a class is another one than the program's: both mean it by its name.
for (const Class of [
  DistributedError,
  UnknownTaskError,
  TaskVersionError,
  PayloadTooLargeError,
  CallLostError,
])
  errorClass(`ambit.distributed.${Class.name}`, Class);
