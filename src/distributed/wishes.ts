/*
 * Wishes: which of the calls that a worker runs are to stop: those that were cancelled, and those whose submitter is gone.
 *
 * Strategy: a cancel is heard over a channel that all workers hear. What was not heard (a lost connection) is found by
 * looking at Redis now and then, where a flag stays of each cancel, and a sign of life of each submitter.
 */
import { cancelled } from "../core/cancellation.ts";
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Connections } from "./connections.ts";
import type { Keys } from "./keys.ts";
import type { RunningCall } from "./runningCall.ts";

/** The worker, as far as it is needed here. @internal */
export interface WishHost {
  readonly keys: Keys;
  readonly connections: Connections;
  readonly running: ReadonlyMap<string, RunningCall>;
  readonly onTrouble: (error: Error) => void;
}

/** @internal */
export class Wishes {
  readonly #host: WishHost;
  readonly #interval: number;
  readonly #loop: Loop = getRunningLoop();
  #timer: TimerHandle | null = null;

  /** @param interval milliseconds between looks */
  constructor(host: WishHost, interval: number) {
    this.#host = host;
    this.#interval = interval;
    this.#lookSoon();
  }

  /** Somebody has cancelled that call. */
  heard(id: string): void {
    this.#host.running.get(id)?.stop(cancelled("the call was cancelled"));
  }

  /** Looks no more. */
  end(): void {
    this.#timer?.cancel();
  }

  #lookSoon(): void {
    const when = this.#loop.time() + this.#interval;
    const look = (): void => {
      this.#lookSoon();
      void this.look();
    };
    this.#timer = this.#loop.schedule(when, look, null);
  }

  /** Looks for what was not heard. */
  async look(): Promise<void> {
    const { connections, keys, running, onTrouble } = this.#host;
    const calls = [...running.values()];
    if (calls.length === 0 || !connections.ready) return;
    try {
      const pipeline = connections.commands.pipeline();
      for (const { id, job } of calls)
        pipeline.exists(keys.cancel(id)).exists(keys.alive(job.data.submitter));
      const answers = (await pipeline.exec()) ?? [];
      for (const [at, call] of calls.entries()) {
        if (answers[2 * at]?.[1] === 1) call.stop(cancelled("the call was cancelled"));
        // Twice in a row: after a Redis that has lost its data, its submitter shows itself again.
        call.alone = answers[2 * at + 1]?.[1] === 0 ? call.alone + 1 : 0;
        if (call.job.data.owned && call.alone > 1) call.stop(cancelled("its submitter is gone"));
      }
    } catch (error) {
      onTrouble(error as Error);
    }
  }
}
