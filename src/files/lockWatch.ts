/*
 * Whether a holder at another place (another machine, another container, before the last start of this machine) is gone.
 *
 * Strategy: each holder renews the time of its entry; one whose entry was not renewed for a long time, by the clock of who
 * waits, is gone. No two clocks are compared.
 * Limits: a holder that is stopped for longer than that (a machine that sleeps, a loop that is blocked) loses its lock to
 * another place; it learns so when it gives the lock back. At its own place it never loses it.
 */
import { getRunningLoop } from "../core/scope.ts";

/** How long an entry must not be renewed, in milliseconds. @internal */
export const SILENCE = 30_000;

/** What one who waits has seen. @internal */
export class LockWatch {
  readonly #loop = getRunningLoop();
  readonly #seen = new Map<string, { renewed: number; since: number }>();

  /**
   * @param text of the entry
   * @param renewed its time
   */
  isSilent(text: string, renewed: number): boolean {
    const now = this.#loop.time();
    const seen = this.#seen.get(text);
    if (seen?.renewed !== renewed) {
      this.#seen.set(text, { renewed, since: now });
      return false;
    }
    return now - seen.since >= SILENCE;
  }
}
