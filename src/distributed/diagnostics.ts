/*
 * What happens to calls on their way over machines, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:distributed.submit.started`, where a call is submitted, before it is sent: a subscriber may send headers
 * and context variables with it; `ambit:distributed.submit.ended`, when its outcome is known here.
 * `ambit:distributed.run.started`, on the worker, in the task of the call, before it is looked up whether it is wanted at all;
 * `ambit:distributed.run.ended`, when the function has ended, or is not run. Both of a pair tell the same object, so that a
 * subscriber may keep on it, under a symbol of its own, what it knows of the call. Arguments and results are not told. While
 * nobody listens a call costs two property reads more on each side, and no message is made.
 */
import { channel } from "node:diagnostics_channel";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import type { Variables } from "../futures/protocol.ts";
import type { CallData } from "./messages.ts";

/** A call of a `DistributedExecutor`, as its events tell it. */
export class DistributedCallEvent {
  /** The name of the task. */
  readonly task: string;
  /** Of the call; the same for all who submit it with one `deduplicationKey`. */
  readonly id: string;
  readonly queue: string;
  /** Of a chunk of `map`: how many items; otherwise 1. */
  readonly items: number;
  /** Where Redis is: its host, or the path of a socket of the file system. */
  readonly address: string;
  /** Undefined for a socket of the file system. */
  readonly port: number | undefined;
  /** What it failed with, or a `CancelledError`; null when it has not. */
  error: unknown = null;
  /** True once it has ended. */
  ended = false;
  /** What subscribers keep. */
  [key: symbol]: unknown;
  readonly #variables = new Map<string, unknown>();

  /** @internal */
  constructor(task: string, id: string, queue: string, items: number, redis: Redis) {
    const { host = "localhost", port, path } = redis.options;
    this.task = task;
    this.id = id;
    this.queue = queue;
    this.items = items;
    this.address = path ?? host;
    this.port = path === undefined ? port : undefined;
  }

  /** Sends a context variable along, in the place of one of the same name. Only while it starts. */
  setVariable(name: string, value: unknown): void {
    this.#variables.set(name, value);
  }

  /** The variables that go along. @internal */
  variablesOver(variables: Variables | null): Variables | null {
    const added = this.#variables;
    if (added.size === 0) return variables;
    return [...(variables ?? []).filter(([name]) => !added.has(name)), ...added];
  }
}

/** The message of both events of a submission. */
export class DistributedSubmitEvent extends DistributedCallEvent {
  readonly #headers: Record<string, string> = {};

  /** Sends a header with it, such as `traceparent`. Only while it starts. */
  setHeader(name: string, value: string): void {
    this.#headers[name] = value;
  }

  /** Undefined when there are none. @internal */
  get headers(): Readonly<Record<string, string>> | undefined {
    return Object.keys(this.#headers).length === 0 ? undefined : this.#headers;
  }
}

/** The message of both events of a call that a worker has taken. */
export class DistributedRunEvent extends DistributedCallEvent {
  /** 1 the first time. */
  readonly attempt: number;
  /** How many milliseconds it has waited in the queue, by Redis's clock; never below 0. */
  readonly waited: number;
  /** The headers that it came with. */
  readonly headers: Readonly<Record<string, string>>;
  /** The context variables that it came with, by name. */
  readonly variables: ReadonlyMap<string, unknown>;

  /** @internal */
  constructor(job: Job<CallData>, queue: string, variables: Variables, redis: Redis) {
    const { args, chunk, headers = {} } = job.data;
    const items = chunk && "json" in args ? (args.json as readonly unknown[]).length : 1;
    super(job.name, job.id as string, queue, items, redis);
    this.attempt = job.attemptsMade + 1;
    this.waited = Math.max(0, (job.processedOn ?? job.timestamp) - job.timestamp);
    // Anybody may have put it into the queue.
    this.headers = Object.fromEntries(
      Object.entries(headers).filter(([, value]) => typeof value === "string"),
    );
    this.variables = new Map(variables);
  }
}

const submitStarted: ReturnType<typeof channel> = channel("ambit:distributed.submit.started");
const submitEnded: ReturnType<typeof channel> = channel("ambit:distributed.submit.ended");
const runStarted: ReturnType<typeof channel> = channel("ambit:distributed.run.started");
const runEnded: ReturnType<typeof channel> = channel("ambit:distributed.run.ended");

/** Whether anybody listens to what is submitted. @internal */
export function submitsAreObserved(): boolean {
  return submitStarted.hasSubscribers || submitEnded.hasSubscribers;
}

/** Whether anybody listens to what is run. @internal */
export function runsAreObserved(): boolean {
  return runStarted.hasSubscribers || runEnded.hasSubscribers;
}

/** Tells that it was submitted, or is to be run. @internal */
export function tellStarted(event: DistributedCallEvent): void {
  (event instanceof DistributedRunEvent ? runStarted : submitStarted).publish(event);
}

/** Tells that it has ended. @internal */
export function tellEnded(event: DistributedCallEvent, error: unknown): void {
  event.error = error;
  event.ended = true;
  (event instanceof DistributedRunEvent ? runEnded : submitEnded).publish(event);
}
