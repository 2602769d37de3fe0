/*
 * BoundedSemaphore: a semaphore that finds the release too many.
 *
 * Strategy: checks before each release whether all permits are back already. A guard cannot be given back twice, so only
 * a `release()` that no `acquire()` belongs to gets there.
 */
import { INSPECT } from "../core/inspection.ts";
import { TooManyReleasesError } from "./errors.ts";
import { Semaphore } from "./semaphore.ts";

/**
 * A semaphore whose permits never become more than there were at first (`asyncio.BoundedSemaphore`).
 *
 * Releasing once too often, a bug that leaves a plain semaphore with a permit too many, throws.
 *
 * **Cancellation:** as of {@link Semaphore}.
 *
 * @example
 * ```ts
 * import { BoundedSemaphore } from "ambit";
 *
 * const connections = new BoundedSemaphore(2);
 * await connections.acquire();
 * connections.release();
 * connections.release(); // throws TooManyReleasesError
 * ```
 */
export class BoundedSemaphore extends Semaphore {
  readonly #bound: number;

  /**
   * @param value how many permits there are, an integer of at least 0, or Infinity; 1 when left out
   * @throws RangeError for any other number
   */
  constructor(value = 1) {
    super(value);
    this.#bound = value;
  }

  /**
   * Releases a permit: hands it to who has waited longest.
   * @throws {@link TooManyReleasesError} when all permits are back already
   */
  override release(): void {
    super.release();
  }

  /** @internal */
  override expectRoom(value: number): void {
    if (value < this.#bound || this.#bound === Infinity) return;
    throw new TooManyReleasesError(
      `release on ${this[INSPECT]()}, whose ${this.#bound} permits are all free: release once for each acquire`,
    );
  }
}
