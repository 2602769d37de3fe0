/*
 * RunningCall: one call on a worker, from the queue to its outcome.
 */
import type { Job } from "bullmq";
import type { CancelledError } from "../core/errors.ts";
import type { ThrownParcel } from "../futures/parcel.ts";
import type { CallData } from "./messages.ts";

/** What runs it, and can be stopped. @internal */
export interface Stoppable {
  cancelWith(error: CancelledError): boolean;
}

/** @internal */
export class RunningCall {
  readonly id: string;
  readonly job: Job<CallData>;
  readonly token: string;
  /** Null until it begins. */
  work: Stoppable | null = null;
  /** Set once it is to stop. */
  stopped: CancelledError | null = null;
  /** Whether it goes back to the queue when it has stopped. */
  givenBack = false;
  /** How it failed, for who waits. */
  failure: ThrownParcel | null = null;
  /** How many looks in a row did not find its submitter. */
  alone = 0;

  constructor(job: Job<CallData>, token: string) {
    this.id = job.id as string;
    this.job = job;
    this.token = token;
  }

  stop(error: CancelledError): void {
    if (this.stopped !== null) return;
    this.stopped = error;
    this.work?.cancelWith(error);
  }

  /** Whether it is not tried again when it fails now. */
  get last(): boolean {
    return this.job.attemptsMade + 1 >= (this.job.opts.attempts ?? 1);
  }
}
