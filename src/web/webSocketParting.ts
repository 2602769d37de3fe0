/*
 * The parting: from the client's close until the handler knows of it.
 *
 * Strategy: the handler gets the messages that came before, and is told when it asks for more, which is where it looks.
 * It may take its time over each of them, but not for ever: one that does not ask for a while is to be cancelled, and one
 * that never has, and has nothing to ask for, at once. So no handler talks to nobody.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import type { Inbox } from "../webSockets/inbox.ts";

/** Who hears how a handler has learnt of the end. @internal */
export interface Parted {
  /** It asks for a message that will not come. */
  told(): void;
  /** It does not ask. */
  untold(): void;
}

/** @internal */
export class Parting {
  readonly #loop: Loop;
  readonly #inbox: Inbox;
  readonly #patience: number;
  readonly #parted: Parted;
  #timer: TimerHandle | null = null;

  /** `patience` is in milliseconds. */
  constructor(loop: Loop, inbox: Inbox, patience: number, parted: Parted) {
    this.#loop = loop;
    this.#inbox = inbox;
    this.#patience = patience;
    this.#parted = parted;
  }

  begin(): void {
    const inbox = this.#inbox;
    if (inbox.awaited) return this.#parted.told();
    if (!inbox.asked && inbox.size === 0) return this.#parted.untold();
    inbox.onAsk = () => this.#asked();
    this.#arm();
  }

  /** The handler knows, or has ended. */
  stop(): void {
    this.#inbox.onAsk = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #asked(): void {
    if (this.#inbox.size > 0) return this.#arm();
    this.stop();
    this.#parted.told();
  }

  #arm(): void {
    this.#timer?.cancel();
    const when = this.#loop.time() + this.#patience;
    this.#timer = this.#loop.schedule<Parting>(when, tooLong, this);
  }

  /** @internal */
  tooLong(): void {
    this.stop();
    this.#parted.untold();
  }
}

function tooLong(parting: Parting): void {
  parting.tooLong();
}
