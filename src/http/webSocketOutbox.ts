/*
 * What goes out over a WebSocket, with back-pressure.
 *
 * A message is handed over whole, in the order of the calls. Who sends waits while more than a limit
 * is on its way to the kernel, and goes on at half of it, so a slow peer slows the program down
 * instead of filling its memory.
 */
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import type { RawWebSocket } from "./webSocketLibrary.ts";

/** With this many bytes on their way, senders wait. @internal */
export const UNSENT_BYTES = 64 * 1024;

/** @internal */
export class Outbox {
  readonly #raw: RawWebSocket;
  readonly #label: string;
  readonly #gone: () => boolean;
  readonly #waiting = new WaitQueue();

  /** `gone` tells whether the connection is lost: whoever sends then waits for the end of the WebSocket. */
  constructor(raw: RawWebSocket, gone: () => boolean, label: string) {
    this.#raw = raw;
    this.#gone = gone;
    this.#label = `${label} send`;
  }

  /** How many senders wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  send(data: string | Uint8Array, compress: boolean): Promise<void> {
    const start = (wait: Wait<void>): Cleanup<void, undefined> | void => {
      const raw = this.#raw;
      raw.send(data, { binary: typeof data !== "string", compress }, this.#sent);
      if (raw.bufferedAmount < UNSENT_BYTES && !this.#gone()) return void wait.resolve();
      this.#waiting.push(wait);
      return this.#leave;
    };
    return suspend<void>(start, undefined, this.#label);
  }

  readonly #leave = (wait: Wait<void>): void => this.#waiting.remove(wait);

  /** A message has left the buffer: to the kernel, or because the connection is lost. Node tells no difference. */
  readonly #sent = (): void => {
    if (this.#waiting.size === 0 || this.#gone()) return;
    if (this.#raw.bufferedAmount > UNSENT_BYTES / 2) return;
    for (let next = this.#waiting.shift(); next !== null; next = this.#waiting.shift()) {
      next.resolve();
    }
  };

  fail(error: Error): void {
    for (let next = this.#waiting.shift(); next !== null; next = this.#waiting.shift()) {
      next.reject(error);
    }
  }
}
