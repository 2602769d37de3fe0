/*
 * Sequencer: pieces of several tasks in a fixed order (trio's).
 *
 * Strategy: numbers from 0. Who asks for its turn waits until all with lower numbers are over. When a member is
 * cancelled before its turn, the turns after it can never come: all who wait for one are told so.
 */
import { expectFunction, expectInteger } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";

/** Thrown by a `Sequencer` one of whose members was cancelled before its turn, or whose numbers are used twice. */
export class SequenceError extends Error {
  override readonly name = "SequenceError";
}

/**
 * Makes pieces of concurrent tasks run in the order of their numbers: 0, 1, 2, …
 *
 * Prints as `Sequencer { next: 2, waiting: [3, 4] }`.
 *
 * **Cancellation:** a member that is cancelled before its turn breaks the sequence: those that wait, and those that come
 * later, get a SequenceError that names it.
 *
 * @example
 * ```ts
 * import { gather } from "ambit";
 * import { Sequencer } from "ambit/testing";
 *
 * const sequencer = new Sequencer();
 * const log: string[] = [];
 * await gather([
 *   () => sequencer.at(1, () => log.push("second")),
 *   async () => {
 *     using _ = await sequencer.at(0);
 *     log.push("first");
 *   },
 * ]);
 * log; // => ["first", "second"]
 * ```
 */
export class Sequencer {
  readonly #waiting = new Map<number, Wait<void>>();
  readonly #asked = new Set<number>();
  readonly #over = new Set<number>();
  #next = 0;
  #brokenAt: number | null = null;

  /**
   * Waits for a turn; the turn is over when the guard is disposed of, or the body has ended, whatever it came to.
   *
   * @param number the place in the sequence, an integer from 0, used once
   * @throws {@link SequenceError} when the number was used before, or a member was cancelled before its turn
   * @throws what the body throws
   */
  at(number: number): Promise<Disposable>;
  at<T>(number: number, body: () => T | PromiseLike<T>): Promise<T>;
  async at<T>(number: number, body?: () => T | PromiseLike<T>): Promise<T | Disposable> {
    expectInteger("number", number, 0);
    if (body !== undefined) expectFunction("body", body);
    this.#claim(number);
    if (number !== this.#next) await this.#turn(number);
    const turn = { [Symbol.dispose]: () => this.#end(number) };
    if (body === undefined) return turn;
    try {
      return await body();
    } finally {
      turn[Symbol.dispose]();
    }
  }

  #claim(number: number): void {
    if (this.#brokenAt !== null) throw this.#broken(number, this.#brokenAt);
    if (this.#asked.has(number))
      throw new SequenceError(`turn ${number} was asked for twice: each number is used once`);
    this.#asked.add(number);
  }

  async #turn(number: number): Promise<void> {
    const join = (wait: Wait<void>): void => void this.#waiting.set(number, wait);
    try {
      await suspend<void, Sequencer>(join, this, `Sequencer.at(${number})`);
    } catch (error) {
      if (this.#brokenAt === null) this.#break(number);
      throw error;
    }
  }

  #end(number: number): void {
    if (this.#over.has(number)) return;
    this.#over.add(number);
    this.#next++;
    const wait = this.#waiting.get(this.#next);
    this.#waiting.delete(this.#next);
    wait?.resolve();
  }

  #break(number: number): void {
    this.#waiting.delete(number);
    this.#brokenAt = number;
    for (const [other, wait] of this.#waiting) wait.reject(this.#broken(other, number));
    this.#waiting.clear();
  }

  #broken(number: number, at: number): SequenceError {
    return new SequenceError(
      `turn ${number} cannot come: turn ${at} was cancelled while it waited for turn ${this.#next}`,
    );
  }

  /** @internal */
  [INSPECT](): string {
    const waiting = [...this.#waiting.keys()].sort((one, other) => one - other);
    return `Sequencer { next: ${this.#next}, waiting: [${waiting.join(", ")}] }`;
  }
}
