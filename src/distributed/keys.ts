/*
 * The names of what is kept in Redis beside BullMQ's own keys, and of the channels.
 *
 * Strategy: the braces put all keys of a queue into one slot of a cluster.
 */

/** The names for one queue. @internal */
export class Keys {
  /** BullMQ's prefix. */
  readonly prefix: string;
  /** BullMQ's name of the queue. */
  readonly queue: string;
  readonly #base: string;

  constructor(prefix: string, queue: string) {
    this.prefix = `{${prefix}:${queue}}`;
    this.queue = queue;
    this.#base = `${this.prefix}:calls`;
  }

  /** The hash in which BullMQ keeps a call. */
  job(id: string): string {
    return `${this.prefix}:${this.queue}:${id}`;
  }

  /** There while the call is to stop. */
  cancel(id: string): string {
    return `${this.#base}:cancel:${id}`;
  }

  /** What the call failed with. */
  failure(id: string): string {
    return `${this.#base}:failure:${id}`;
  }

  /** Arguments or a result that are too large to travel along. */
  payload(id: string, what: "args" | "result" | "failure"): string {
    return `${this.#base}:payload:${id}:${what}`;
  }

  /** There while a submitter lives. */
  alive(submitter: string): string {
    return `${this.#base}:alive:${submitter}`;
  }

  /** The workers that are there, and until when that counts. */
  get workers(): string {
    return `${this.#base}:workers`;
  }

  /** Channel: calls that are to stop. */
  get cancels(): string {
    return `${this.#base}:cancels`;
  }

  /** Channel: what a submitter is told. */
  to(submitter: string): string {
    return `${this.#base}:to:${submitter}`;
  }

  /** Channel: what all submitters are told, for calls that several of them wait for. */
  get toAll(): string {
    return `${this.#base}:to-all`;
  }
}
