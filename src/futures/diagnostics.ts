/*
 * What happens to the calls of pools, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:futures.call.started`, where a call is submitted, before it is sent: a subscriber may send a context
 * variable with it; `ambit:futures.call.ended`, when its outcome is known. Both tell the same object, so that a subscriber
 * may keep on it, under a symbol of its own, what it knows of the call. Arguments and results are not told. While nobody
 * listens a call costs two property reads more, and no message is made.
 * And `ambit:futures.worker.word`: something that code in a worker has sent home, see `homeWord.ts`.
 */
import { channel } from "node:diagnostics_channel";
import type { Variables } from "./protocol.ts";
import { type Callable, nameFor } from "./reference.ts";

/** Who runs a call, as events tell it. @internal */
export interface CallPool {
  readonly prefix: string;
  readonly medium: { readonly noun: string };
}

/** The message of both events of a call. */
export class ExecutorCallEvent {
  /** The name of the function, under which it is exported. */
  readonly name: string;
  /** What runs it: `thread` or `process`. */
  readonly kind: string;
  /** What the names of the executor's workers begin with. */
  readonly executor: string;
  /** Of a chunk of `map`: how many items; otherwise 1. */
  readonly items: number;
  /** The name of the worker that it was given to last; null when it got to none. */
  worker: string | null = null;
  /** How many milliseconds it has run in its worker; undefined when the worker has not told. */
  ran: number | undefined = undefined;
  /** What it failed with, or a `CancelledError`; null when it has not. */
  error: unknown = null;
  /** True once it has ended. */
  ended = false;
  /** What subscribers keep. */
  [key: symbol]: unknown;
  #added: Map<string, unknown> | null = null;

  /** @internal */
  constructor(name: string, items: number, { prefix, medium }: CallPool) {
    this.name = name;
    this.kind = medium.noun;
    this.executor = prefix;
    this.items = items;
  }

  /** Sends a context variable with it, in the place of one of the same name. Only while it starts. */
  setVariable(name: string, value: unknown): void {
    (this.#added ??= new Map()).set(name, value);
  }

  /** The variables that are sent. @internal */
  variablesOver(variables: Variables | null): Variables | null {
    const added = this.#added;
    if (added === null) return variables;
    return [...(variables ?? []).filter(([name]) => !added.has(name)), ...added];
  }
}

const callStarted: ReturnType<typeof channel> = channel("ambit:futures.call.started");
const callEnded: ReturnType<typeof channel> = channel("ambit:futures.call.ended");

/** Tells that a call was submitted; null while nobody listens. @internal */
export function tellStarted(fn: Callable, items: number, pool: CallPool): ExecutorCallEvent | null {
  if (!callStarted.hasSubscribers && !callEnded.hasSubscribers) return null;
  const event = new ExecutorCallEvent(nameFor(fn), items, pool);
  callStarted.publish(event);
  return event;
}

/** Tells that it has ended. @internal */
export function tellEnded(event: ExecutorCallEvent, worker: string | null, error: unknown): void {
  event.worker = worker;
  event.error = error;
  event.ended = true;
  callEnded.publish(event);
}

/** What code in a worker has sent home. @internal */
export interface WorkerWord {
  readonly name: string;
  readonly value: unknown;
}

const workerWord: ReturnType<typeof channel> = channel("ambit:futures.worker.word");

/** Tells of a word from a worker. @internal */
export function tellWord(name: string, value: unknown): void {
  if (workerWord.hasSubscribers) workerWord.publish({ name, value } satisfies WorkerWord);
}
