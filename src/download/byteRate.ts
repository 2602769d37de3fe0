/*
 * How many bytes may come per second, for all transfers together.
 *
 * Strategy: a bucket that may be overdrawn. What has come is paid for afterwards, since a network
 * gives what it has; who pays more than there is sleeps until it would be there, and reads no further
 * meanwhile, so the socket is paused. Kept as one number, the time until which all is paid for; who
 * comes later sleeps longer, so nobody starves.
 * A tenth of a second's worth is let through at once after a quiet time.
 */
import { getRunningLoop } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";

const BURST_MS = 100;

/** Says when bytes that have come may have come: for a limit that several runs share. */
export interface DownloadRate {
  /**
   * Waits until they may have; meanwhile no more of the file is read. Called for each piece of each file, of several at a time.
   *
   * **Cancellation:** of the run; the bytes have come, and are not told of again.
   */
  pay(bytes: number): PromiseLike<void>;
}

/** What a run pays to. @internal */
export interface ByteCost extends DownloadRate {
  /** Whether there is a limit at all. */
  readonly limits: boolean;
}

/** @internal */
export function costOf(rate: number | DownloadRate): ByteCost {
  if (typeof rate === "number") return new ByteRate(rate);
  return { limits: true, pay: (bytes) => rate.pay(bytes) };
}

/** @internal */
export class ByteRate implements ByteCost {
  readonly #msPerByte: number;
  #paidUntil = -Infinity;

  /** @param rate bytes per second, more than 0 */
  constructor(rate: number) {
    this.#msPerByte = 1000 / rate;
  }

  /** Whether there is a limit at all. */
  get limits(): boolean {
    return this.#msPerByte > 0;
  }

  /**
   * Pays for bytes that have come; waits until they may have.
   *
   * **Cancellation:** ends the wait; the bytes have come and stay paid for.
   */
  async pay(bytes: number): Promise<void> {
    const now = getRunningLoop().time();
    this.#paidUntil = Math.max(this.#paidUntil, now - BURST_MS) + bytes * this.#msPerByte;
    if (this.#paidUntil > now) await sleep(this.#paidUntil - now);
  }
}
