/*
 * Pings that were sent and are not answered yet.
 *
 * A pong repeats the data of its ping. A peer may answer the latest of several pings alone (RFC 6455, section 5.5.3),
 * so a pong answers all that were sent before, too. A pong that repeats nothing is ignored.
 */
import type { Loop } from "../core/loop.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";

interface Ping {
  readonly number: number;
  /** The data that its sender chose, as text; null for the number alone. */
  readonly chosen: string | null;
  readonly sentAt: number;
  readonly wait: Wait<number>;
}

/** @internal */
export class Pings {
  readonly #loop: Loop;
  readonly #send: (data: Uint8Array) => void;
  #pending: Ping[] = [];
  #count = 0;

  constructor(loop: Loop, send: (data: Uint8Array) => void) {
    this.#loop = loop;
    this.#send = send;
  }

  /** Sends a ping that nobody waits for. */
  beat(): void {
    this.#send(numbered(++this.#count));
  }

  /**
   * Sends a ping; gives the milliseconds to its answer.
   * @param chosen its data; left out, some that no other ping has
   */
  send(label: string, chosen?: Uint8Array): Promise<number> {
    const start = (wait: Wait<number>): Cleanup<number, undefined> => {
      const number = ++this.#count;
      const text = chosen === undefined ? null : textOf(chosen);
      this.#pending.push({ number, chosen: text, sentAt: this.#loop.time(), wait });
      this.#send(chosen ?? numbered(number));
      return this.#leave;
    };
    return suspend<number>(start, undefined, label);
  }

  readonly #leave = (wait: Wait<number>): void => {
    this.#pending = this.#pending.filter((ping) => ping.wait !== wait);
  };

  /** A pong has come, with that data. */
  answer(data: Uint8Array): void {
    const number = this.#numberOf(data);
    const now = this.#loop.time();
    const answered = this.#pending.filter((ping) => ping.number <= number);
    if (answered.length === 0) return;
    this.#pending = this.#pending.filter((ping) => ping.number > number);
    for (const { wait, sentAt } of answered) wait.resolve(now - sentAt);
  }

  /** Of the ping that had the data; 0 when none had. */
  #numberOf(data: Uint8Array): number {
    if (this.#pending.length === 0) return 0;
    const text = textOf(data);
    const chosen = this.#pending.findLast((ping) => ping.chosen === text);
    if (chosen !== undefined) return chosen.number;
    if (data.byteLength !== 8) return 0;
    const number = new DataView(data.buffer, data.byteOffset, 8).getFloat64(0);
    return number <= this.#count ? number : 0;
  }

  /** `makeError` gives each waiter one of its own. */
  fail(makeError: () => Error): void {
    for (const { wait } of this.#pending.splice(0)) wait.reject(makeError());
  }
}

function numbered(number: number): Uint8Array {
  const data = Buffer.alloc(8);
  data.writeDoubleBE(number);
  return data;
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
}
