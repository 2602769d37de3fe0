/*
 * Pings that were sent and are not answered yet.
 *
 * A pong repeats the data of its ping. A peer may answer the latest of several pings alone (RFC 6455,
 * 5.5.3), so a pong answers all that were sent before, too. A pong that repeats nothing is ignored.
 */
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { Loop } from "../core/loop.ts";

interface Ping {
  readonly key: string;
  readonly sentAt: number;
  readonly wait: Wait<number>;
}

/** @internal */
export class Pings {
  readonly #loop: Loop;
  #pending: Ping[] = [];
  #count = 0;

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** Data that no other ping has. */
  unique(): Uint8Array {
    const data = Buffer.alloc(8);
    data.writeDoubleBE(++this.#count);
    return data;
  }

  /** Sends a ping; gives the milliseconds to its answer. */
  send(label: string, data: Uint8Array, send: (data: Uint8Array) => void): Promise<number> {
    const start = (wait: Wait<number>): Cleanup<number, undefined> => {
      this.#pending.push({ key: keyOf(data), sentAt: this.#loop.time(), wait });
      send(data);
      return () => {
        this.#pending = this.#pending.filter((ping) => ping.wait !== wait);
      };
    };
    return suspend<number>(start, undefined, label);
  }

  answer(data: Uint8Array): void {
    const key = keyOf(data);
    const index = this.#pending.findLastIndex((ping) => ping.key === key);
    const now = this.#loop.time();
    for (const ping of this.#pending.splice(0, index + 1)) ping.wait.resolve(now - ping.sentAt);
  }

  fail(error: Error): void {
    for (const { wait } of this.#pending.splice(0)) wait.reject(error);
  }
}

function keyOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}
