/*
 * LockRenewal: keeps the locks by which Redis knows that the calls of a worker are being run.
 *
 * Strategy: all at once, three times in a lock's life, and as soon as a lost connection is there again. By the loop's clock:
 * BullMQ's own renewal compares the machine's clock with the time at which Redis gave a call out, and stops when either is
 * changed.
 */
import type { Worker } from "bullmq";
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Connections } from "./connections.ts";
import type { RunningCall } from "./runningCall.ts";

/** The worker, as far as it is needed here. @internal */
export interface LockHost {
  readonly connections: Connections;
  readonly running: ReadonlyMap<string, RunningCall>;
  readonly onTrouble: (error: Error) => void;
  readonly worker: Pick<Worker, "extendJobLocks">;
}

/** @internal */
export class LockRenewal {
  readonly #host: LockHost;
  readonly #duration: number;
  readonly #loop: Loop = getRunningLoop();
  #timer: TimerHandle | null = null;

  /** @param duration milliseconds for which a lock holds */
  constructor(host: LockHost, duration: number) {
    this.#host = host;
    this.#duration = duration;
    this.#renewSoon();
  }

  /** Renews no more. */
  end(): void {
    this.#timer?.cancel();
  }

  #renewSoon(): void {
    const renew = (): void => {
      this.#renewSoon();
      void this.renew();
    };
    this.#timer = this.#loop.schedule(this.#loop.time() + this.#duration / 3, renew, null);
  }

  async renew(): Promise<void> {
    const { connections, running, onTrouble, worker } = this.#host;
    const calls = [...running.values()];
    if (calls.length === 0 || !connections.ready) return;
    try {
      const lost = await worker.extendJobLocks(
        calls.map(({ id }) => id),
        calls.map(({ token }) => token),
        this.#duration,
      );
      // One that has ended meanwhile has none any more.
      for (const { id } of calls.filter((call) => running.get(call.id) === call)) {
        if (lost.includes(id)) onTrouble(new Error(`could not renew lock for job ${id}`));
      }
    } catch (error) {
      onTrouble(error as Error);
    }
  }
}
