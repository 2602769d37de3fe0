/*
 * Vacancy: a place that somebody waits for to be empty, such as a server for its last request.
 *
 * Limit: it does not know who is there. Whoever waits looks first, and whoever is the last to leave says so.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { suspend } from "../core/suspend.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { lineUp, type Queued } from "../sync/lineUp.ts";

/** @internal */
export class Vacancy implements Queued<void> {
  readonly waiters = new WaitQueue();

  /** The last has left: ends every wait. */
  reached(): void {
    const { waiters } = this;
    for (let wait = waiters.shift(); wait !== null; wait = waiters.shift()) wait.resolve();
  }

  /**
   * Waits until the last has left, that many milliseconds at most.
   *
   * **Cancellation:** the wait ends.
   */
  async within(ms: number): Promise<void> {
    await moveOnAfter(ms, () => suspend<void, Queued<void>>(lineUp, this, "WebServer.drain"));
  }
}
