/*
 * Admission: whether calls that a worker has taken are wanted at all: not those that were cancelled, nor those whose
 * submitter is gone.
 *
 * Strategy: Redis is asked with one command for all calls of one turn. Not by a pipeline: making one costs more than what it
 * sends, on a connection for which BullMQ has defined its scripts.
 */
import type { Redis } from "ioredis";
import { cancelled } from "../core/cancellation.ts";
import type { Keys } from "./keys.ts";
import type { RunningCall } from "./runningCall.ts";

interface Asking {
  readonly call: RunningCall;
  readonly answer: () => void;
  readonly fail: (error: unknown) => void;
}

/** @internal */
export class Admission {
  readonly #redis: Redis;
  readonly #keys: Keys;
  #asking: Asking[] = [];

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Stops the call if it is not wanted. Settles as soon as that is known; a cancel of the call does not end the wait. */
  ask(call: RunningCall): Promise<void> {
    return new Promise((answer, fail) => {
      if (this.#asking.push({ call, answer, fail }) === 1) process.nextTick(() => this.#askAll());
    });
  }

  #askAll(): void {
    const asking = this.#asking;
    this.#asking = [];
    this.#lookUp(asking).catch((error: unknown) => {
      for (const { fail } of asking) fail(error);
    });
  }

  async #lookUp(asking: readonly Asking[]): Promise<void> {
    const keys = this.#keys;
    const signs = asking.flatMap(({ call: { id, job } }) => [
      keys.cancel(id),
      keys.alive(job.data.submitter),
    ]);
    const found = await this.#redis.mget(signs);
    for (const [at, { call, answer }] of asking.entries()) {
      if (found[2 * at] !== null) call.stop(cancelled("the call was cancelled"));
      if (call.job.data.owned && found[2 * at + 1] === null)
        call.stop(cancelled("its submitter is gone"));
      answer();
    }
  }
}
