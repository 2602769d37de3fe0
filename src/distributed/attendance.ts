/*
 * Attendance: whether any worker is there, for a submitter that does not want to wait for one for ever.
 *
 * Strategy: while there are calls, Redis is asked now and then how many workers are there; when there were none for as long
 * as `workerTimeout`, the calls fail. While Redis cannot be reached nobody knows: that time does not count.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import type { Sender } from "./outgoing.ts";
import { presentWorkers } from "./presence.ts";

/** The submitter, as far as it is needed here. @internal */
export interface AttendanceHost extends Sender {
  readonly loop: Loop;
  /** Whether there are calls whose outcome is not known. */
  readonly busy: boolean;
  /** No worker was there for too long. */
  onAbsence(words: string): void;
}

/** The shortest and the longest time between two looks, in milliseconds. */
const [SHORTEST, LONGEST] = [50, 5000];

/** @internal */
export class Attendance {
  readonly #host: AttendanceHost;
  readonly #timeout: number;
  #timer: TimerHandle | null = null;
  #asking = false;
  /** On the loop's clock: since when nobody is there; null while somebody is, or nobody knows. */
  #absentSince: number | null = null;

  constructor(host: AttendanceHost) {
    this.#host = host;
    this.#timeout = host.settings.workerTimeout;
  }

  /** There are calls. */
  watch(): void {
    if (this.#timeout === Infinity || this.#timer !== null || this.#asking) return;
    void this.#look();
  }

  /** There are no calls any more. */
  idle(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#absentSince = null;
  }

  async #look(): Promise<void> {
    this.#timer = null;
    this.#asking = true;
    const { connections, keys, loop } = this.#host;
    try {
      const workers = connections.ready ? await presentWorkers(connections, keys) : null;
      if (workers !== 0) this.#absentSince = null;
      else this.#absentSince ??= loop.time();
    } catch (error) {
      this.#absentSince = null;
      connections.trouble = error as Error;
    }
    this.#asking = false;
    if (this.#host.busy) this.#judge();
    else this.idle();
  }

  #judge(): void {
    const { loop, settings } = this.#host;
    const now = loop.time();
    if (this.#absentSince !== null && now - this.#absentSince >= this.#timeout) {
      this.#absentSince = null;
      const words = `no worker took calls of the queue '${settings.queue}' for ${this.#timeout} ms: start one with \`ambit worker\``;
      return this.#host.onAbsence(words);
    }
    const pause = Math.min(Math.max(this.#timeout / 4, SHORTEST), LONGEST);
    this.#timer = loop.schedule(now + pause, () => void this.#look(), null);
  }
}
