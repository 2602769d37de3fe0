/*
 * What submitters and workers say to each other.
 */
import type { Payload } from "./payload.ts";

/** A call as it lies in the queue. @internal */
export interface CallData {
  readonly args: Payload;
  /** True for a chunk of `map`: the arguments are items, each for a call of its own. */
  readonly chunk: boolean;
  /** Of the task, as the submitter has it. */
  readonly version: string;
  /** Values of the caller's context variables, by name. */
  readonly variables: Payload | null;
  /** Such as `traceparent`: what others than Ambit may read, too. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly submitter: string;
  /** Whether it is dropped when its submitter is gone. */
  readonly owned: boolean;
  /** What the function sees as its idempotency key. */
  readonly key: string;
  /** Whether several submitters may wait for it. */
  readonly shared: boolean;
  /** How many milliseconds its outcome is kept. */
  readonly keep: number;
}

/** What a submitter is told of a call. @internal */
export interface Told {
  readonly id: string;
  readonly what: "result" | "failure" | "progress";
  readonly payload: Payload;
}
