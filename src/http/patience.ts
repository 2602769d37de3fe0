/*
 * Two of a request's clocks: how long it may be without a connection, and how long the server may be
 * silent.
 *
 * Made only for a request that has one of the two limits. Strategy for the silence: one timer, not
 * one per chunk. When it goes off, it looks how long ago the last chunk came, and is set anew for
 * what is left. While nobody reads (the connection is paused), and while a body is being sent, the
 * server is not the one who is slow: the clock stands.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import type { Timeouts } from "./timeouts.ts";

/** @internal */
export class Patience {
  readonly #loop: Loop;
  readonly #timeouts: Timeouts;
  readonly #late: (kind: "connect" | "socketRead") => void;
  #connecting: TimerHandle | null = null;
  #reading: TimerHandle | null = null;
  /** When the server was heard of last; Infinity while nothing is expected of it. */
  #last = Infinity;

  /** `late` is called at most once per kind. */
  constructor(loop: Loop, timeouts: Timeouts, late: (kind: "connect" | "socketRead") => void) {
    this.#loop = loop;
    this.#timeouts = timeouts;
    this.#late = late;
    const { connect } = timeouts;
    if (connect === Infinity) return;
    this.#connecting = loop.schedule<Patience>(loop.time() + connect, disconnected, this);
  }

  /** No connection in time. @internal */
  noConnection(): void {
    this.#late("connect");
  }

  /** It has its connection. */
  connected(): void {
    this.#connecting?.cancel();
    this.#connecting = null;
  }

  /** The server is to say something, or has said something and is to go on. */
  listen(): void {
    const { socketRead } = this.#timeouts;
    if (socketRead === Infinity) return;
    this.#last = this.#loop.time();
    this.#reading ??= this.#loop.schedule<Patience>(this.#last + socketRead, silent, this);
  }

  /** Nothing is expected of the server for now. */
  rest(): void {
    this.#last = Infinity;
  }

  /** The timer of the silence has gone off. @internal */
  look(): void {
    this.#reading = null;
    if (this.#last === Infinity) return;
    const due = this.#last + this.#timeouts.socketRead;
    if (due <= this.#loop.time()) this.#late("socketRead");
    else this.#reading = this.#loop.schedule<Patience>(due, silent, this);
  }

  stop(): void {
    this.connected();
    this.#reading?.cancel();
    this.#reading = null;
    this.#last = Infinity;
  }
}

function disconnected(patience: Patience): void {
  patience.noConnection();
}

function silent(patience: Patience): void {
  patience.look();
}
