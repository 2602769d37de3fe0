/*
 * Visitors: who has to be told when the server stops: pages that are open, and searches whose results are being sent.
 *
 * It counts, too, how searches ended: a page that begins another one closes the stream of the one before, which cancels
 * the request's task here.
 */
import { Event, moveOnAfter } from "ambit";

/** How many searches have come to which end. */
export interface SearchCounts {
  readonly running: number;
  readonly finished: number;
  /** Their client left, or began another. */
  readonly cancelled: number;
}

/** How long visitors are waited for, in milliseconds. */
const PATIENCE = 1000;

export class Visitors {
  /** Set when the server is about to stop. */
  readonly stopping: Event = new Event();
  /** How many were told that it stops. */
  told = 0;
  readonly #gone = new Event();
  #present = 0;
  #running = 0;
  #finished = 0;
  #cancelled = 0;

  get searches(): SearchCounts {
    return { running: this.#running, finished: this.#finished, cancelled: this.#cancelled };
  }

  /** How many pages are open. */
  get pages(): number {
    return this.#present - this.#running;
  }

  /** A page has been opened; gives what is to be called when it was closed. */
  enter(): () => void {
    this.#present++;
    return () => {
      this.#present--;
      if (this.#present === 0) this.#gone.set();
    };
  }

  /** Runs a search, and counts how it ended. */
  async search(work: () => Promise<void>): Promise<void> {
    const leave = this.enter();
    this.#running++;
    let isDone = false;
    try {
      await work();
      isDone = true;
    } finally {
      this.#running--;
      if (isDone) this.#finished++;
      else this.#cancelled++;
      leave();
    }
  }

  /**
   * Tells all who are there; gives how many were told.
   *
   * **Cancellation:** nobody is waited for.
   */
  async sendAway(): Promise<number> {
    this.stopping.set();
    if (this.#present > 0) {
      this.#gone.clear();
      await moveOnAfter(PATIENCE, () => this.#gone.wait());
    }
    return this.told;
  }
}
