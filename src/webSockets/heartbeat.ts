/*
 * The heartbeat of a WebSocket: finds out that a peer is gone though the connection looks open.
 *
 * Strategy: when nothing has come for a while, a ping is sent; when nothing comes in the time that it has for its answer,
 * the peer counts as lost. Whatever bytes come are a sign of life, so a long message that comes slowly is one. While
 * the socket is paused, because its reader is slow, nothing can come and the peer is not blamed; it is pinged all the
 * same, for a write to a machine that has forgotten the connection brings its reset.
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
  readonly #patience: number;
  readonly #pulse: Pulse;
  #seen = 0;
  #asked = false;
  #timer: TimerHandle | null = null;

  /** Both times are in milliseconds; Infinity for no heartbeat, or for any patience. */
  constructor(loop: Loop, every: number, patience: number, pulse: Pulse) {
    this.#loop = loop;
    this.#every = every;
    this.#patience = patience;
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

  /** A ping was answered: the peer is not waited for any longer. */
  answered(): void {
    if (!this.#asked) return;
    this.#asked = false;
    this.#seen = this.#pulse.received;
    this.#arm(this.#every);
  }

  #arm(patience: number): void {
    this.#timer?.cancel();
    const loop = this.#loop;
    this.#timer = loop.schedule<Heartbeat>(loop.time() + patience, beat, this);
  }

  /** @internal */
  beat(): void {
    const { received, deaf } = this.#pulse;
    const alive = received !== this.#seen;
    this.#seen = received;
    if (!alive && this.#asked && !deaf) return this.#pulse.lost(this.#every + this.#patience);
    this.#asked = !alive && !deaf && this.#patience !== Infinity;
    this.#arm(this.#asked ? this.#patience : this.#every);
    if (!alive) this.#pulse.ping();
  }
}

function beat(heartbeat: Heartbeat): void {
  heartbeat.beat();
}

/** What {@link Pulse.lost} is told, in words. @internal */
export function silenceInWords(silentMs: number): string {
  return `the connection is dead: nothing came for ${silentMs} ms, not even an answer to a ping`;
}
