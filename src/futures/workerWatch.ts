/*
 * In a worker: whether it is idle for long, and whether its heap stays large.
 *
 * Strategy: it looks when it has nothing to do, and tells the pool, which decides. Its timers are its own: they keep no
 * program alive, and the caller's virtual time knows nothing of them.
 */
import { getHeapStatistics } from "node:v8";
import type { TimerHandle } from "../core/clock.ts";
import { getRunningLoop } from "../core/scope.ts";

/** When a worker is of no more use. @internal */
export interface WatchLimits {
  /** Milliseconds. */
  readonly idle: number;
  /** Bytes. */
  readonly heap: number;
}

/** The heap is looked at no more often, in milliseconds; it must be large twice. */
const INTERVAL = 100;

const loop = getRunningLoop();

/** @internal */
export class WorkerWatch {
  readonly #limits: WatchLimits;
  readonly #tell: (what: "idle" | "heavy") => void;
  #timer: TimerHandle | null = null;
  #restedAt = 0;
  #resting = true;
  #lookedAt = -Infinity;
  #large = false;

  constructor(limits: WatchLimits, tell: (what: "idle" | "heavy") => void) {
    this.#limits = limits;
    this.#tell = tell;
    this.rest();
  }

  work(): void {
    this.#resting = false;
  }

  rest(): void {
    this.#resting = true;
    this.#restedAt = loop.time();
    if (this.#limits.idle !== Infinity && this.#timer === null) this.#look(this.#limits.idle);
    if (this.#limits.heap !== Infinity) this.#weigh();
  }

  #look(after: number): void {
    this.#timer = loop.callLater(after, () => {
      this.#timer = null;
      if (!this.#resting) return;
      const left = this.#restedAt + this.#limits.idle - loop.time();
      if (left > 0) this.#look(left);
      else this.#tell("idle");
    });
  }

  #weigh(): void {
    if (loop.time() - this.#lookedAt < INTERVAL) return;
    this.#lookedAt = loop.time();
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    const large = heap + external > this.#limits.heap;
    if (large && this.#large) this.#tell("heavy");
    this.#large = large;
  }
}
