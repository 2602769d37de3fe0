/*
 * The heartbeat of a WebSocket: finds out that a peer is gone though the connection looks open.
 *
 * Strategy: aiohttp's. When nothing has come for a while, a ping is sent; when nothing comes for half
 * of that time more, the peer counts as lost. Whatever bytes come are a sign of life, so a long
 * message that comes slowly is one. While reading is paused, because the program is slow, nothing can
 * come and the peer is not blamed.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";

/** What the heartbeat listens to. @internal */
export interface Pulse {
  /** Grows with whatever comes. */
  readonly received: number;
  /** Nothing can come now. */
  readonly deaf: boolean;
  ping(): void;
  /** Nothing came for so many milliseconds, a ping notwithstanding. */
  lost(silentMs: number): void;
}

/** @internal */
export class Heartbeat {
  readonly #loop: Loop;
  readonly #every: number;
  readonly #pulse: Pulse;
  #seen = 0;
  #asked = false;
  #timer: TimerHandle | null = null;

  /** `every` is in milliseconds; Infinity for no heartbeat. */
  constructor(loop: Loop, every: number, pulse: Pulse) {
    this.#loop = loop;
    this.#every = every;
    this.#pulse = pulse;
  }

  start(): void {
    if (this.#every === Infinity) return;
    this.#seen = this.#pulse.received;
    this.#arm(this.#every);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(patience: number): void {
    const loop = this.#loop;
    this.#timer = loop.schedule<Heartbeat>(loop.time() + patience, beat, this);
  }

  /** @internal */
  beat(): void {
    const { received, deaf } = this.#pulse;
    const alive = deaf || received !== this.#seen;
    this.#seen = received;
    if (alive) {
      this.#asked = false;
      return this.#arm(this.#every);
    }
    if (this.#asked) return this.#pulse.lost(this.#every * 1.5);
    this.#asked = true;
    this.#arm(this.#every / 2);
    this.#pulse.ping();
  }
}

function beat(heartbeat: Heartbeat): void {
  heartbeat.beat();
}
