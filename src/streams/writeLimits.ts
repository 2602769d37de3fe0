/*
 * The limits of a write buffer: when writing pauses and when it goes on. Every transport has one of these.
 *
 * asyncio's rule (`_FlowControlMixin` of transports.py): pause above the high limit, go on at or below the low one.
 */
import { expectLimit, outOfRange } from "../core/arguments.ts";
import type { Protocol, WriteBufferLimits } from "./transport.ts";

const DEFAULT_HIGH = 65_536;

/**
 * When writing pauses and goes on, and whether it is paused now: for who makes a transport of his own.
 *
 * @example
 * ```ts
 * import { StreamProtocol, WriteLimits } from "ambit/streams";
 *
 * const [limits, protocol] = [new WriteLimits(), new StreamProtocol(null)];
 * limits.set({ high: 100 });
 * limits.grown(101, protocol); // so many bytes wait now
 * limits.paused; // => true
 * limits.shrunk(25, protocol);
 * limits.paused; // => false
 * ```
 */
export class WriteLimits {
  #high = DEFAULT_HIGH;
  #low = DEFAULT_HIGH / 4;
  #paused = false;

  get high(): number {
    return this.#high;
  }

  get low(): number {
    return this.#low;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /**
   * Sets the limits; with `low` alone, `high` is four times that.
   * @throws RangeError when not `high >= low >= 0`
   */
  set(limits: WriteBufferLimits): void {
    const { low } = limits;
    const high = limits.high ?? (low === undefined ? DEFAULT_HIGH : 4 * low);
    expectLimit("limits.high", high, 0);
    if (low !== undefined) expectLimit("limits.low", low, 0);
    const least = low ?? (high === Infinity ? Infinity : Math.floor(high / 4));
    if (least > high) throw outOfRange("limits.low", `at most limits.high, ${high}`, least);
    this.#high = high;
    this.#low = least;
  }

  /** Bytes were added: tells the protocol when there are too many now. */
  grown(buffered: number, protocol: Protocol): void {
    if (this.#paused || buffered <= this.#high) return;
    this.#paused = true;
    protocol.pauseWriting();
  }

  /** Bytes were sent: tells the protocol when there are few enough again. */
  shrunk(buffered: number, protocol: Protocol): void {
    if (!this.#paused || buffered > this.#low) return;
    this.#paused = false;
    protocol.resumeWriting();
  }
}
