/*
 * What goes out over a WebSocket, with back-pressure.
 *
 * A message is handed over whole, in the order of the calls. Who sends waits while more than a limit is on its way to
 * the kernel, and goes on at half of it, so a slow peer slows its sender down instead of filling the memory here.
 */
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";

/** How one message is sent. */
export interface WebSocketSendOptions {
  /** Compresses it, if that was agreed on. Default true. */
  readonly compress?: boolean;
}

/** What takes messages over: a WebSocket of `ws`. @internal */
export interface Drain {
  /** Bytes handed over and not yet in the kernel's hands. */
  readonly bufferedAmount: number;
  send(
    data: string | Uint8Array,
    options: { readonly binary: boolean; readonly compress: boolean },
    sent: (error?: Error | null) => void,
  ): void;
}

/** @internal */
export class Outbox {
  readonly #raw: Drain;
  readonly #label: string;
  readonly #highWaterMark: number;
  readonly #gone: () => boolean;
  readonly #waiting = new WaitQueue();

  /** `gone` tells whether the connection is lost: whoever sends then waits for the end of the WebSocket. */
  constructor(raw: Drain, gone: () => boolean, label: string, highWaterMark: number) {
    this.#raw = raw;
    this.#gone = gone;
    this.#label = `${label} send`;
    this.#highWaterMark = highWaterMark;
  }

  /** How many senders wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  send(data: string | Uint8Array, compress: boolean): Promise<void> {
    const start = (wait: Wait<void>): Cleanup<void, undefined> | void => {
      const raw = this.#raw;
      raw.send(data, { binary: typeof data !== "string", compress }, this.#sent);
      if (raw.bufferedAmount < this.#highWaterMark && !this.#gone()) return void wait.resolve();
      this.#waiting.push(wait);
      return this.#leave;
    };
    return suspend<void>(start, undefined, this.#label);
  }

  readonly #leave = (wait: Wait<void>): void => this.#waiting.remove(wait);

  /** A message has left the buffer: to the kernel, or because the connection is lost. Node tells no difference. */
  readonly #sent = (): void => {
    if (this.#waiting.size === 0 || this.#gone()) return;
    if (this.#raw.bufferedAmount > this.#highWaterMark / 2) return;
    for (let next = this.#waiting.shift(); next !== null; next = this.#waiting.shift())
      next.resolve();
  };

  /** `makeError` gives each sender one of its own. */
  fail(makeError: () => Error): void {
    for (let next = this.#waiting.shift(); next !== null; next = this.#waiting.shift())
      next.reject(makeError());
  }
}
