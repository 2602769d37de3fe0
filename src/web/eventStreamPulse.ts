/*
 * The keep-alive of event streams: a remark where nothing was sent for a while, so that proxies don't take a quiet stream
 * for a dead one, and the server finds out about clients that are gone.
 *
 * Strategy: one timer for all streams of an interval, not one for each: it comes twice an interval, and writes to those
 * that were quiet at the last two. So a stream is silent for an interval at most, and for half of one at least.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";

/** A stream that may be quiet. @internal */
export interface QuietStream {
  /** How many beats have passed without a write; whoever writes sets it to 0. */
  quietBeats: number;
  /** Writes a remark. */
  remark(): void;
}

const pulses = new WeakMap<Loop, Map<number, EventStreamPulse>>();

/** @internal */
export class EventStreamPulse {
  readonly #loop: Loop;
  readonly #interval: number;
  readonly #streams = new Set<QuietStream>();
  #timer: TimerHandle | null = null;

  private constructor(loop: Loop, interval: number) {
    this.#loop = loop;
    this.#interval = interval;
  }

  /** The one of that loop and interval, in milliseconds. */
  static of(loop: Loop, interval: number): EventStreamPulse {
    let known = pulses.get(loop);
    if (known === undefined) pulses.set(loop, (known = new Map()));
    let pulse = known.get(interval);
    if (pulse === undefined) known.set(interval, (pulse = new EventStreamPulse(loop, interval)));
    return pulse;
  }

  add(stream: QuietStream): void {
    this.#streams.add(stream);
    if (this.#timer === null) this.#arm();
  }

  delete(stream: QuietStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
    pulses.get(this.#loop)?.delete(this.#interval);
  }

  #arm(): void {
    const when = this.#loop.time() + this.#interval / 2;
    this.#timer = this.#loop.schedule<EventStreamPulse>(when, beat, this);
  }

  /** @internal */
  beat(): void {
    this.#arm();
    for (const stream of this.#streams) {
      if (++stream.quietBeats < 2) continue;
      stream.quietBeats = 0;
      stream.remark();
    }
  }
}

function beat(pulse: EventStreamPulse): void {
  pulse.beat();
}
