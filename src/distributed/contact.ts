/*
 * Contact: between a submitter and Redis. The sign of life that workers look for, and how long Redis may be out of reach.
 *
 * Strategy: the sign expires by itself; it is shown anew three times in its life, while there are calls, and with each batch
 * that is sent, since a Redis that has lost its data has lost the last sign, too.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import { LONGEST_LIFE, type Sender } from "./outgoing.ts";
import { lastWord } from "./sayings.ts";

/** The submitter, as far as it is needed here. @internal */
export interface ContactHost extends Sender {
  readonly loop: Loop;
  /** Whether there are calls whose outcome is not known. */
  readonly busy: boolean;
  /** Redis was out of reach for too long. */
  onLoss(words: string): void;
}

/** @internal */
export class Contact {
  readonly #host: ContactHost;
  #loss: TimerHandle | null = null;
  #beat: TimerHandle | null = null;
  #over = false;

  constructor(host: ContactHost) {
    this.#host = host;
  }

  /** Shows that the submitter lives. */
  async show(): Promise<void> {
    this.#beat?.cancel();
    if (this.#over) return;
    const { loop, settings, connections, keys, id } = this.#host;
    const life = Math.min(settings.lossTimeout, LONGEST_LIFE);
    this.#beat = loop.schedule(loop.time() + life / 3, () => this.#onBeat(), null);
    await connections.commands.set(keys.alive(id), "1", "PX", Math.ceil(life));
  }

  /** Takes the sign back: what is left of its calls need not be run. */
  async leave(): Promise<void> {
    const { connections, keys, id } = this.#host;
    if (connections.ready) await lastWord(connections.commands.del(keys.alive(id)));
  }

  /** A connection is lost, or not there yet. */
  lost(): void {
    const { busy, loop, settings } = this.#host;
    if (busy)
      this.#loss ??= loop.schedule(loop.time() + settings.lossTimeout, () => this.#onLoss(), null);
  }

  /** Both connections are there again. */
  found(): void {
    this.#forgetLoss();
    if (this.#host.busy && this.#beat !== null) this.#onBeat();
  }

  /** There are no calls any more. */
  idle(): void {
    this.#beat?.cancel();
    this.#beat = null;
    this.#forgetLoss();
  }

  end(): void {
    this.#over = true;
    this.#beat?.cancel();
    this.#forgetLoss();
  }

  #forgetLoss(): void {
    this.#loss?.cancel();
    this.#loss = null;
  }

  #onBeat(): void {
    this.#beat?.cancel();
    this.#beat = null;
    const { busy, connections } = this.#host;
    if (busy) this.show().catch((error: Error) => (connections.trouble = error));
  }

  #onLoss(): void {
    this.#loss = null;
    const { connections, settings } = this.#host;
    if (connections.ready) return;
    this.#host.onLoss(
      `Redis could not be reached for ${settings.lossTimeout} ms; calls that had been handed over may still be run`,
    );
  }
}
